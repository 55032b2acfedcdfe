"""Lines that commands leave for the processes that run: none lost, none left, and a file for its owner alone."""

import json
import threading
from pathlib import Path

import pytest

from app.process.security_spool import Spool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "security-events"


def taken(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    Spool(path).take(found.append)
    return found


def test_lines_are_taken_once_in_their_order(path: Path) -> None:
    assert taken(path) == [], "nothing is there yet"
    for n in range(3):
        Spool(path).add({"n": n})
    assert path.stat().st_mode & 0o777 == 0o600
    assert [line["n"] for line in taken(path)] == [0, 1, 2]
    assert taken(path) == []


def test_a_broken_line_costs_no_other(path: Path) -> None:
    Spool(path).add({"n": 0})
    with path.open("ab") as file:
        file.write(b'{"n": \xff\n[1]\nnothing\n')
    Spool(path).add({"n": 1})
    assert taken(path) == [{"n": 0}, {"n": 1}]
    assert path.stat().st_size == 0


def test_what_is_told_in_the_very_moment_of_taking_is_not_lost(path: Path) -> None:
    def add(n: int) -> None:
        for i in range(100):
            Spool(path).add({"n": n, "i": i})

    found: list[dict[str, object]] = []
    writers = [threading.Thread(target=add, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        Spool(path).take(found.append)
    Spool(path).take(found.append)
    assert sorted((str(line["n"]), int(str(line["i"]))) for line in found) == [
        (str(n), i) for n in range(4) for i in range(100)
    ]


def test_lines_stay_when_whoever_takes_them_fails(path: Path) -> None:
    Spool(path).add({"n": 0})
    with pytest.raises(RuntimeError):
        Spool(path).take(_fail)
    assert json.loads(path.read_text()) == {"n": 0}
    assert taken(path) == [{"n": 0}]


def _fail(_line: dict[str, object]) -> None:
    raise RuntimeError
