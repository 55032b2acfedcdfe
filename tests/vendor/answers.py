"""The stand-in's answers as bytes: documented ones, guessed ones, and hostile ones."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape
from http import HTTPStatus
from typing import Any

from tests.vendor.knobs import Answers, Knobs
from tests.vendor.records import Flavour
from tests.vendor.wire import Answer

LINK_KEYS = (
    "session_link",
    "support_link",
    "install_link",
    "applet_url",
    "download_url",
    "link",
    "url",
)
# Content-Disposition headers of real servers, with the intended name; None where there is none.
DISPOSITIONS: dict[str, str | None] = {
    'attachment; filename="TakeControl-Applet.exe"': "TakeControl-Applet.exe",
    "attachment; filename=TakeControl-Applet.exe": "TakeControl-Applet.exe",
    'ATTACHMENT; FILENAME="TakeControl-Applet.exe"': "TakeControl-Applet.exe",
    'attachment;filename="TakeControl-Applet.exe";size=4096': "TakeControl-Applet.exe",
    'attachment; filename="Take Control; Applet.exe"': "Take Control; Applet.exe",
    'attachment; filename="Take \\"Control\\".exe"': 'Take "Control".exe',
    "attachment; filename*=UTF-8''Fernhilfe%20f%C3%BCr%20Kunden.exe": "Fernhilfe für Kunden.exe",
    "attachment; filename=\"Fernhilfe.exe\"; filename*=utf-8'de'Fernhilfe%20f%C3%BCr%20Kunden.exe": (
        "Fernhilfe für Kunden.exe"
    ),
    "attachment; filename*=iso-8859-1''Fernhilfe%20f%FCr%20Kunden.exe": "Fernhilfe für Kunden.exe",
    "attachment": None,
    'attachment; filename=""': None,
}
# Names that are no file names: no file may leave the folder, and no header may break.
HOSTILE_DISPOSITIONS = (
    'attachment; filename="../../etc/passwd"',
    'attachment; filename="..\\..\\Windows\\evil.exe"',
    'attachment; filename="C:\\evil.exe"',
    'attachment; filename="/etc/passwd"',
    "attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd",
    "attachment; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20a%3Db.exe",
    "attachment; filename*=UTF-8''a%00.exe",
    "attachment; filename*=UTF-8''%E2%80%AEexe.txt",
    "attachment; filename*=no-such-charset''a.exe",
    "attachment; filename*=UTF-8''%FF%FE.exe",
    'attachment; filename=".."',
    'attachment; filename="CON"',
    f'attachment; filename="{"a" * 5000}.exe"',
)
EXECUTABLE = "application/octet-stream"
_HTML = ("Content-Type", "text/html; charset=UTF-8")
_JSON = ("Content-Type", "application/json")
_XML = ("Content-Type", "text/xml; charset=utf-8")
_HUGE = 10 * 1024 * 1024
_BOMB_MIB = 256


@dataclass(frozen=True, slots=True)
class Ticket:
    """The values in the answer to a good call; empty when no session was opened."""

    flavour: Flavour
    session_id: str = ""
    number: int = 0
    pin: str = ""
    link: str = ""


def answer_to(answers: Answers, ticket: Ticket, knobs: Knobs) -> Answer:
    """The answer of the chosen kind."""
    return _MADE[answers](ticket, knobs)


def refusal(status: int, flavour: Flavour, why: str = "", **headers: str) -> Answer:
    """An error in the flavour's form: the envelope, or a page."""
    why = why or HTTPStatus(status).phrase
    extra = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    if flavour is Flavour.REST:
        return Answer(status, _envelope(None, status, why), (_JSON, *extra))
    page = f"<!doctype html><title>{status}</title><h1>{escape(why)}</h1>"
    return Answer(status, page.encode(), (_HTML, *extra))


