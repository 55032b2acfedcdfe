"""A form's additional fields, as a short list for technicians."""

import re
from collections.abc import Iterable

from app.core.text import is_blank, normal_newlines, without_control

MOST_FIELDS = 20
MOST_BYTES = 2048  # names and values together, as UTF-8
LONGEST_NAME = 64  # characters

# ASP.NET's pages name controls by their kind: txtRoom, ddlFloor, btnSend, hfToken.
_CONTROL = re.compile(r"(txt|ddl|cbo|cmb|lst|chk|cbl|rdo|rbl|rb|tb|btn|lnk|hdn|hid|hf)(?=[A-Z])")
_NOT_TYPED = frozenset({"btn", "lnk", "hdn", "hid", "hf"})
_NEW_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")

More = tuple[tuple[str, str], ...]


def short_list(pairs: Iterable[tuple[str, str]]) -> More:
    """The first fields that fit, the last one cut; blank fields, and names that begin with `_`, are left out.

    Such names are technical fields of the sending page (`__VIEWSTATE`, `_token`), not the customer's words; so are the
    buttons and hidden fields of its framework (see `readable_name`).
    """
    kept: list[tuple[str, str]] = []
    room = MOST_BYTES
    for raw_name, raw_value in pairs:
        name = " ".join(readable_name(without_control(raw_name)).split())[:LONGEST_NAME].strip()
        value = without_control(normal_newlines(raw_value)).strip()
        if not name or name.startswith("_") or is_blank(value):
            continue
        room -= len(name.encode())
        value = _cut(value, room)
        if len(kept) == MOST_FIELDS or not value:
            break
        room -= len(value.encode())
        kept.append((name, value))
    return tuple(kept)


def readable_name(name: str) -> str:
    """A field's name without what its page's framework adds: `ctl00$Main$txtRoomNumber` is `Room Number`, `rooms[]` is
    `rooms`. Empty for buttons and hidden fields of such a framework."""
    short = name.removesuffix("[]")
    if "$" not in short:
        return short
    last = short.rpartition("$")[2]
    kind = _CONTROL.match(last)
    if kind and kind[1] in _NOT_TYPED:
        return ""
    words = last[kind.end(1) :] if kind else last
    return _NEW_WORD.sub(" ", words)


def more_problem(pairs: Iterable[tuple[str, str]]) -> str | None:
    """The fault in a list sent by a program, as a sentence; None when the whole list can be stored."""
    given = [(name, value) for name, value in pairs if not is_blank(value)]
    if len(given) > MOST_FIELDS:
        return f"has {len(given)} members; at most {MOST_FIELDS} are allowed"
    if sum(len(name.encode()) + len(value.encode()) for name, value in given) > MOST_BYTES:
        return f"is larger than {MOST_BYTES} bytes"
    if any(len(name) > LONGEST_NAME or is_blank(name) for name, _ in given):
        return f"has a name that is empty or longer than {LONGEST_NAME} characters"
    return None


def as_lines(more: More) -> str:
    """One line for each field, to append to a problem description."""
    return "\n".join(f"{name}: {' '.join(value.split())}" for name, value in more)


def with_more(text: str | None, more: More, limit: int) -> str | None:
    """The problem description with these lines below it, cut to `limit` characters at its end."""
    if not more:
        return text
    lines = as_lines(more)
    whole = f"{text}\n\n{lines}" if text else lines
    return whole[:limit].rstrip() if len(text or "") + 2 < limit else text


def _cut(value: str, room: int) -> str:
    if room <= 0:
        return ""
    raw = value.encode()
    return value if len(raw) <= room else raw[:room].decode(errors="ignore").rstrip()
