"""Jobs that begin in the same moment, each in a thread of its own."""

import threading
from collections.abc import Callable


def at_once(*jobs: Callable[[], object]) -> list[str]:
    """How each ended: `done` or the name of its exception."""
    ready, ends = threading.Barrier(len(jobs)), list[str]()

    def run(job: Callable[[], object]) -> None:
        ready.wait(10)
        try:
            job()
        except Exception as error:  # noqa: BLE001 - whichever it is, the test says so
            ends.append(type(error).__name__)
        else:
            ends.append("done")

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ends
