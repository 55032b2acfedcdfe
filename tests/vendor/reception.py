"""Which calls the stand-in accepts: paths, methods, keys, encodings and the documented limits, independent of our code.

It is not documented whether the real service refuses or shortens texts that are too long; the stand-in refuses them, so
that tests notice.
"""

import json
from urllib.parse import parse_qsl

from tests.vendor.records import Asked, Flavour
from tests.vendor.wire import Incoming

FORM_PATHS = ("/integration/integration_api.php", "/integration/integration.php")
REST_PATH = "/rest/session"
_LIMITS = {"customer_name": 128, "customer_email": 64, "customer_number": 32, "problem_description": 1024}
_FORM_TYPE = "application/x-www-form-urlencoded"


class Rejected(Exception):
    """The call gets this status and opens nothing."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def flavour_of(path: str) -> Flavour | None:
    """The API's flavour at a path; None for other paths."""
    if path == REST_PATH:
        return Flavour.REST
    return Flavour.FORM if path in FORM_PATHS else None


def received(call: Incoming, flavour: Flavour, key: str) -> Asked:
    """The parameters of a good call. Raises Rejected for any other."""
    fields = _rest(call, key) if flavour is Flavour.REST else _form(call, key)
    for name, limit in _LIMITS.items():
        if len(str(fields.get(name) or "")) > limit:
            raise Rejected(400, f"{name} is longer than {limit} characters")
    return Asked(flavour, fields)


def _form(call: Incoming, key: str) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in _pairs(call):
        folded = name.strip().lower()
        if fields.setdefault(folded, value) != value:
            raise Rejected(400, f"{folded} is given twice")
    uid = str(fields.get("uid", ""))
    if not uid:
        raise Rejected(400, "uid is missing")
    if uid != key and uid.partition("|")[0] != key:
        raise Rejected(403, "wrong key")
    return fields


def _pairs(call: Incoming) -> list[tuple[str, str]]:
    if call.method not in ("GET", "POST"):
        raise Rejected(405, "GET or POST")
    sent = [call.query]
    if call.method == "POST":
        if _media_type(call) != _FORM_TYPE:
            raise Rejected(415, f"the body must be {_FORM_TYPE}")
        sent.append(_text(call.body))
    try:
        return [pair for text in sent for pair in parse_qsl(text, keep_blank_values=True, errors="strict")]
    except UnicodeDecodeError:
        raise Rejected(400, "not UTF-8") from None


def _rest(call: Incoming, key: str) -> dict[str, object]:
    if call.method != "POST":
        raise Rejected(405, "POST")
    scheme, _blank, bearer = call.headers.get("authorization", "").partition(" ")
    sent = call.headers.get("integration-key") or (bearer if scheme.lower() == "bearer" else "")
    if sent != key:
        raise Rejected(403, "wrong key")
    if _media_type(call) != "application/json":
        raise Rejected(415, "the body must be application/json")
    try:
        body = json.loads(_text(call.body))
    except ValueError:
        raise Rejected(400, "not JSON") from None
    if not isinstance(body, dict):
        raise Rejected(400, "not an object")
    return {name.lower(): value for name, value in body.items()}


def _media_type(call: Incoming) -> str:
    return call.headers.get("content-type", "").partition(";")[0].strip().lower()


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Rejected(400, "not UTF-8") from None
