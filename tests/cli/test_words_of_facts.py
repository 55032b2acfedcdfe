"""Every fact that the core returns has words, in the command and in the console in its reader's language."""

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

from app.cli import site_words, trial_words
from app.core.fact import Fact
from app.core.why import Why, WhyCode
from app.store.why import in_english
from app.web.console.sites import trial_words as page_trial_words
from app.web.console.sites import words as page_words
from app.web.console.why_words import why_words

APP = Path(__file__).parents[2] / "app"
ANSWERED = (
    *(f"core/{name}.py" for name in ("site", "site_options", "texts", "origins", "vendor_address", "vendor_key")),
    *("core/server_network.py", "core/vendor_account.py", "core/webhook_address.py", "actions/site_check.py"),
)
NAMED_ELSEWHERE = {"origins": "origin page not_https port", "webhook": "address not_https fragment"}
NAMED_ELSEWHERE |= {"api_domain": "address port not_https other_port"}


class _Anything(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "9"


def facts_in(file: str) -> list[tuple[str, str]]:
    """Field and code of every `Fact("…", "…")` in a source file."""
    found = []
    for node in ast.walk(ast.parse((APP / file).read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fact":
            field, code = (a.value if isinstance(a, ast.Constant) else "" for a in node.args[:2])
            if isinstance(code, str) and code:
                found.append((str(field), code))
    return found


ALL = sorted({fact for file in ANSWERED for fact in facts_in(file)})
ALL += [(field, code) for field, codes in NAMED_ELSEWHERE.items() for code in codes.split()]
ALL += [(field, "lost") for field in ("vendor_key", "webhook_secret", "identity_secret")]
# The steps of a trial have their own words; the one of the embedded desk is in actions/site_check.py. A form that is
# empty is a customer's fault.
ABOUT_SITES = [fact for fact in ALL if fact[0] != "ticket" and fact[1] != "empty"]


def test_the_facts_are_found() -> None:
    assert len(ABOUT_SITES) > 40


@pytest.mark.parametrize(("field", "code"), ABOUT_SITES)
def test_the_command_and_the_console_word_it(app: Flask, field: str, code: str) -> None:
    fact = Fact(field or "rate", code, _Anything())
    words = site_words._OF_FIELD.get((field, code)) or site_words._WORDS[code]
    values = dict.fromkeys(re.findall(r"\{(\w+)\}", words), "9")
    assert "{" not in site_words.worded(Fact(fact.field, code, values), "help")
    with app.test_request_context():
        said = page_words.worded(fact)
    assert said
    assert "--" not in said, "the console speaks no shell"
    assert "handbell" not in said


VALUES = {"address": "a", "status": 200, "host": "h", "backend": "embedded", "number": 9, "name": "n", "text": "t"}


def test_the_console_words_every_step_of_a_trial_but_the_vendor_s_own_text(app: Flask) -> None:
    failed = [(field, code) for field in ("refused", "failed") for code in WhyCode]
    for step in (*trial_words._WORDS, *failed, ("header", "location")):
        with app.test_request_context():
            said = page_trial_words.step_words(Fact(*step, VALUES))
        assert (said is None) is (step[0] in ("body", "header")), step


@pytest.mark.parametrize("code", WhyCode)
def test_the_command_and_the_console_word_why_a_request_waits(app: Flask, code: WhyCode) -> None:
    why = Why(code, VALUES)
    assert "{" not in in_english(why)
    with app.test_request_context():
        said = why_words(why)
    assert said
    assert "--" not in said, "the console speaks no shell"
    assert "handbell" not in said
