"""One real session, opened to see what an account answers: what an operator is shown of it, and told to choose."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.backends.answer import VendorAnswer, understand
from app.backends.take_control import TakeControl
from app.backends.take_control_rest import TakeControlRest
from app.core.backend import Browser, Opened, Refused, Start, Unavailable
from app.core.new_session import NewSessionRequest
from app.core.site import TAKE_CONTROL, TAKE_CONTROL_BROWSER, TAKE_CONTROL_REST, Site

_SHOWN = 300  # characters of the body
_LOOKED_AT = 16_384  # bytes of it
_SHORTEST_SECRET = 8  # characters; less of a key is not one
_AS_A_CUSTOMER = Browser("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Handbell-check", "en")


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it, in lines for the operator; `good` when the site's own way to open sessions works."""

    lines: tuple[str, ...]
    good: bool


def trial_request(site: Site) -> NewSessionRequest:
    """A request that says it is a test, on the site's own way through the desk."""
    return NewSessionRequest(
        department=site.department,
        tech=site.technician,
        customer_name="Handbell check",
        problem_description="This is a test, made by `handbell check --live`. Nobody needs help: please close it.",
        show_waiting_queue=site.show_waiting_queue,
    )


def try_session(site: Site, backend: TakeControl | TakeControlRest) -> Trial:
    """Open one session of the site at its vendor. Never raises for what the vendor does."""
    called = f"called       {backend.address}"
    try:
        answer = backend.ask(trial_request(site), _AS_A_CUSTOMER, look=True)
    except (Refused, Unavailable) as failed:
        return Trial((called, *_failed(failed)), good=False)
    shown = (called, *_shown(answer, backend.key))
    try:
        opened = understand(answer, backend.vendor, backend.address)
    except (Refused, Unavailable) as failed:
        return Trial((*shown, *_failed(failed)), good=False)
    good = opened.start is not Start.BROWSER or site.backend in (TAKE_CONTROL, TAKE_CONTROL_BROWSER)
    return Trial((*shown, *_understood(site, opened, backend.key)), good)


def masked(text: str, key: str) -> str:
    """The text with the key as `[key]`, however it is written: plain, in addresses, HTML, JSON or base64."""
    # `UUID|department` may come back as the UUID alone.
    secrets = sorted({key, key.partition("|")[0]}, key=len, reverse=True)
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET or secret == key:
            for spelling in (_spelled(secret), *_in_base64(secret)):
                text = re.sub(spelling, "[key]", text, flags=re.IGNORECASE)
    return text


def _shown(answer: VendorAnswer, key: str) -> Iterator[str]:
    yield f"status       {answer.head.status}"
    for name in ("content-type", "location", "content-disposition", "retry-after"):
        if value := answer.head.headers.get(name):
            yield f"{name:<12} {_one_line(masked(value, key))}"
    if answer.applet:
        yield f"body         a file of {answer.applet.size} bytes, {masked(answer.applet.name, key)}"
    elif answer.body is None:
        yield "body         too long, or badly encoded"
    elif answer.body:
        text = answer.body[:_LOOKED_AT].decode("utf-8", "replace")
        yield f"body         {_one_line(masked(text, key))}"
    else:
        yield "body         empty"


def _understood(site: Site, opened: Opened, key: str) -> Iterator[str]:
    own = TAKE_CONTROL_REST if site.backend == TAKE_CONTROL_REST else TAKE_CONTROL
    match opened.start:
        case Start.LINK:
            yield f"understood   a link to the applet, on {urlsplit(opened.link or '').hostname}"
            yield f"choose       --backend {own}"
        case Start.FILE:
            yield "understood   the applet itself"
            yield f"choose       --backend {own}"
        case _:
            yield "understood   a session was opened, but the answer does not say where its applet is"
            yield f"choose       --backend {TAKE_CONTROL_BROWSER}"
    numbers = {"session": opened.session_id, "ticket": opened.ticket_number, "PIN": opened.pin}
    if told := ", ".join(f"{name} {value}" for name, value in numbers.items() if value):
        yield f"numbers      {masked(told, key)}"
    yield 'close        the session of "Handbell check" in your console'


def _failed(failed: Refused | Unavailable) -> Iterator[str]:
    if isinstance(failed, Refused):
        yield f"refused      {failed}"
        yield "change       --key or --api-domain, after what the vendor's admin area shows"
    else:
        yield f"failed       {failed}"
        sent = "the session may exist all the same; look into your console" if failed.maybe_sent else "nothing was sent"
        yield f"try          again later; {sent}"


def _one_line(text: str) -> str:
    """The beginning, without anything that could steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN]


def _spelled(secret: str) -> str:
    """A pattern of the secret with each character plain or escaped."""
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
    """Patterns of the secret within base64 of something longer, at each of the three places that it can begin."""
    for before in range(3):
        raw = bytes(before) + secret.encode("utf-8", "replace")
        whole = base64.b64encode(raw).decode().rstrip("=")
        # The characters at both ends bear bits of what stands around.
        inner = whole[(before * 8 + 5) // 6 : len(raw) * 8 // 6]
        if len(inner) >= _SHORTEST_SECRET:
            yield "".join({"+": "(?:[+-]|%2b)", "/": r"(?:\\?/|_|%2f)"}.get(c, c) for c in inner)
