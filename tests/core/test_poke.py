"""Pokes and how they are written."""

import pytest

from app.core.poke import MOST_TECHNICIANS, Poke, poke_for, read_poke


@pytest.mark.parametrize("poke", [Poke(12), Poke(12, (3,)), Poke(10**17, (3, 7, 9))])
def test_what_is_written_is_read_again(poke: Poke) -> None:
    assert read_poke(str(poke)) == poke


def test_each_technician_is_named_once_and_not_too_many_are() -> None:
    assert poke_for(12, [7, 3, 7]) == Poke(12, (3, 7))
    assert len(poke_for(12, range(1000)).technicians) == MOST_TECHNICIANS


@pytest.mark.parametrize(
    "written", ["", " ", "12 ", " 12", "12  3", "-1", "1.5", "twelve", "12\n", "\u0663", "9" * 19, "1\0"]
)
def test_anything_else_is_none(written: str) -> None:
    assert read_poke(written) is None
