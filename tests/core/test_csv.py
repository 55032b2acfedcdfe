"""Lines that any CSV reader takes apart again, and that no spreadsheet computes."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.csv import csv_line

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("https://evil.example","press")',
        "=1+1",
        "+1",
        "-1+2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u200b=1",
        "\ufeff=1",
        "\n=1",
        "=cmd|' /C calc'!A0",
    ],
)
def test_what_could_be_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert read(csv_line([text, "x"])) == [[f"'{text}", "x"]]


@pytest.mark.parametrize("text", ["", "plain", "a=b", "1-2", "it's", "'=1", "C-4711", "zoe@example.com", "Zoë 💩", "…"])
def test_other_text_is_left_alone(text: str) -> None:
    assert read(csv_line([text, "x"])) == [[text, "x"]]


@given(st.lists(TEXT, min_size=2, max_size=5))
@settings(max_examples=300, deadline=None)
def test_any_text_comes_back_with_at_most_an_apostrophe_more(cells: list[str]) -> None:
    line = csv_line(cells)
    assert line.endswith("\r\n")
    (back,) = read(line)
    assert [cell in (text, f"'{text}") for cell, text in zip(back, cells, strict=True)] == [True] * len(cells)
    assert not any(cell[:1] in set("=+-@\t\r＝＋－＠") for cell in back)


def test_numbers_and_nothing_stay_what_they_are() -> None:
    assert csv_line([-1, None, 0, "x"]) == "-1,,0,x\r\n"
