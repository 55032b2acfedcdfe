"""The table of ASVS 5.0 has each requirement that applies once, and what it says holds it is there.

That the named tests ran as well is seen to by tests/named_tests.py.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.named_tests import TABLE, named_tests

ROOT = Path(__file__).parents[1]
# Levels 1 and 2, without what docs/security-asvs.md says is not applicable.
APPLIES = """
1.1.1-2 1.2.1-5 1.3.2-3 1.3.6-7 1.3.10-11 1.5.1-2
2.1.1-3 2.2.1-3 2.3.1-4 2.4.1
3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2
4.1.1-3 4.2.1
5.1.1 5.2.1-3 5.3.1-2 5.4.1-3
6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.2-3
7.1.1-2 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.2
8.1.1-2 8.2.1-3 8.3.1 8.4.1
9.1.1-3 9.2.1-4
11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1 11.6.1
12.1.1-2 12.2.1-2 12.3.1-4
13.1.1 13.2.1-5 13.3.1-2 13.4.1-5
14.1.1-2 14.2.1-4 14.3.1-3
15.1.1-3 15.2.1-3 15.3.1-7
16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3
"""
MOST_THAT_DO_NOT_HOLD = 5
OPEN = "does not hold: "
_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
_SETTING = re.compile(r"`([\w./-]+)`: `([^`]+)`")
_HEADING = re.compile(r"\]\([\w./-]+\.md(?:#[\w-]+)?\)")  # that it leads somewhere: tests/test_doc_links.py


def requirements() -> list[str]:
    ids = []
    for part in APPLIES.split():
        section, first, last = re.fullmatch(r"(\d+\.\d+)\.(\d+)(?:-(\d+))?", part).groups()  # type: ignore[union-attr]
        ids += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return ids


ROWS = {number: (asks, held_by) for number, asks, held_by in _ROW.findall(TABLE.read_text("utf-8"))}


@cache
def names_in(path: str) -> set[str]:
    """The tests in a file: `test_name`, or `TestClass::test_name`."""
    found = set()
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {prefix + each.name for each in members if isinstance(each, ast.FunctionDef)}
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


def test_each_requirement_stands_once_and_in_order() -> None:
    listed = [number for number, _, _ in _ROW.findall(TABLE.read_text("utf-8"))]
    assert len(requirements()) == 191
    assert listed == requirements()


@pytest.mark.parametrize("number", ROWS)
def test_a_requirement_is_held_by_something_that_is_there(number: str) -> None:
    asks, held_by = ROWS[number]
    assert 0 < len(asks) <= 60
    if held_by.startswith(OPEN):
        assert re.search(r"\. What would: \w", held_by), "why, and what would hold it"
        return
    tests, settings = named_tests(held_by), _SETTING.findall(held_by)
    assert tests or settings or _HEADING.search(held_by)
    for path, _, name in (each.partition("::") for each in tests):
        assert name in names_in(path)
    for path, text in settings:
        assert text in (ROOT / path).read_text("utf-8")


def test_nearly_all_hold() -> None:
    assert len([held_by for _, held_by in ROWS.values() if "does not hold" in held_by]) <= MOST_THAT_DO_NOT_HOLD


def test_every_test_is_named_as_the_run_looks_for_it() -> None:
    """A name with a slip in it would be nobody's."""
    text = TABLE.read_text("utf-8")
    assert len(named_tests(text)) == len(re.findall(r"`tests/[^`]*::", text)) > 250
