"""A form's additional fields: short, without technical fields, and below the description for a vendor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.more import MOST_BYTES, MOST_FIELDS, as_lines, more_problem, short_list, with_more


@pytest.mark.slow
@given(st.lists(st.tuples(st.text(max_size=90), st.text(max_size=3000)), max_size=40))
def test_it_is_short_whatever_comes(pairs: list[tuple[str, str]]) -> None:
    kept = short_list(pairs)
    assert len(kept) <= MOST_FIELDS
    assert sum(len((name + value).encode()) for name, value in kept) <= MOST_BYTES
    assert all(name and value.strip() and "\x00" not in name + value for name, value in kept)
    assert short_list(kept) == kept


def test_blank_fields_and_the_pages_machinery_are_left_out() -> None:
    pairs = [
        ("Room", " 4.11 "),
        ("_token", "x"),
        ("__VIEWSTATE", "y"),
        ("Empty", "\n"),
        ("", "x"),
        ("B\x07ell", "\x07ok"),
    ]
    assert short_list(pairs) == (("Room", "4.11"), ("Bell", "ok"))


def test_the_last_field_that_does_not_fit_is_cut_between_characters() -> None:
    (_, first), (_, second) = short_list([("a", "x" * 1024), ("b", "ä" * 1024)])
    assert len(first) == 1024
    assert second == "ä" * ((MOST_BYTES - 1024 - 2) // 2)


def test_the_first_twenty_are_kept() -> None:
    pairs = [(f"{n}", "x") for n in range(MOST_FIELDS + 1)]
    assert short_list(pairs) == tuple(pairs[:MOST_FIELDS])


@pytest.mark.parametrize(("first", "second"), [(MOST_BYTES - 4, "yy"), (MOST_BYTES - 3, "y"), (MOST_BYTES - 2, None)])
def test_the_room_is_used_to_its_last_byte(first: int, second: str | None) -> None:
    kept = short_list([("a", "x" * first), ("b", "yyy")])
    assert kept == (("a", "x" * first), *([("b", second)] if second else []))


@pytest.mark.parametrize(("value", "kept"), [("ä" * 1024, "ä" * 511), ("y" * 1022 + " z", "y" * 1022)])
def test_a_cut_leaves_neither_half_a_character_nor_a_blank(value: str, kept: str) -> None:
    (_, (_, cut)) = short_list([("a", "x" * 1023), ("b", value)])
    assert cut == kept


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([(str(n), "x") for n in range(21)], "has 21 members; at most 20 are allowed"),
        ([("a", "x" * 2048)], "is larger than 2048 bytes"),
        ([("a", "ä" * 1024)], "is larger than 2048 bytes"),
        ([("n" * 65, "x")], "has a name that is empty or longer than 64 characters"),
        ([(" ", "x")], "has a name that is empty or longer than 64 characters"),
    ],
)
def test_a_program_is_told_what_is_too_much(pairs: list[tuple[str, str]], says: str) -> None:
    assert more_problem(pairs) == says


def test_blank_fields_of_a_program_do_not_count() -> None:
    assert more_problem([("", " ")] * 30 + [("n" * 64, "x" * (MOST_BYTES - 64))]) is None


def test_a_description_that_leaves_room_for_one_character_gets_it() -> None:
    more = (("Room", "4.11"),)
    assert with_more("x" * 7, more, 10) == "x" * 7 + "\n\nR"
    assert with_more("x" * 8, more, 10) == "x" * 8
    assert with_more("", more, 10) == "Room: 4.11"
    assert with_more(None, more, 2) is None
    assert with_more(None, more, 3) == "Roo"
    assert with_more("x", more, 9) == "x\n\nRoom:"


def test_a_program_may_send_that_much() -> None:
    assert more_problem([(f"{n:02}", "x" * 100) for n in range(20)]) is None
    assert more_problem([]) is None


def test_below_the_description_within_its_limit() -> None:
    more = (("Room", "4.11"), ("Note", "two\nlines"))
    assert as_lines(more) == "Room: 4.11\nNote: two lines"
    assert with_more("It broke.", more, 1024) == "It broke.\n\nRoom: 4.11\nNote: two lines"
    assert with_more(None, more, 1024) == as_lines(more)
    assert with_more("It broke.", (), 1024) == "It broke."
    assert with_more("x" * 1024, more, 1024) == "x" * 1024
    assert with_more("x" * 1015, more, 1024) == "x" * 1015 + "\n\nRoom: 4"
