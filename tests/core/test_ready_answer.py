"""Ready answers: what may be kept, and how a text is filled in."""

import pytest

from app.core.ready_answer import LONGEST_ANSWER, ReadyAnswer, filled


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("Hello {name}, this is {reference}.", "Zoë", "Hello Zoë, this is 7K3M-Q2XH."),
        ("Hello {name}, this is {reference}.", None, "Hello, this is 7K3M-Q2XH."),
        ("{name}, please wait.", None, "please wait."),
        ("{name}، يرجى الانتظار", None, "يرجى الانتظار"),
        ("{name}: {name}", "{reference}", "{reference}: {reference}"),
        ("{reference}: {name}", "", "7K3M-Q2XH:"),
        (", or call {reference}", None, ", or call 7K3M-Q2XH"),
        ("{} {nobody} {Name} ${HOME}", "Zoë", "{} {nobody} {Name} ${HOME}"),
    ],
)
def test_a_text_is_filled_in_and_reads_well_without_a_name(text: str, name: str | None, said: str) -> None:
    assert filled(text, name=name, reference="7K3M-Q2XH") == said


def test_an_answer_needs_a_name_and_a_text_for_every_language() -> None:
    assert ReadyAnswer("Hello", {"": "Hello {name}", "de": "Guten Tag"}).faults() == {}
    assert ReadyAnswer("", {"de": "Guten Tag"}).faults() == {"name": "missing", "text": "missing"}
    long = "x" * (LONGEST_ANSWER + 1)
    assert ReadyAnswer("a\x00", {"": long, "pt_BR": "\x00"}).faults() == {
        "name": "control",
        "text": "too_long",
        "text-pt_BR": "control",
    }
