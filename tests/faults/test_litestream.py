"""Litestream beside a loaded desk on SQLite: no customer is refused, erasures are finished, and its copy is whole.

Short in `make test`; HANDBELL_TEST_PROFILE=full loads for two minutes with Litestream's own times, and
HANDBELL_TEST_LITESTREAM=600 for as many seconds.
"""

import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.actions.finish_erasure import finish_erasure
from app.store.database import Database
from tests.faults.crowd import Crowd, Plan, Visit, crowd
from tests.live_server import LiveServer, serving
from tests.profile import FULL, PROFILE
from tests.waiting import until

log = logging.getLogger(__name__)
LITESTREAM = Path(sys.executable).parent / "litestream"
_SECONDS = float(os.environ.get("HANDBELL_TEST_LITESTREAM", PROFILE.replicated))
_EACH_SECOND = 12
_ERASE_EVERY = 20.0 if PROFILE is FULL else 1.0  # seconds
_CHECKPOINT_EVERY = "1m" if PROFILE is FULL else "1s"  # Litestream's own default is a minute
_FINISHED_WITHIN = 150.0  # seconds
_ERASED, _NOT_YET = 0, 3  # what `handbell request erase` exits with


@dataclass(frozen=True, slots=True)
class Replicator:
    """Litestream at work."""

    database: Path
    configuration: Path

    def restore(self, to: Path) -> None:
        """Make a database of the copy."""
        command = [LITESTREAM, "restore", "-config", self.configuration, "-o", to, self.database]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


@contextmanager
def replicating(database: Path, folder: Path) -> Iterator[Replicator]:
    """Litestream, which at the end of the block copies what it has not copied yet."""
    configuration = folder / "litestream.yml"
    configuration.write_text(
        f"dbs:\n  - path: {database}\n    checkpoint-interval: {_CHECKPOINT_EVERY}\n"
        f"    replica:\n      type: file\n      path: {folder / 'copy'}\n"
    )
    with (folder / "litestream.log").open("wb") as said:
        process = subprocess.Popen([LITESTREAM, "replicate", "-config", configuration], stdout=said, stderr=said)
    try:
        assert until((folder / "copy").exists, 30.0), (folder / "litestream.log").read_text()
        yield Replicator(database, configuration)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.slow
@pytest.mark.skipif(not LITESTREAM.exists(), reason="there is no Litestream for this platform")
def test_erasures_are_finished_and_the_copy_is_whole(tmp_path: Path) -> None:
    with serving(tmp_path, HANDBELL_TRUSTED_PROXIES="127.0.0.1", HANDBELL_LOG_LEVEL="warning") as server:
        file = server.data_dir / "handbell.sqlite3"
        visits = [Visit(f"case-{n:06}-", after=n / _EACH_SECOND) for n in range(int(_SECONDS * _EACH_SECOND))]
        with replicating(file, tmp_path) as replicator, crowd(Plan([server.port], visits)) as people:
            erased = _erase_along(server, people)
            people.finish()
            with closing(Database(server.database_url)) as database:
                began = time.monotonic()
                assert until(lambda: finish_erasure(database), _FINISHED_WITHIN, every=0.5), "never finished"
                log.info("%d erased, the last finished %.1f s later", len(erased), time.monotonic() - began)
            assert [number for number in erased if _is_in(number, file)] == []
        assert (people.refused, people.unanswered, len(people.told)) == ([], 0, len(visits))
        slowest = max(answer.seconds for answer in people.answers)
        log.info("%d sent, the slowest answer took %.2f s", len(people.answers), slowest)
    replicator.restore(tmp_path / "restored.sqlite3")
    assert _rows(tmp_path / "restored.sqlite3") == _rows(file)


def _erase_along(server: LiveServer, people: Crowd) -> list[str]:
    """Erase one customer after the other as long as others come; returns their numbers."""
    erased: list[str] = []
    ends: Counter[int] = Counter()
    assert people.wait_for(_EACH_SECOND)
    for turn in range(1, max(2, int(_SECONDS / _ERASE_EVERY))):
        number = random.choice(sorted(people.told.keys() - set(erased)))
        done = server.run("request", "erase", "--number", number, "--yes", check=False)
        assert done.returncode in (_ERASED, _NOT_YET), done.stderr
        ends[done.returncode] += 1
        erased.append(number)
        if not people.wait_for(int(turn * _ERASE_EVERY * _EACH_SECOND)):
            break
    log.info("erase said: %d at once, %d not yet", ends[_ERASED], ends[_NOT_YET])
    return erased


def _is_in(number: str, file: Path) -> bool:
    files = (file, file.with_name(f"{file.name}-wal"))
    return any(number.encode() in each.read_bytes() for each in files if each.exists())


def _rows(file: Path) -> dict[str, list[str]]:
    """All rows of each table of ours, in any order."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        ours = [name for (name,) in names if not name.startswith(("sqlite_", "_litestream"))]
        return {name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in ours}  # noqa: S608 - names of the schema
