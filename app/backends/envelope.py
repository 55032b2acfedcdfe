"""JSON and XML answers: find the link, the ids and the PIN under any of their known names."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

MOST_PARSED = 1_000_000  # bytes; the vendor's own are a few hundred
_LONGEST_ID = 128  # characters

_LINKS = ("session_link", "support_link", "install_link", "applet_url", "download_url", "link", "url")
_SESSION_IDS = ("session_id", "request_id", "id")
_TICKET_NUMBERS = ("ticket_number",)
_PINS = ("pin_number", "pin_code", "pin")
_NAMES = {*_LINKS, *_SESSION_IDS, *_TICKET_NUMBERS, *_PINS, "result", "details", "errordetails", "errorcode"}
_XML_START = re.compile(rb"\s*<\?xml\b|\s*<(?!!doctype\s+html|html[\s>])[a-z_!]", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The contents of an answer.

    `failed` says that the vendor refused, with `error_code` where it gave one. `link` is unchecked; ids and PIN are
    printable and at most 128 characters.
    """

    failed: bool = False
    error_code: int | None = None
    link: str | None = None
    session_id: str | None = None
    ticket_number: str | None = None
    pin: str | None = None


def read_envelope(body: bytes, media_type: str | None) -> Envelope | None:
    """The envelope in a body of JSON or XML; None when it is neither, or malformed."""
    body = body.removeprefix(_BOM)
    if len(body) > MOST_PARSED:
        return None
    if body.lstrip()[:1] in (b"{", b"["):
        value = _json(body)
    elif _is_xml(body, media_type or ""):
        value = _xml(body)
    else:
        return None
    top = next((member for member in _objects(value)), None)
    return None if top is None else _envelope(top)


def _envelope(top: Mapping[str, Any]) -> Envelope:
    result = top.get("result")
    result = result.strip().upper() if isinstance(result, str) else None
    code = next((_code(found.get("errorcode")) for found in _objects(top.get("errordetails"))), None)
    if result == "ERROR" or (result is None and code is not None):
        return Envelope(failed=True, error_code=code)
    inside = [*_objects(top.get("details")), top]
    return Envelope(
        link=_first(inside, _LINKS, _text),
        session_id=_first(inside, _SESSION_IDS, _id),
        ticket_number=_first(inside, _TICKET_NUMBERS, _id),
        pin=_first(inside, _PINS, _id),
    )


def _first(
    inside: Sequence[Mapping[str, Any]], names: Sequence[str], read: Callable[[object], str | None]
) -> str | None:
    """The first value, by the order of names, then inner objects before outer ones."""
    values = (read(values.get(name)) for name in names for values in inside)
    return next((value for value in values if value), None)


def _text(value: object) -> str | None:
    return value.strip() if isinstance(value, str) else None


def _id(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = _text(value)
    return text if text and text.isprintable() and len(text) <= _LONGEST_ID else None


def _code(value: object) -> int | None:
    text = _id(value)
    return int(text) if text and re.fullmatch("[0-9]{1,6}", text) else None


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """The value itself when it is an object, or the objects in a list."""
    for member in value[:8] if isinstance(value, list) else [value]:
        if isinstance(member, Mapping):
            yield member


def _json(body: bytes) -> object:
    try:
        # One broken character in some other text must not hide the link.
        text = body.decode("utf-8", "replace")
        return json.loads(text, object_pairs_hook=_folded, parse_int=_integer)
    except (ValueError, RecursionError):
        return None


def _folded(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Members by lower-case name. Raises ValueError when a known name occurs twice with different values."""
    found: dict[str, Any] = {}
    for raw_name, value in pairs:
        name = raw_name.strip().lower()
        if name in _NAMES and name in found and found[name] != value:
            raise ValueError("twice")
        found[name] = value
    return found


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_ID else None


def _is_xml(body: bytes, media_type: str) -> bool:
    if media_type.endswith("xhtml+xml") or not _XML_START.match(body):
        return False
    return media_type.endswith(("/xml", "+xml")) or body.lstrip()[:5].lower() == b"<?xml"


def _xml(body: bytes) -> object:
    """Elements as members, by lower-case name without namespace, two levels deep."""
    try:
        root = fromstring(body)
        return None if _name(root).lower() == "html" else _folded([(_name(child), _value(child)) for child in root])
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None


def _value(element: Element) -> object:
    if len(element) == 0:
        return element.text or ""
    return _folded([(_name(child), child.text or "") for child in element])


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
