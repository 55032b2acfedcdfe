"""A test client that checks every page for free and hands back a soup."""

import json
from collections import Counter
from typing import Any

import html5lib
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from app.edge.headers import PAGE_CSP

HOST = "127.0.0.1:8000"


class Answer:
    """A response, with its page as a soup where it is one."""

    def __init__(self, response: TestResponse) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.body = response.data
        response.close()
        self.location = response.headers.get("Location", "")
        self.is_page = response.mimetype == "text/html" and bool(response.data)
        self.page = BeautifulSoup(response.data, "html.parser") if self.is_page else BeautifulSoup("", "html.parser")

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def select(self, selector: str) -> Any:
        """The one element that the selector finds."""
        found = self.page.select(selector)
        assert len(found) == 1, f"{selector}: {len(found)} found"
        return found[0]


class PageClient:
    """GET and POST as a browser on 127.0.0.1:8000 would; HTML pages are valid and carry the agreed headers."""

    def __init__(self, app: Flask, *, address: str = "192.0.2.7") -> None:
        self._client = app.test_client()
        self._clock = app.extensions["handbell"].clock
        self._address = address

    def get(self, path: str, **options: Any) -> Answer:
        return self.open("GET", path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Answer:
        return self.open("POST", path, data=data, **options)

    def open(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, check: bool = True, **options: Any
    ) -> Answer:
        """One call. Without `check` it may be a page whose headers differ, such as the one that posts to a vendor."""
        environ = {"REMOTE_ADDR": self._address}
        every = {"Host": HOST, **(headers or {})}
        answer = Answer(self._client.open(path, method=method, headers=every, environ_base=environ, **options))
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Request-Id"]
        if check and answer.is_page and method != "HEAD":
            check_page(answer)
        return answer

    def form_token(self, site: str = "default") -> str:
        """A token from the site's request page."""
        return str(self.get(f"/s/{site}").select("input[name=form_token]")["value"])

    def submit(self, site: str = "default", **fields: str) -> Answer:
        """Fill the request page in and send it."""
        return self.post(f"/s/{site}", {"form_token": self.form_token(site), **fields})


def check_page(answer: Answer) -> None:
    """Valid HTML, one title and heading, unique ids, labelled fields, the page headers."""
    check_html(answer)
    assert answer.headers["Content-Security-Policy"] == PAGE_CSP
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "camera=()" in answer.headers["Permissions-Policy"]


def check_html(answer: Answer) -> None:
    """Valid HTML, one title and heading, unique ids, labelled fields."""
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    parser.parse(answer.text)
    assert not parser.errors, parser.errors[:3]
    page = answer.page
    assert len(page.select("head > title")) == 1
    assert page.select_one("head > title").get_text(strip=True)  # type: ignore[union-attr]
    assert len(page.select("h1")) == 1
    assert page.select_one("html[lang][dir]")
    ids = Counter(element["id"] for element in page.select("[id]"))
    assert not [name for name, times in ids.items() if times > 1]
    for control in page.select("input:not([type=hidden]), select, textarea"):
        assert control.find_parent("label") or page.select(f'label[for="{control["id"]}"]'), control
    assert not page.select("[style], style, script:not([src]), [onclick]")
