"""Pokes between processes: heard by all, in any folder, and the pipes of the dead are removed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.poke import Poke
from app.process.poke_pipes import PokePipes

READER = """
import sys, select
from pathlib import Path
from app.process.poke_pipes import PokePipes
pipes = PokePipes(Path(sys.argv[1]))
descriptor = pipes.open()
print("open", flush=True)
while True:
    select.select([descriptor], [], [])
    print(*pipes.heard(), flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ("a-long-name-" * 20) / "pokes"


@pytest.fixture
def pipes(folder: Path) -> Iterator[PokePipes]:
    own = PokePipes(folder)
    assert own.open() is not None
    yield own
    own.close()


def test_another_process_and_this_one_hear_a_poke(folder: Path, pipes: PokePipes) -> None:
    with subprocess.Popen([sys.executable, "-c", READER, str(folder)], stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "open\n"
        PokePipes(folder).send(Poke(12, (3, 7)))
        assert reader.stdout.readline() == "12 3 7\n"
        assert pipes.heard() == [Poke(12, (3, 7))]
        reader.send_signal(signal.SIGKILL)
        reader.wait()
    assert len(list(folder.iterdir())) == 2
    pipes.send(Poke(13))
    assert len(list(folder.iterdir())) == 1, "the pipe of the dead process is gone"
    assert pipes.heard() == [Poke(13)]


def test_nobody_but_the_owner_may_say_anything(folder: Path, pipes: PokePipes) -> None:
    (own,) = folder.iterdir()
    assert own.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_pokes_are_sent_where_nobody_listens(folder: Path) -> None:
    PokePipes(folder).send(Poke(12))
    folder.mkdir(parents=True)
    PokePipes(folder).send(Poke(12))


def test_without_a_poke_nothing_is_heard(pipes: PokePipes) -> None:
    assert pipes.heard() == []


def test_words_of_another_version_are_left(folder: Path, pipes: PokePipes) -> None:
    (own,) = folder.iterdir()
    own.write_bytes(b"\xff\n{}\n12\n")
    assert pipes.heard() == [Poke(12)]


def test_more_than_a_pipe_holds_is_noticed(pipes: PokePipes) -> None:
    for number in range(20_000):
        pipes.send(Poke(number))
    assert pipes.heard() is None
    while pipes.heard() is None:
        pass
    pipes.send(Poke(1))
    assert pipes.heard() == [Poke(1)]


def test_a_folder_that_takes_no_pipe_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    pipes = PokePipes(tmp_path / "file")
    assert pipes.open() is None
    pipes.close()


def test_a_closed_one_leaves_nothing(folder: Path) -> None:
    own = PokePipes(folder)
    descriptor = own.open()
    assert descriptor is not None
    own.close()
    assert list(folder.iterdir()) == []
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
