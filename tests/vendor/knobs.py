"""The settings of the stand-in, in this process or another: one value, from JSON or a command line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

# Contains every character that an encoding could damage, as real keys do.
KEY = "Zm9v+YmFy/cXV4+MTIzNDU2Nzg5MC9hYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODkrLz0rLw/+aA=="
VENDOR_APPLET = "https://applets.startcontrol.com/download/{id}"
OWN_APPLET = "http://127.0.0.1:{port}/applet/{id}"


class Answers(StrEnum):
    """The answer to a good call."""

    DOCUMENTED = "documented"  # a redirect to the form flavour, the envelope to the REST flavour
    REDIRECT = "redirect"
    REDIRECT_SEE_OTHER = "redirect-see-other"
    REDIRECT_TEMPORARY = "redirect-temporary"  # 307
    REDIRECT_RELATIVE = "redirect-relative"  # to a path on the same host
    REDIRECT_NOWHERE = "redirect-nowhere"  # without Location
    ATTACHMENT = "attachment"
    OCTET_STREAM = "octet-stream"
    JSON = "json"
    JSON_DETAILS = "json-details"
    ENVELOPE = "envelope"
    XML = "xml"
    XML_DETAILS = "xml-details"
    HTML_REFRESH = "html-refresh"
    HTML_LINK = "html-link"
    HTML_FORM = "html-form"
    WAITING_PAGE = "waiting-page"
    EMPTY = "empty"
    HUGE = "huge"  # 10 MB of HTML
    GZIP_BOMB = "gzip-bomb"  # 256 MB out of a quarter of one
    BROKEN_JSON = "broken-json"
    DEEP_JSON = "deep-json"
    XML_ENTITIES = "xml-entities"  # external ones: a file, an address
    XML_LAUGHS = "xml-laughs"  # a billion
    BAD_REQUEST = "400"
    FORBIDDEN = "403"
    TOO_MANY = "429"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    ERROR_PAGE = "error-page"  # a long HTML page with status 500
    ERROR_ENVELOPE = "error-envelope"  # the envelope says ERROR, the status 200

    @property
    def opens(self) -> bool:
        """Whether it opens a session."""
        return self not in _OPEN_NOTHING


_OPEN_NOTHING = frozenset(
    {
        Answers.BAD_REQUEST,
        Answers.FORBIDDEN,
        Answers.TOO_MANY,
        Answers.SERVER_ERROR,
        Answers.BAD_GATEWAY,
        Answers.UNAVAILABLE,
        Answers.GATEWAY_TIMEOUT,
        Answers.ERROR_PAGE,
        Answers.ERROR_ENVELOPE,
    }
)


class Failure(StrEnum):
    """How a call fails."""

    REFUSED = "refused"  # reset as soon as it is connected, before anything is sent
    RESET_BEFORE = "reset-before"  # reset once the request has arrived, before it is read
    RESET_AFTER = "reset-after"  # read, the session opened, then reset instead of an answer
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    TIMEOUT_AFTER = "504-after"  # the session opened, then 504

    @property
    def opens(self) -> bool:
        return self in (Failure.RESET_AFTER, Failure.TIMEOUT_AFTER)


class Outage(StrEnum):
    """A state in which all calls fail."""

    NONE = "none"
    REFUSED = "refused"  # the port is closed; open connections are reset
    UNAVAILABLE = "unavailable"  # 503 to everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """The settings at one moment; a call keeps those it began with.

    `link` is the applet's address: `{id}` becomes the session's id and `{port}` the stand-in's port, anything else is
    sent unchanged. `delay` and `hang` are seconds between reading a call (which opens the session) and answering it;
    `release()` ends a hang. `failing` is the share of calls that fail, from 0 to 1, in ways taken from `failures` by a
    random series that restarts with `seed`. `disposition` is the Content-Disposition of ATTACHMENT and `file_size` its
    bytes; `retry_after` is the Retry-After of 429 and 503. `closes_quietly` closes the connection after an answer that
    did not announce it.
    """

    answers: Answers = Answers.DOCUMENTED
    delay: float = 0.0
    hang: float = 0.0
    outage: Outage = Outage.NONE
    failing: float = 0.0
    failures: tuple[Failure, ...] = tuple(Failure)
    seed: int = 1
    key: str = KEY
    link: str = VENDOR_APPLET
    link_key: str = "session_link"
    disposition: str = 'attachment; filename="TakeControl-Applet.exe"'
    file_size: int = 4096
    retry_after: str | None = None
    keep_alive: bool = True
    closes_quietly: bool = False
    chunked: bool = False

    def changed(self, settings: Mapping[str, Any]) -> Self:
        """The settings with these changes, as written in JSON or a command line. Raises ValueError for unknown ones."""
        if unknown := [name for name in settings if name not in _READ]:
            raise ValueError(f"no such knob: {', '.join(unknown)}; there are {', '.join(_READ)}")
        return replace(self, **{name: _READ[name](value) for name, value in settings.items()})

    def plain(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]


def _failures(value: Any) -> tuple[Failure, ...]:
    return tuple(Failure(kind) for kind in (value.split(",") if isinstance(value, str) else value))


_READ: dict[str, Callable[[Any], object]] = {
    "answers": Answers,
    "delay": float,
    "hang": float,
    "outage": Outage,
    "failing": float,
    "failures": _failures,
    "seed": int,
    "key": str,
    "link": str,
    "link_key": str,
    "disposition": str,
    "file_size": int,
    "retry_after": _text_or_none,
    "keep_alive": _flag,
    "closes_quietly": _flag,
    "chunked": _flag,
}
