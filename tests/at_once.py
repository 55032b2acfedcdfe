"""Runs jobs that start at the same moment, each in its own thread."""

import threading
from collections.abc import Callable


def at_once(*jobs: Callable[[], object]) -> list[str]:
    """Run the jobs; returns how each ended: `done` or the name of its exception."""
    ready, ends = threading.Barrier(len(jobs)), list[str]()

    def run(job: Callable[[], object]) -> None:
        ready.wait(10)
        try:
            job()
        except Exception as error:  # noqa: BLE001 - the test checks which exception it was
            ends.append(type(error).__name__)
        else:
            ends.append("done")

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ends