def applet_file(size: int) -> bytes:
    """An applet of this many bytes; like a Windows program it begins with MZ."""
    return (b"MZ\x90\x00" + bytes(range(256)) * (size // 256 + 1))[:size]


def _redirect(status: int) -> Callable[[Ticket, Knobs], Answer]:
    def made(ticket: Ticket, knobs: Knobs) -> Answer:
        return Answer(status, headers=(("Location", ticket.link),))

    return made


def _documented(ticket: Ticket, knobs: Knobs) -> Answer:
    return answer_to(Answers.ENVELOPE if ticket.flavour is Flavour.REST else Answers.REDIRECT, ticket, knobs)


def _attachment(ticket: Ticket, knobs: Knobs) -> Answer:
    body = applet_file(knobs.file_size)
    return Answer(200, body, (("Content-Type", EXECUTABLE), ("Content-Disposition", knobs.disposition)))


def _details(ticket: Ticket, knobs: Knobs) -> dict[str, Any]:
    told = {"session_id": ticket.session_id, "ticket_number": ticket.number, "pin_number": ticket.pin}
    return {**told, knobs.link_key: ticket.link}


def _envelope(details: dict[str, Any] | None, code: int | None = None, why: str | None = None) -> bytes:
    result = "ERROR" if details is None else "SUCCESS"
    error = {"errorCode": code, "errorMsg": why}
    return json.dumps({"result": result, "details": details, "errorDetails": error}).encode()


def _json(value: object) -> Answer:
    return Answer(200, json.dumps(value).encode(), (_JSON,))


def _xml(ticket: Ticket, knobs: Knobs, *, details: bool = False) -> Answer:
    told = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in _details(ticket, knobs).items())
    inner = f"<details>{told}</details>" if details else told
    return _xml_text(f"<response><result>SUCCESS</result>{inner}</response>")


def _xml_text(text: str) -> Answer:
    return Answer(200, f'<?xml version="1.0" encoding="utf-8"?>\n{text}'.encode(), (_XML,))


def _page(body: str, head: str = "", status: int = 200) -> Answer:
    html = (
        f"<!DOCTYPE html><html><head><title>Remote support</title><link rel=stylesheet href=/style.css>{head}</head>"
        f'<body><h1>Remote support</h1>{body}<a href="https://www.example.com/privacy">Privacy</a></body></html>'
    )
    return Answer(status, html.encode(), (_HTML,))


def _refresh(ticket: Ticket, knobs: Knobs) -> Answer:
    return _page("<p>One moment</p>", f'<META HTTP-EQUIV="Refresh" CONTENT="3; URL={escape(ticket.link)}">')


def _download(ticket: Ticket, knobs: Knobs) -> Answer:
    return _page(f'<a href="#top">Top</a><a class=button href="{escape(ticket.link)}">Download</a>')


def _form(ticket: Ticket, knobs: Knobs) -> Answer:
    return _page(f'<form method="get" action="{escape(ticket.link)}"><button>Download</button></form>')


def _laughs() -> Answer:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return _xml_text(f'<!DOCTYPE r [<!ENTITY l0 "lol">{levels}]><r><session_link>&l9;</session_link></r>')


def _entities(ticket: Ticket, knobs: Knobs) -> Answer:
    outside = "".join(
        f'<!ENTITY {name} SYSTEM "{address}">'
        for name, address in (("file", "file:///etc/passwd"), ("fetched", ticket.link))
    )
    return _xml_text(f"<!DOCTYPE r [{outside}]><r><session_link>&file;&fetched;</session_link></r>")


@cache
def _bomb() -> Answer:
    members = gzip.compress(b" " * 1024 * 1024) * _BOMB_MIB
    return Answer(200, members, (_JSON, ("Content-Encoding", "gzip")))


def _error(status: int) -> Callable[[Ticket, Knobs], Answer]:
    def made(ticket: Ticket, knobs: Knobs) -> Answer:
        wait = {"Retry_After": knobs.retry_after} if knobs.retry_after is not None and status in (429, 503) else {}
        return refusal(status, ticket.flavour, **wait)

    return made


_MADE: dict[Answers, Callable[[Ticket, Knobs], Answer]] = {
    Answers.DOCUMENTED: _documented,
    Answers.REDIRECT: _redirect(302),
    Answers.REDIRECT_SEE_OTHER: _redirect(303),
    Answers.REDIRECT_TEMPORARY: _redirect(307),
    Answers.REDIRECT_RELATIVE: lambda ticket, knobs: Answer(
        302, headers=(("Location", f"/applet/{ticket.session_id}"),)
    ),
    Answers.REDIRECT_NOWHERE: lambda ticket, knobs: Answer(302),
    Answers.ATTACHMENT: _attachment,
    Answers.OCTET_STREAM: lambda ticket, knobs: Answer(
        200, applet_file(knobs.file_size), (("Content-Type", EXECUTABLE),)
    ),
    Answers.JSON: lambda ticket, knobs: _json(_details(ticket, knobs)),
    Answers.JSON_DETAILS: lambda ticket, knobs: _json({"details": _details(ticket, knobs)}),
    Answers.ENVELOPE: lambda ticket, knobs: Answer(200, _envelope(_details(ticket, knobs)), (_JSON,)),
    Answers.XML: _xml,
    Answers.XML_DETAILS: lambda ticket, knobs: _xml(ticket, knobs, details=True),
    Answers.HTML_REFRESH: _refresh,
    Answers.HTML_LINK: _download,
    Answers.HTML_FORM: _form,
    Answers.WAITING_PAGE: lambda ticket, knobs: _page("<p>One moment</p><script>history.length</script>"),
    Answers.EMPTY: lambda ticket, knobs: Answer(200),
    Answers.HUGE: lambda ticket, knobs: _page("<p>" + "x" * _HUGE),
    Answers.GZIP_BOMB: lambda ticket, knobs: _bomb(),
    Answers.BROKEN_JSON: lambda ticket, knobs: Answer(200, _json(_details(ticket, knobs)).body[:-9], (_JSON,)),
    Answers.DEEP_JSON: lambda ticket, knobs: Answer(200, b"[" * 100_000 + b"]" * 100_000, (_JSON,)),
    Answers.XML_ENTITIES: _entities,
    Answers.XML_LAUGHS: lambda ticket, knobs: _laughs(),
    Answers.BAD_REQUEST: _error(400),
    Answers.FORBIDDEN: _error(403),
    Answers.TOO_MANY: _error(429),
    Answers.SERVER_ERROR: _error(500),
    Answers.BAD_GATEWAY: _error(502),
    Answers.UNAVAILABLE: _error(503),
    Answers.GATEWAY_TIMEOUT: _error(504),
    Answers.ERROR_PAGE: lambda ticket, knobs: _page("<p>Something went wrong.</p>" * 500, status=500),
    Answers.ERROR_ENVELOPE: lambda ticket, knobs: Answer(200, _envelope(None, 400, "Invalid department"), (_JSON,)),
}
