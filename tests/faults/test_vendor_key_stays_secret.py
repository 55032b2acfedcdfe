"""The vendor's key is nowhere: checks the answers of all routes and errors, and all files on disk.

The page that makes the vendor's call from the customer's browser is the only exception: its form's body must contain
the key. It is checked too, which proves that the search works.
"""

import base64
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from bs4 import BeautifulSoup

from app.core.backend import Start
from tests.faults.hosts import Answer, Hosts
from tests.faults.secret import contents, leaking_files, leaks
from tests.faults.vendor_cases import CASES, OPENED, ORIGIN, Case, Seen
from tests.in_process import run_in_process
from tests.profile import FULL, PROFILE
from tests.vendor.stand_in import KEY

ROUTES = Path(__file__).parents[1] / "routes.txt"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
_UNKNOWN = ("x", "1", "..%2f..", "%00")
_BODIES: tuple[tuple[str | None, dict[str, str]], ...] = (
    (None, {}),
    ("", FORM),
    ("form_token=x&customer_name=Zo%C3%AB", FORM),
    ("{", JSON),
    ('{"a": 1}', JSON),
)


def routes() -> Iterator[tuple[list[str], str]]:
    """Methods and rule of every route."""
    for line in ROUTES.read_text("utf-8").splitlines():
        methods, rest = line.split(" ", 1)
        yield methods.split(","), rest.partition("  ")[0]


class Walk:
    """Values for the parts of routes, and all answers."""

    def __init__(self, hosts: Hosts, seen: Seen) -> None:
        self.hosts = hosts
        self.answers: list[tuple[str, str, Answer]] = []
        status = [path.rpartition("/")[2] for path in seen.paths.values()]
        pages = [BeautifulSoup(page, "html.parser") for page in seen.pages.values()]
        starts = [str(link["href"]).rpartition("/")[2] for page in pages for link in page.select("a[data-start]")]
        every = 1 if PROFILE is FULL else 5
        self._tokens = [*status, *dict.fromkeys(starts)][::every]
        self._sites = [f"case-{number}" for number in range(0, len(CASES), every)]
        self._cookie = ""

    def log_in(self) -> None:
        """Log in to the console as a technician."""
        form = self.hosts.get("/console/login")
        cookie = form.headers["set-cookie"].partition(";")[0]
        (token,) = BeautifulSoup(form.text, "html.parser").select("input[name=csrf_token]")
        email, password = self.hosts.first_log_in
        body = urlencode({"csrf_token": token["value"], "email": email, "password": password})
        answer = self.hosts.ask("POST", "/console/login", body, {**FORM, "Cookie": cookie})
        assert answer.status == 303, answer.text
        self._cookie = answer.headers["set-cookie"].partition(";")[0]

    def go(self, methods: list[str], rule: str) -> None:
        for path in self._paths(rule):
            for method in methods:
                bodies = _BODIES[:1] if method in ("GET", "TRACE", "CONNECT") else _BODIES
                for body, headers in bodies:
                    browser = {"Origin": ORIGIN} if rule.startswith("/api/v1/sites") else {"Cookie": self._cookie}
                    answer = self.hosts.ask(method, path, body, {**headers, **browser})
                    self.answers.append((method, path, answer))

    def _paths(self, rule: str) -> list[str]:
        names = re.findall(r"<(?:[^<>:]+:)?([a-z_]+)>", rule)
        values = itertools.product(*(self._values(name) for name in names))
        return [_filled(rule, given) for given in values]

    def _values(self, name: str) -> list[str]:
        if name == "token":
            return [*self._tokens, *_UNKNOWN]
        if name.startswith("site"):
            return [*self._sites, "default", *_UNKNOWN]
        return list(_UNKNOWN)


def _filled(rule: str, values: tuple[str, ...]) -> str:
    left = iter(values)
    return re.sub(r"<[^>]+>", lambda _: next(left), rule)


def told(answer: Answer) -> bytes:
    """Everything that the customer's computer receives."""
    return repr(answer.headers).encode() + answer.body


