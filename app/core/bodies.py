"""Request bodies, parsed strictly: input that a lenient parser would guess at is refused with the reason."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isinf
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote_to_bytes

from app.core.encodings import codec_of

MAX_BODY = 64 * 1024  # bytes
MAX_FIELDS = 100
MAX_DEPTH = 8
_WRITTEN_OUT = re.compile(r"&#([0-9]{2,7});")


class BadBody(ValueError):
    """A body or query string that cannot be read; `status` is the status to answer with."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


class BadForm(BadBody):
    """A form that cannot be taken as it is; `pairs` are what could be read of it, in UTF-8."""

    def __init__(self, why: str, pairs: Sequence[tuple[bytes, bytes]], status: int = 400) -> None:
        super().__init__(why, status)
        self.pairs = [(name.decode("utf-8", "ignore"), value.decode("utf-8", "ignore")) for name, value in pairs]


class BadText(BadForm):
    """Text that is not in its encoding; the characters that cannot be read are left out."""


def form_pairs(raw: bytes) -> list[tuple[str, str]]:
    """Name and value pairs of an urlencoded body or query string in UTF-8. Raises BadBody."""
    if not raw:
        return []
    if raw.count(b"&") >= MAX_FIELDS:
        raise BadForm(f"more than {MAX_FIELDS} fields", _split(raw.split(b"&")[:MAX_FIELDS]), 413)
    try:
        return parse_qsl(raw.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        why = "the text is not valid UTF-8; send it percent-encoded as UTF-8"
        raise BadText(why, raw_form_pairs(raw)) from None


def raw_form_pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Name and value pairs as bytes, in any encoding. Raises BadBody (413) for too many."""
    parts = [part for part in raw.split(b"&") if part]
    if len(parts) > MAX_FIELDS:
        raise BadForm(f"more than {MAX_FIELDS} fields", _split(parts[:MAX_FIELDS]), 413)
    return _split(parts)


def beginning_of_form(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Name and value pairs of an urlencoded body that was cut off anywhere."""
    return _split(raw.split(b"&")[:MAX_FIELDS])


def _split(parts: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
    split = (part.replace(b"+", b" ").partition(b"=") for part in parts)
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in split]


@dataclass(frozen=True, slots=True)
class DecodedForm:
    """Name and value pairs; `guessed` when no encoding was declared and the text is not UTF-8."""

    pairs: list[tuple[str, str]]
    guessed: bool = False


def decoded_form(pairs: Sequence[tuple[bytes, bytes]], declared: str | None) -> DecodedForm:
    """Decode pairs by the field `_charset_`, else by the content type (`declared`), else as UTF-8.

    Text that is not UTF-8 and declares no encoding is read as windows-1252, the encoding of most such pages; the
    customer has to check it. Raises BadBody.
    """
    said = next((value for name, value in pairs if name == b"_charset_" and value.strip()), b"")
    label = said.decode("ascii", "replace") or declared
    codec = codec_of(label) if label else "utf-8"
    if codec is None:
        raise BadText(f"the encoding {label!r} is not known here; send the form as UTF-8", pairs)
    try:
        return DecodedForm(_decoded(pairs, codec))
    except UnicodeDecodeError:
        if label:
            raise BadText(f"the text is not valid {label}", pairs) from None
    try:
        return DecodedForm(_decoded(pairs, "cp1252"), guessed=True)
    except UnicodeDecodeError:
        raise BadText("the text is not valid UTF-8, and no other encoding is declared", pairs) from None


def _decoded(pairs: Sequence[tuple[bytes, bytes]], codec: str) -> list[tuple[str, str]]:
    decoded = [(name.decode(codec), value.decode(codec)) for name, value in pairs]
    return decoded if codec == "utf-8" else [(name, _with_characters(value, codec)) for name, value in decoded]


def _with_characters(value: str, codec: str) -> str:
    """The text with the characters that a browser wrote as `&#8470;`, as the page's encoding lacks them."""

    def character(written: re.Match[str]) -> str:
        number = int(written[1])
        if number > sys.maxunicode or 0xD800 <= number < 0xE000:
            return written[0]
        try:
            chr(number).encode(codec)
        except UnicodeEncodeError:
            return chr(number)
        return written[0]

    return _WRITTEN_OUT.sub(character, value) if "&#" in value else value


def json_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in a body. Refuses input that JSON parsers read differently: see security.md section 6.

    A byte order mark is ignored, and `[]`, which PHP writes for an empty array, is an empty object.
    """
    try:
        value = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise BadBody("the body is not valid UTF-8") from None
    except RecursionError:
        raise BadBody(_TOO_DEEP) from None
    except ValueError as error:
        raise BadBody(f"the body is not valid JSON: {error}") from None
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise BadBody("the body must be a JSON object")
    _check(value, 1)
    return value


_TOO_DEEP = f"the JSON is nested deeper than {MAX_DEPTH}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is given twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _check(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadBody(_TOO_DEEP)
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float) and isinf(value):
        raise BadBody("a number is out of range")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_text(name)
            _check(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth + 1)


def _check_text(value: str) -> None:
    if "\x00" in value:
        raise BadBody("a text contains U+0000")
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        raise BadBody("a text contains half a surrogate pair")
