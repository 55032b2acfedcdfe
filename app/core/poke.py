"""A poke: somebody's ticket has news. It carries no data, and is written as its numbers: `12 3 7`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_TECHNICIANS = 100  # named in one poke
_WRITTEN = re.compile(r"[0-9]{1,18}(?: [0-9]{1,18})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Poke:
    """This ticket has news, which all who look at it are told, and these technicians on all of their pages."""

    ticket: int
    technicians: tuple[int, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, (self.ticket, *self.technicians)))


def poke_for(ticket: int, technicians: Iterable[int] = ()) -> Poke:
    """A poke for these technicians, each once; at most the first hundred."""
    return Poke(ticket, tuple(sorted(set(technicians))[:MOST_TECHNICIANS]))


def read_poke(written: str) -> Poke | None:
    """The poke that was written so; None if it is none, for example of another version."""
    if not _WRITTEN.fullmatch(written):
        return None
    ticket, *technicians = map(int, written.split(" "))
    return Poke(ticket, tuple(technicians))
