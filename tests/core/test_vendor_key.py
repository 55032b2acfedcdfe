"""Keys of accounts at the vendor."""

from datetime import date

import pytest

from app.core.fact import Fact
from app.core.text import Invalid
from app.core.vendor_key import LONGEST_KEY, as_date, key_ending, key_ends, vendor_key


@pytest.mark.parametrize(
    "key",
    [
        "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77",
        "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77|1234",
        "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77%7C1234",
        "ab+/cd==" * 12,
        "x",
        "two words",
        "k" * LONGEST_KEY,
    ],
)
def test_every_known_kind_of_key_is_taken_without_the_blanks_around_it(key: str) -> None:
    assert vendor_key(f"  {key}\r\n") == key


@pytest.mark.parametrize("key", ["k" * (LONGEST_KEY + 1), "schlüssel", "one\ntwo", "tab\tbed", "nul\0", "\ufffd"])
def test_what_is_no_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(Invalid) as refused:
        vendor_key(key)
    assert refused.value.problems == (Fact("vendor_key", "key", {"most": 512}),)


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_only_blanks_are_no_key(blank: str) -> None:
    assert vendor_key(blank) == ""


def test_only_the_last_four_characters_are_shown_and_of_short_keys_none() -> None:
    assert key_ending("0123456789ab") == "89ab"
    assert key_ending("0123456789a") is None
    assert key_ending("x") is None


@pytest.mark.parametrize(
    ("made", "ends"),
    [
        ((2026, 3, 1), (2027, 3, 1)),
        ((2024, 2, 29), (2025, 2, 28)),
        ((2023, 2, 28), (2024, 2, 28)),
        ((2024, 2, 10), (2025, 2, 10)),
        ((2024, 3, 29), (2025, 3, 29)),
        ((2025, 12, 31), (2026, 12, 31)),
        ((9999, 1, 1), (9999, 1, 1)),
    ],
)
def test_a_key_ends_a_year_after_it_was_made(made: tuple[int, int, int], ends: tuple[int, int, int]) -> None:
    assert key_ends(date(*made)) == date(*ends)


@pytest.mark.parametrize("text", ["", "2026-2-28", "20260228", "2026-W09-6", "2026-02-30", "28.2.2026", "tomorrow"])
def test_a_day_has_one_spelling(text: str) -> None:
    assert as_date(text) is None
    assert as_date("2026-02-28") == date(2026, 2, 28)
