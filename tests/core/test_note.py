"""A technician's note on a ticket."""

import pytest

from app.core.note import LONGEST_NOTE, form_key, read_note
from app.core.text import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("one\r\ntwo", "one\ntwo"), ("  x \n", "x"), ("", ""), (" \n\t", ""), ("a\u202eb", "a\u202eb"), ("\u2003", "")],
)
def test_a_note_keeps_its_text(typed: str, kept: str) -> None:
    assert read_note("note", typed) == kept


@pytest.mark.parametrize("typed", ["x" * (LONGEST_NOTE + 1), "a\x00b", "\x1b[31m"])
def test_what_cannot_be_kept_names_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_note("note", typed)
    assert [problem.field for problem in refused.value.problems] == ["note"]


def test_a_note_as_long_as_may_be() -> None:
    assert len(read_note("note", "\N{PILE OF POO}" * LONGEST_NOTE)) == LONGEST_NOTE


@pytest.mark.parametrize(("sent", "key"), [("Ab-_9", "Ab-_9"), ("", ""), ("x" * 41, ""), ("a b", ""), ("é", "")])
def test_a_form_s_key_is_plain_and_short(sent: str, key: str) -> None:
    assert form_key(sent) == key
