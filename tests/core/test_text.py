"""Text: any script, no control characters but newline and tab."""

import unicodedata

import pytest

from app.api.fault_words import told
from app.core.fact import Fact
from app.core.text import Invalid, is_blank, looks_like_email, normal_newlines, text_problem


@pytest.mark.slow
def test_exactly_the_control_characters_and_surrogates_are_refused() -> None:
    refused = {n for n in range(0x110000) if text_problem("f", chr(n), None)}
    wanted = {n for n in range(0x110000) if unicodedata.category(chr(n)) in ("Cc", "Cs")} - {0x09, 0x0A}
    assert refused == wanted


def test_text_as_long_as_its_limit_is_taken() -> None:
    assert text_problem("f", "x" * 5, 5) is None
    assert text_problem("f", "x" * 6, 5) == Fact("f", "too_long", {"limit": 5, "length": 6})
    assert text_problem("f", "x" * 100_000, None) is None
    assert text_problem("f", "x", 0) == Fact("f", "too_long", {"limit": 0, "length": 1})


@pytest.mark.parametrize("value", [None, "", " ", "\n", "\t \n", "\N{NO-BREAK SPACE}", "\N{EM SPACE}"])
def test_nothing_to_see_is_blank(value: str | None) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", ["0", " x ", ".", "\N{PILE OF POO}"])
def test_something_is_not_blank(value: str) -> None:
    assert not is_blank(value)


@pytest.mark.parametrize(
    ("sent", "kept"), [("a\r\nb", "a\nb"), ("a\rb", "a\nb"), ("a\nb", "a\nb"), ("\r\r\n\n", "\n\n\n"), ("", "")]
)
def test_every_line_break_becomes_one_newline(sent: str, kept: str) -> None:
    assert normal_newlines(sent) == kept


@pytest.mark.parametrize(
    "value", ["a@b", "zoë@example.com", " z@example.com ", "o'brien+help@例え.jp", '"x"@[127.0.0.1]']
)
def test_true_mail_addresses_are_taken(value: str) -> None:
    assert looks_like_email(value)


@pytest.mark.parametrize("value", ["", "a", "@", "a@", "@b", "a b@c", "a@b c", "a@b\nc", "a@@b", "a@b@c"])
def test_slips_in_a_mail_address_are_caught(value: str) -> None:
    assert not looks_like_email(value)


def test_the_message_names_every_field() -> None:
    invalid = Invalid(Fact("customer_name", "too_long", {"limit": 128, "length": 130}), Fact("tech", "missing"))
    assert str(invalid) == "customer_name: too_long; tech: missing"
    assert told(*invalid.problems) == "customer_name has 130 characters; at most 128 are allowed; tech is missing"
