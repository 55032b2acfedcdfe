"""Session codes: PINs as generated, shown and typed."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.session_code import LIVES, USUAL_LIFE, SessionCode, new_pin, shown_pin, written_pin

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_pin_is_nine_digits_and_any_of_them() -> None:
    pins = [new_pin() for _ in range(2000)]
    assert {len(pin) for pin in pins} == {9}
    assert {pin[0] for pin in pins} == set("123456789")
    assert {pin[8] for pin in pins} == set("0123456789")
    assert all(pin.isascii() and pin.isdecimal() for pin in pins)


def test_a_pin_is_shown_in_threes_and_read_back() -> None:
    assert shown_pin("123456789") == "123 456 789"
    assert written_pin(shown_pin("123456789")) == "123456789"


@pytest.mark.parametrize(
    "typed",
    [
        "123456789",
        " 123-456-789 ",
        "123.456.789",
        "1 2 3 4 5 6 7 8 9",
        "123\N{NO-BREAK SPACE}456\N{NARROW NO-BREAK SPACE}789",
        "123\N{EN DASH}456\N{NON-BREAKING HYPHEN}789",
        "\u202a123456789\u202c",
        "\N{ARABIC-INDIC DIGIT ONE}23456789",
        "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT THREE}456789",
        "123\t456\n789",
        " " * 55 + "123456789",
    ],
)
def test_a_pin_is_taken_as_people_type_it(typed: str) -> None:
    assert written_pin(typed) == "123456789"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "12345678",
        "1234567890",
        "12345678x",
        "+123456789",
        "1234567\N{SUPERSCRIPT TWO}9",
        "½23456789",
        " " * 56 + "123456789",
    ],
)
def test_what_is_not_nine_digits_is_no_pin(typed: str) -> None:
    assert written_pin(typed) is None


def test_a_code_lives_until_its_time_or_until_it_is_taken_back() -> None:
    life = LIVES[USUAL_LIFE]
    assert life == timedelta(hours=12)
    code = SessionCode(id="x", pin="123456789", technician_id=1, site="s", created_at=NOW, expires_at=NOW + life)
    assert code.is_live(NOW + life - timedelta(microseconds=1))
    assert not code.is_live(NOW + life)
