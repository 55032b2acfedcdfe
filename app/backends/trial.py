"""Open one real session to see how an account answers: what to show the operator, and which backend to choose."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from app.backends.answer import VendorAnswer, understand
from app.core.backend import Browser, Opened, Refused, SessionBackend, Start, Unavailable
from app.core.customer import Customer
from app.core.fact import Fact
from app.core.new_session import NewSessionRequest
from app.core.site import Site
from app.core.vendor_address import VendorAddresses

_SHOWN = 300  # characters of the body that are shown
_LOOKED_AT = 16_384  # bytes of the body that are searched for the key
_SHORTEST_SECRET = 8  # characters; a shorter part of a key is not masked
_AS_A_CUSTOMER = Browser("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Handbell-check", "en")


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of a trial; `good` when the site's own way to open sessions works.

    `steps` are facts whose field is the step: `called`, `status`, `header`, `body`, `understood`, `choose`, `numbers`,
    `close`, `ticket`, `refused`, `change`, `failed`, `try`; the code of `refused` and `failed` is a WhyCode. `problems`
    are facts about the site's options; with them no call was made. Only `header` and `body` hold text of the vendor,
    without the account's key.
    """

    good: bool
    steps: tuple[Fact, ...] = ()
    problems: tuple[Fact, ...] = ()


class AnsweringBackend(Protocol):
    """A backend whose vendor's answer can be shown."""

    @property
    def address(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def vendor(self) -> VendorAddresses: ...

    def ask(self, request: NewSessionRequest, browser: Browser, *, look: bool = False) -> VendorAnswer: ...


def trial_request(site: Site) -> NewSessionRequest:
    """A request that says it is a test, with the site's own department and technician."""
    return NewSessionRequest(
        department=site.department,
        tech=site.technician,
        customer=Customer(
            name="Handbell check",
            problem="This is a test, made by `handbell check --live`. Nobody needs help: please close it.",
        ),
        show_waiting_queue=site.show_waiting_queue,
    )


def try_session(site: Site, backend: SessionBackend) -> Trial:
    """Open one session of the site through any backend. Never raises for its server's failures."""
    try:
        opened = backend.open_session(trial_request(site), _AS_A_CUSTOMER)
    except (Refused, Unavailable) as failed:
        return Trial(False, tuple(_failed(failed)))
    return Trial(True, tuple(_understood(opened, "")))


def try_account(site: Site, backend: AnsweringBackend, *, readable: str, unreadable_is_good: bool) -> Trial:
    """Open one session at an account whose answer can be shown.

    `readable` is the backend to recommend when the answer can be read; otherwise the browser's backend is recommended.
    """
    called = Fact("called", "address", {"address": backend.address})
    try:
        answer = backend.ask(trial_request(site), _AS_A_CUSTOMER, look=True)
    except (Refused, Unavailable) as failed:
        return Trial(False, (called, *_failed(failed)))
    shown = (called, *_shown(answer, backend.key))
    try:
        opened = understand(answer, backend.vendor, backend.address)
    except (Refused, Unavailable) as failed:
        return Trial(False, (*shown, *_failed(failed)))
    unreadable = opened.start is Start.BROWSER
    choice = "take-control-browser" if unreadable else readable
    steps = (*shown, *_understood(opened, backend.key, choice))
    return Trial(not unreadable or unreadable_is_good, steps)


def masked(text: str, key: str) -> str:
    """Replace the key by `[key]` in every spelling: plain, in addresses, HTML, JSON or base64."""
    # The key `UUID|department` may come back as the UUID alone.
    secrets = sorted({key, key.partition("|")[0]} - {""}, key=len, reverse=True)
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET or secret == key:
            for spelling in (_spelled(secret), *_in_base64(secret)):
                text = re.sub(spelling, "[key]", text, flags=re.IGNORECASE)
    return text


def _shown(answer: VendorAnswer, key: str) -> Iterator[Fact]:
    yield Fact("status", "status", {"status": answer.head.status})
    for name in ("content-type", "location", "content-disposition", "retry-after"):
        if value := answer.head.headers.get(name):
            yield Fact("header", name, {"text": _one_line(masked(value, key))})
    yield _body(answer, key)


def _body(answer: VendorAnswer, key: str) -> Fact:
    if answer.applet:
        return Fact("body", "file", {"size": answer.applet.size, "name": masked(answer.applet.name, key)})
    if answer.body is None:
        return Fact("body", "unread")
    if not answer.body:
        return Fact("body", "empty")
    text = answer.body[:_LOOKED_AT].decode("utf-8", "replace")
    return Fact("body", "text", {"text": _one_line(masked(text, key))})


def _understood(opened: Opened, key: str, choice: str | None = None) -> Iterator[Fact]:
    host = {"host": urlsplit(opened.link).hostname or ""} if opened.link else {}
    yield Fact("understood", opened.start, host)
    if choice:
        yield Fact("choose", "backend", {"backend": choice})
    numbers = {"session": opened.session_id, "ticket": opened.ticket_number, "pin": opened.pin}
    if told := {name: _one_line(masked(value, key)) for name, value in numbers.items() if value}:
        yield Fact("numbers", "numbers", told)
    yield Fact("close", "close")


def _failed(failed: Refused | Unavailable) -> Iterator[Fact]:
    if isinstance(failed, Refused):
        yield Fact("refused", failed.why.code, failed.why.values)
        yield Fact("change", "account")
    else:
        yield Fact("failed", failed.why.code, failed.why.values)
        yield Fact("try", "maybe_sent" if failed.maybe_sent else "not_sent")


def _one_line(text: str) -> str:
    """The beginning of the text on one line, without control characters, which could steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN]


def _spelled(secret: str) -> str:
    """A pattern for the secret in which each character is plain or escaped."""
    return "".join(_character(c) for c in secret)


def _character(c: str) -> str:
    number = ord(c)
    named = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}.get(c)
    spellings = [
        rf"\\?{re.escape(c)}",
        *(f"%(?:25)?{byte:02x}" for byte in c.encode("utf-8", "replace")[:1]),
        rf"\\u{number:04x}",
        f"&#0*{number};",
        f"&#x0*{number:x};",
        *([re.escape(named)] if named else []),
        *([r"\+"] if c == " " else []),
    ]
    return f"(?:{'|'.join(spellings)})"


def _in_base64(secret: str) -> Iterator[str]:
    """Patterns of the secret inside a longer base64 text, for each of its three possible offsets."""
    for before in range(3):
        raw = bytes(before) + secret.encode("utf-8", "replace")
        whole = base64.b64encode(raw).decode().rstrip("=")
        # The characters at both ends also encode bits of the surrounding text.
        inner = whole[(before * 8 + 5) // 6 : len(raw) * 8 // 6]
        if len(inner) >= _SHORTEST_SECRET:
            yield "".join({"+": "(?:[+-]|%2b)", "/": r"(?:\\?/|_|%2f)"}.get(c, c) for c in inner)
