"""Example programs with a site's values: any name stays a comment or a string."""

import ast
import json
import re
import shlex
import tokenize
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.examples import PLACEHOLDER, Facts, examples, intranet_form, quoted, quoted_php, remark

BASE = "https://support.example.com"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
HOSTILE = (
    "*/ ?> <?php echo 1; # --> ' \" \\ $(id) `id` ${x} {$x}",
    'x"\n# coding: utf-7\n"; System("rm")',
    "a\u2028b\u2029c\x85d\x0be\x0cf\x00g\u202eh\ufeff\u200b",
    "</textarea></script><script>alert(1)</script>&amp;",
    "ends in a backslash \\",
    "??> ?\x00> \\u000a \\x0a",
)
LABELS = {
    name: f"<{name}> & \"{name}'"
    for name in (
        "customer_name",
        "customer_email",
        "customer_number",
        "problem_description",
        "department",
        "anyone",
        "send",
    )
}


def facts(text: str = "Example Help", uid: str | None = "0d1f4c2e", technician: str | None = None) -> Facts:
    return Facts(
        base_url=BASE,
        slug="help",
        site_name=text,
        uid=uid,
        department=(10, text),
        technician=technician,
    )


def texts(of: Facts) -> dict[str, str]:
    return {one.id: one.text for one in examples(of)}


