"""CSV lines that any CSV reader can parse, and that no spreadsheet evaluates."""

import csv
import io
import re

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
        "\tx",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        " =1",
        "\u200b=1",
        "\ufeff=1",
        '"=1',
        "=cmd|' /C calc'!A0",
    ],
)
def test_what_could_be_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert read(csv_line([text, "x"])) == [[f"'{text}", "x"]]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("no sound;=1+1;", "no sound;'=1+1;"),
        ("no sound; =1", "no sound;' =1"),
        ('no sound;"=1"', 'no sound;\'"=1"'),
        ("no sound\t=1", "no sound\t'=1"),
        ("no sound\n=1", "no sound\n'=1"),
        ("no sound\r=1", "no sound\r'=1"),
        ("\t=1", "'\t'=1"),
        ("\n=1", "\n'=1"),
        ("a; b\nc\td", "a; b\nc\td"),
    ],
)
def test_nor_does_one_begin_where_a_cell_does_in_other_countries(text: str, written: str) -> None:
    assert read(csv_line([text, "x"])) == [[written, "x"]]


@pytest.mark.parametrize("text", ["", "plain", "a=b", "1-2", "it's", "'=1", "C-4711", "zoe@example.com", "Zoë 💩", "…"])
def test_other_text_is_left_alone(text: str) -> None:
    assert read(csv_line([text, "x"])) == [[text, "x"]]


@pytest.mark.slow
@given(st.lists(TEXT, min_size=2, max_size=5))
@settings(max_examples=300, deadline=None)
def test_any_text_comes_back_with_nothing_but_apostrophes_more(cells: list[str]) -> None:
    line = csv_line(cells)
    assert line.endswith("\r\n")
    (back,) = read(line)
    assert [cell.replace("'", "") for cell in back] == [text.replace("'", "") for text in cells]
    apart = [*back, *re.split("[;\t\r\n]", line)]
    assert not [cell for cell in apart if cell.lstrip(' "')[:1] in tuple("=+-@\t\r＝＋－＠")]


def test_numbers_and_nothing_stay_what_they_are() -> None:
    assert csv_line([-1, None, 0, "x"]) == "-1,,0,x\r\n"
