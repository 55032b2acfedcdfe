"""Pokes between processes: heard by all, in any folder, and the pipes of the dead are removed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from selectors import BaseSelector, DefaultSelector

import pytest

from app.core.poke import Poke
from app.process.poke_pipes import PokePipes

READER = """
import sys
from pathlib import Path
from selectors import DefaultSelector
from app.process.poke_pipes import PokePipes
pipes, selector = PokePipes(Path(sys.argv[1])), DefaultSelector()
pipes.open(selector, print)
print("open", flush=True)
while True:
    print(*pipes.tend(selector, [key.fd for key, _ in selector.select()]), flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ("a-long-name-" * 20) / "pokes"


@dataclass
class Listening:
    """A process that listens."""

    pipes: PokePipes
    selector: BaseSelector

    def heard(self) -> list[Poke] | None:
        return self.pipes.tend(self.selector, [key.fd for key, _ in self.selector.select(0)])


def wake() -> None:
    """This test waits for nothing."""


@pytest.fixture
def here(folder: Path) -> Iterator[Listening]:
    with DefaultSelector() as selector:
        own = Listening(PokePipes(folder), selector)
        own.pipes.open(selector, wake)
        yield own
        own.pipes.close(selector)
        assert not selector.get_map()
    assert list(folder.iterdir()) == []


def test_another_process_and_this_one_hear_a_poke(folder: Path, here: Listening) -> None:
    with subprocess.Popen([sys.executable, "-c", READER, str(folder)], stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "open\n"
        PokePipes(folder).send(Poke(12, (3, 7)))
        assert reader.stdout.readline() == "12 3 7\n"
        assert here.heard() == [Poke(12, (3, 7))]
        reader.send_signal(signal.SIGKILL)
        reader.wait()
    assert len(list(folder.iterdir())) == 2
    here.pipes.send(Poke(13))
    assert len(list(folder.iterdir())) == 1, "the pipe of the dead process is gone"
    assert here.heard() == [Poke(13)]


def test_nobody_but_the_owner_may_say_anything(folder: Path, here: Listening) -> None:
    (own,) = folder.iterdir()
    assert own.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_pokes_are_sent_where_nobody_listens(folder: Path) -> None:
    PokePipes(folder).send(Poke(12))
    folder.mkdir(parents=True)
    PokePipes(folder).send(Poke(12))


def test_without_a_poke_nothing_is_heard(here: Listening) -> None:
    assert here.heard() == []


def test_words_of_another_version_are_left(folder: Path, here: Listening) -> None:
    (own,) = folder.iterdir()
    own.write_bytes(b"\xff\n{}\n12\n")
    assert here.heard() == [Poke(12)]


def test_more_than_a_pipe_holds_is_noticed(here: Listening) -> None:
    for number in range(20_000):
        here.pipes.send(Poke(number))
    assert here.heard() is None
    while here.heard() is None:
        pass
    here.pipes.send(Poke(1))
    assert here.heard() == [Poke(1)]


def test_a_folder_that_takes_no_pipe_leaves_it_deaf(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    pipes = PokePipes(tmp_path / "file")
    with DefaultSelector() as selector:
        pipes.open(selector, wake)
        assert pipes.is_deaf
        assert pipes.tend(selector, []) == []
        pipes.close(selector)