def go_paths(seen: Seen, wanted: Start) -> Iterator[tuple[Case, str]]:
    for case in CASES:
        if case.state is OPENED and case.start is wanted:
            (link,) = BeautifulSoup(seen.pages[case.name], "html.parser").select("a[data-start]")[:1]
            yield case, str(link["href"])


def without_the_form_body(page: bytes) -> bytes:
    """A hand-off page without the values of its hidden fields."""
    soup = BeautifulSoup(page, "html.parser")
    for hidden in soup.select("form[data-auto-post] input[type=hidden]"):
        hidden["value"] = ""
    return str(soup).encode()


@pytest.mark.slow
def test_the_browsers_own_call_has_the_key_in_the_forms_body_and_nowhere_else(
    every_vendor: tuple[Hosts, Seen],
) -> None:
    hosts, seen = every_vendor
    for case, path in go_paths(seen, Start.BROWSER):
        answer = hosts.get(path)
        assert leaks(KEY, answer.body), case.name
        rest = repr(answer.headers).encode() + without_the_form_body(answer.body)
        assert leaks(KEY, rest) == [], case.name


@pytest.mark.slow
def test_no_route_tells_the_key(every_vendor: tuple[Hosts, Seen]) -> None:
    hosts, seen = every_vendor
    walk = Walk(hosts, seen)
    walk.log_in()
    for methods, rule in routes():
        walk.go(methods, rule)
    shown = [(method, path, answer) for method, path, answer in walk.answers if leaks(KEY, told(answer))]
    other = [one for one in shown if not one[1].startswith("/go/")]
    assert other == []
    assert [path for _, path, answer in shown if leaks(KEY, without_the_form_body(answer.body))] == []
    assert [(method, path) for method, path, answer in walk.answers if answer.status >= 500] == []
    assert {answer.status for _, _, answer in walk.answers} >= {200, 302, 303, 400, 404, 405}


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["site", "show", "case-0", "--json"],
        ["site", "set", "case-0", "--key", f"{KEY}\x01"],
        ["site", "set", "case-0", "--key", KEY, "--api-domain", "http://example.com"],
        ["request", "list", "--json", "--most", "10000"],
        ["request", "export", "--number", CASES[0].name],
    ],
    ids=" ".join,
)
def test_no_command_tells_the_key(arguments: list[str], every_vendor: tuple[Hosts, Seen]) -> None:
    hosts, _ = every_vendor
    done = run_in_process(arguments, hosts.environments[0], hosts.folder)
    assert done.stdout + done.stderr
    assert leaks(KEY, (done.stdout + done.stderr).encode()) == []


@pytest.mark.slow
def test_neither_disk_nor_logs_nor_metrics_hold_the_key(every_vendor: tuple[Hosts, Seen]) -> None:
    hosts, _ = every_vendor
    metrics = hosts.get("/metrics")
    assert (metrics.status, leaks(KEY, metrics.body)) == (200, [])
    names = {path.name for path in hosts.folder.rglob("*") if path.is_file()}
    assert names >= {"handbell.sqlite3", "handbell.sqlite3-wal", "web-0.log", "keys"}
    assert leaking_files(KEY, hosts.folder) == {}
    with hosts.database() as database:
        assert [row for row in contents(database) if leaks(KEY, row)] == []


@pytest.mark.parametrize("spell", [str.encode, base64.b64encode, base64.urlsafe_b64encode, quote, bytes.hex])
@pytest.mark.parametrize("before", range(4))
def test_the_search_finds_the_whole_and_parts(spell: Callable[[Any], str | bytes], before: int) -> None:
    for part in (KEY, KEY[7:40]) if spell is str.encode else (KEY,):
        text = f"{'u' * before}{part}&more"
        spelled = spell(text if spell is str.encode else text.encode())
        assert leaks(KEY, spelled if isinstance(spelled, bytes) else spelled.encode())
    assert leaks(KEY, b"nothing at all, %2B, Zm9v") == []
