"""A test client that checks every page automatically and returns it as a soup."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import html5lib
from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.test import TestResponse

from app.edge.headers import PAGE_CSP
from tests.nu.pages import keep_page

HOST = "127.0.0.1:8000"
OPEN_REQUEST = "handbell-request"  # the cookie


class Answer:
    """A response, with its HTML page as a soup if it is one."""

    def __init__(self, response: TestResponse) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.body = response.data
        response.close()
        self.location = response.headers.get("Location", "")
        self.is_page = response.mimetype == "text/html" and bool(response.data)

    @cached_property
    def page(self) -> BeautifulSoup:
        """Its elements; none if it is no page."""
        return BeautifulSoup(self.body if self.is_page else "", "html.parser")

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def select(self, selector: str) -> Any:
        """The only element that matches the selector."""
        found = self.page.select(selector)
        assert len(found) == 1, f"{selector}: {len(found)} found"
        return found[0]


class PageClient:
    """GET and POST as a browser on 127.0.0.1:8000 would; HTML pages are valid and carry the agreed headers."""

    def __init__(self, app: Flask, *, address: str = "192.0.2.7", remembers: bool = False) -> None:
        """A browser that `remembers` asks before it sends a second request beside an open one."""
        self._client = app.test_client()
        self._clock = app.extensions["handbell"].clock
        self._address = address
        self._remembers = remembers

    def get(self, path: str, **options: Any) -> Answer:
        return self.open("GET", path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Answer:
        return self.open("POST", path, data=data, **options)

    def open(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, check: bool = True, **options: Any
    ) -> Answer:
        """Make one call. Without `check` its page may have other headers, such as the page that posts to a vendor."""
        environ = {"REMOTE_ADDR": self._address}
        if not self._remembers:
            self._client.delete_cookie(OPEN_REQUEST, domain=HOST.partition(":")[0], path=path.partition("?")[0])
        every = {"Host": HOST, **(headers or {})}
        answer = Answer(self._client.open(path, method=method, headers=every, environ_base=environ, **options))
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Request-Id"]
        if check and answer.is_page and method != "HEAD":
            check_page(answer)
        return answer

    def stream(self, path: str) -> Iterator[bytes]:
        """The pieces of a download, each made when it is asked for."""
        environ = {"REMOTE_ADDR": self._address}
        response = self._client.get(path, headers={"Host": HOST}, environ_base=environ, buffered=False)
        assert response.status_code == 200
        return response.iter_encoded()

    def form_token(self, site: str = "default") -> str:
        """A token from the site's request page."""
        return str(self.get(f"/s/{site}").select("input[name=form_token]")["value"])

    def submit(self, site: str = "default", **fields: str) -> Answer:
        """Fill the request page in and send it."""
        return self.post(f"/s/{site}", {"form_token": self.form_token(site), **fields})


def check_page(answer: Answer) -> None:
    """Valid HTML, one title and heading, unique ids, labelled fields, the page headers."""
    check_html(answer)
    # The account page alone may register a service worker.
    policy = answer.headers["Content-Security-Policy"].replace("trusted-types handbell-worker", "trusted-types 'none'")
    assert policy == PAGE_CSP
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "geolocation=()" in answer.headers["Permissions-Policy"]


def check_html(answer: Answer) -> None:
    """Valid HTML, one title and heading, unique ids, labelled fields, nothing that the page's policy would block.

    Pages that differ only in harmless text are checked once.
    """
    skeleton = skeleton_of(answer.text)
    if skeleton not in _CHECKED:
        _check_elements(answer, skeleton)
        _CHECKED.add(skeleton)


_CHECKED: set[str] = set()
# Text without markup, quotes, and characters that no page may have; an escaped character is harmless too.
_HARMLESS = r"(?:[\t\n\r !#-%'-;=?-~\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd]|&(?:amp|lt|gt|#34|#39);)*"
_TEXT = re.compile(f">({_HARMLESS})(?=<)")
_VALUE = re.compile(rf'(?<= )(value|href|title|alt|placeholder|aria-label|datetime)="({_HARMLESS})"')


def skeleton_of(html: str) -> str:
    """The page without its harmless texts and the values that no check reads: what is left decides every check."""
    return _VALUE.sub(r'\1=""', _TEXT.sub(lambda found: ">x" if found[1].strip() else ">" + found[1][:1], html))


_PARSED: set[object] = set()
_ANY_VALUE = re.compile(f'="{_HARMLESS}"')


def pieces_of(skeleton: str, elements: Iterable[Tag]) -> set[object]:
    """What decides whether a page is well written, each once: its tags with the kind of text behind them, which element
    stands in which, and which are opened more or less often than closed. html5lib takes a tenth of a second for a page.
    """
    tags = set(re.findall("<[^<]*", _ANY_VALUE.sub('=""', skeleton)))
    inside = {(element.parent.name if element.parent else "", element.name) for element in elements}
    open_ones = Counter(re.findall(r"<([a-z]\w*)", skeleton))
    open_ones.subtract(re.findall(r"</([a-z]\w*)", skeleton))
    return tags | inside | {(name, count > 0) for name, count in open_ones.items() if count}


def _check_elements(answer: Answer, skeleton: str) -> None:
    keep_page(answer.page, answer.body)
    elements = answer.page.find_all(True)
    pieces = pieces_of(skeleton, elements)
    if not pieces <= _PARSED:
        errors = parse_errors(answer.text)
        assert not errors, errors
        _PARSED.update(pieces)
    titles = [element for element in elements if element.name == "title" and element.find_parent("head")]
    assert [bool(title.get_text(strip=True)) for title in titles] == [True]
    assert [element.name for element in elements].count("h1") == 1
    assert {"lang", "dir"} <= elements[0].attrs.keys()
    ids = Counter(element["id"] for element in elements if element.has_attr("id"))
    assert not [name for name, times in ids.items() if times > 1]
    labelled = {element.get("for") for element in elements if element.name == "label"}
    for control in filter(_is_typed_in, elements):
        assert control.get("id") in labelled - {None} or control.find_parent("label"), control
    assert not [element for element in elements if _is_stopped(element)]


def parse_errors(html: str) -> list[object]:
    """The first errors that html5lib finds."""
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    parser.parse(html)
    return list(parser.errors[:3])


def _is_typed_in(element: Tag) -> bool:
    return element.name in ("select", "textarea") or (element.name == "input" and element.get("type") != "hidden")


def _is_stopped(element: Tag) -> bool:
    inline = element.name == "style" or (element.name == "script" and not element.has_attr("src"))
    return inline or element.has_attr("style") or element.has_attr("onclick")