def sent_by_python(code: str) -> dict[str, str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "session":
            return dict(ast.literal_eval(node.value))
    raise AssertionError(code)


def hostile(test: Callable[[str], None]) -> Callable[[], None]:
    """Run a test with any text, and with these."""
    for text in HOSTILE:
        test = example(text)(test)
    tested: Callable[[], None] = settings(deadline=None)(given(TEXTS)(test))
    return tested


def test_without_a_press_no_example_has_the_key() -> None:
    for name, text in texts(facts(uid=None)).items():
        assert PLACEHOLDER in text, name
    for name, text in texts(facts(uid="0d1f4c2e")).items():
        assert "0d1f4c2e" in text, name
        assert PLACEHOLDER not in text


def test_the_page_s_form_never_has_it() -> None:
    assert "0d1f4c2e" not in intranet_form(facts(), LABELS)


@pytest.mark.slow
@hostile
def test_python_reads_back_what_was_meant(text: str) -> None:
    code = texts(facts(text, uid=text or "x", technician=text or "x"))["python"]
    sent = sent_by_python(code)
    assert (sent["UID"], sent["Tech"], sent["Department"]) == (text or "x", text or "x", "id_10")
    remarks = [t.string for t in tokenize.generate_tokens(StringIO(code).readline) if t.type == tokenize.COMMENT]
    assert remarks[0] == f"# {remark(text)}"
    assert ast.dump(ast.parse(code)) == ast.dump(
        ast.parse(texts(facts("plain", text or "x", text or "x"))["python"])
    ), "a name in a comment changes nothing of the program"


@pytest.mark.slow
@hostile
def test_a_shell_reads_back_what_was_meant(text: str) -> None:
    for name in ("curl", "rest"):
        shown, _newline, command = texts(facts(text, uid=text or "x", technician=text or "x"))[name].partition("\n")
        assert shown == f"# {remark(text)}"
        words = shlex.split(command)
        assert words[0] == "curl"
        assert words[2].startswith(BASE)
        if name == "curl":
            assert f"UID={text or 'x'}" in words
            assert f"Tech={text or 'x'}" in words
        else:
            assert f"INTEGRATION-KEY: {text or 'x'}" in words
            assert json.loads(words[-1])["technician_username"] == (text or "x")


@hostile
def test_a_remark_is_one_line_that_ends_nothing_and_hides_nothing(text: str) -> None:
    said = remark(text)
    assert len(said.splitlines()) <= 1
    assert not set(said) & set(LINE_ENDS + "\x00\u202e\u200b\ufeff")
    assert "?>" not in said
    assert "*/" not in said
    assert not said.endswith("\\")
    assert len(said) <= 160


@hostile
def test_a_string_of_c_sharp_is_one_line_and_reads_back(text: str) -> None:
    written = quoted(text)
    assert len(written.splitlines()) == 1
    assert not set(written) & set(LINE_ENDS)
    assert json.loads(written) == text
    assert re.fullmatch(r'"(?:[^"\\]|\\["\\bfnrt]|\\u[0-9a-f]{4})*"', written)


def php(literal: str) -> str:
    """The text that PHP reads in a double-quoted string; fails where PHP would interpolate."""
    found = re.fullmatch(r'"((?:[^"\\$]|\\["\\$]|\\u\{[0-9a-f]+\})*)"', literal)
    assert found, literal
    return re.sub(r'\\(?:u\{([0-9a-f]+)\}|(["\\$]))', lambda m: chr(int(m[1], 16)) if m[1] else m[2], found[1])


@hostile
def test_a_string_of_php_reads_back_and_fills_nothing_in(text: str) -> None:
    assert php(quoted_php(text)) == text


@pytest.mark.slow
@hostile
def test_php_and_c_sharp_stay_the_same_program_whatever_the_names_are(text: str) -> None:
    for name in ("php", "csharp"):
        plain, odd = (texts(facts(of))[name].split("\n") for of in ("plain", text))
        assert len(plain) == len(odd)
        assert [a for a, b in zip(plain, odd, strict=True) if a != b and "// plain" not in a] == []


@pytest.mark.slow
@hostile
def test_the_page_s_form_says_what_was_meant(text: str) -> None:
    filled = {"customer_name": text.replace("\x00", "").replace("\r", ""), "problem_description": f"x{text}x"}
    html = intranet_form(facts(), LABELS, [(10, f"x{text}x"), (20, "Billing")], filled)
    page = BeautifulSoup(html, "html.parser")
    assert [tag.name for tag in page.find_all(True)].count("form") == 1
    assert not page.select("script")
    form = page.select_one("form")
    assert form is not None
    assert form["action"] == f"{BASE}/s/help/submit"
    assert [option.get_text() for option in page.select("option")][1] == f"x{text}x"
    assert page.select("textarea")[0].get_text() == f"\nx{text}x"
    assert page.select("label")[0].get_text() == LABELS["customer_name"]


@pytest.mark.slow
def test_a_department_that_was_chosen_is_not_asked_for() -> None:
    page = BeautifulSoup(intranet_form(facts(), LABELS, [(10, "x")], {"department": "10"}), "html.parser")
    assert [(hidden["name"], hidden["value"]) for hidden in page.select("[type=hidden][value]")] == [
        ("department", "10")
    ]
    assert not page.select("select")


def test_it_has_the_fields_that_the_site_shows() -> None:
    page = BeautifulSoup(intranet_form(facts(), LABELS, fields=("customer_email",)), "html.parser")
    assert [field["name"] for field in page.select("input:not([type]), textarea")] == ["customer_email"]


def test_curl_s_address_is_the_desk_s() -> None:
    assert unquote(BASE) in texts(facts())["curl"]


WRITTEN = Path(__file__).with_name("written_examples.txt")


def test_every_example_is_written_to_the_letter() -> None:
    """To change one on purpose: `python -m tests.core.test_examples` writes the file anew. Read its difference."""
    assert written() == WRITTEN.read_text("utf-8")


def written() -> str:
    """All examples: with all that a site may have, with nothing but its address, and forms."""
    bare = Facts(base_url=BASE, slug="help", site_name="Help \u202e*/ Zoë \\")
    all_fields = tuple(LABELS)[:4]
    preset = {"department": "10", "customer_number": 'A "4"\r5', "problem_description": "<It hums>"}
    parts = [
        *(f"{one.id}: {one.name}\n{one.text}" for one in examples(facts(technician="anna@example.com"))),
        *(f"{one.id}, bare\n{one.text}" for one in examples(bare)),
        "form\n" + intranet_form(facts(), LABELS, [(10, "Computers & more"), (20, "Billing")], fields=all_fields),
        "form, preset\n" + intranet_form(facts(), LABELS, given=preset),
    ]
    return "\n\n==== ".join(["Written by tests/core/test_examples.py", *parts]) + "\n"


if __name__ == "__main__":
    WRITTEN.write_text(written(), "utf-8")
