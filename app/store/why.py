"""Why a request waits, is parked or is suspect, as three columns: the code, its values, and `last_error`.

The column `last_error` holds the sentence of a version that knew no codes; this version leaves it empty. In JSON and
exports, the member `last_error` is the English text in either case.
"""

from typing import Any

from app.core.why import Why, WhyCode

COLUMNS = ("why", "why_values", "last_error")
NOTHING: dict[str, Any] = dict.fromkeys(COLUMNS)

_ENGLISH = {
    WhyCode.TRAP: "suspect: the field that nobody sees was filled in",
    WhyCode.TOO_FAST: "suspect: sent within two seconds",
    WhyCode.NO_CHECK: "suspect: many requests from one address, and no solved check",
    WhyCode.CHECK_USED: "suspect: its solved check was used before",
    WhyCode.BAD_KEY: "the vendor answered {status}: the account key is wrong, disabled or expired",
    WhyCode.BAD_VALUE: "the vendor answered {status}: it does not take a value of this request; "
    "check the department and the technician",
    WhyCode.BAD_ADDRESS: "the vendor answered {status}: there is no New Session API at this address; "
    "check the API domain",
    WhyCode.TOO_LONG: "the vendor answered {status}: the request is too long for it",
    WhyCode.TOO_MANY: "the vendor answered {status}: it gets too many requests",
    WhyCode.REQUEST_LATE: "the vendor answered {status}: it did not get the whole request in time",
    WhyCode.TOO_EARLY: "the vendor answered {status}: it wants the request later",
    WhyCode.VENDOR_FAILED: "the vendor answered {status}: it failed",
    WhyCode.GATEWAY_FAILED: "the vendor answered {status}: a server before it failed",
    WhyCode.NOT_AVAILABLE: "the vendor answered {status}: it is not available",
    WhyCode.GATEWAY_LATE: "the vendor answered {status}: a server before it waited too long",
    WhyCode.STATUS: "the vendor answered {status}",
    WhyCode.OTHER_ADDRESS: "the vendor answered with another address of its API; check the API domain",
    WhyCode.NOT_TAKEN: "the vendor answered ERROR: it does not take this request",
    WhyCode.NO_SUCH_NAME: "the name {host} cannot be looked up",
    WhyCode.CERTIFICATE_EXPIRED: "the certificate of {host} has expired",
    WhyCode.CERTIFICATE_UNTRUSTED: "the certificate of {host} is not from an authority that this machine trusts",
    WhyCode.CERTIFICATE_NAME: "the certificate of {host} is for another name",
    WhyCode.CERTIFICATE: "the certificate of {host} cannot be trusted",
    WhyCode.UNREACHABLE: "{host} cannot be reached in time",
    WhyCode.NO_TLS: "no secure connection with {host} can be made",
    WhyCode.NO_CONNECTION: "{host} does not accept connections",
    WhyCode.NO_ANSWER: "{host} did not answer in time",
    WhyCode.BROKEN_OFF: "{host} broke off the connection before its answer was complete",
    WhyCode.NOT_PUBLIC: "{host} is not a public address; change it, or list its network in HANDBELL_PRIVATE_TARGETS",
    WhyCode.NO_KEY: "the site has no account key; set one: handbell site set --key-file",
    WhyCode.KEY_SEALED: "the account key cannot be opened with the keys file; see: handbell check",
    WhyCode.MALFORMED_KEY: "the account key is not one: it has characters that no key has, or too many; set it again",
    WhyCode.NOT_WRITTEN: "the applet cannot be written to disk",
    WhyCode.NO_ROOM: "the applet was not kept: kept files have reached HANDBELL_FILES_MAX",
    WhyCode.STALE: "the vendor could not be reached for 30 minutes",
    WhyCode.WORKER_DIED: "its worker died",
    WhyCode.WORKERS_DIED: "its worker died three times",
    WhyCode.RESTORED: "the database was restored or failed over while it was being opened",
    WhyCode.PARKED_BY: "parked by {name}",
    WhyCode.UNKNOWN: "{text}",
}


def in_english(why: Why) -> str:
    """The sentence, for commands, exports and the log. Raises KeyError where a value is missing."""
    return _ENGLISH[why.code].format_map(why.values)


def why_columns(why: Why | None) -> dict[str, Any]:
    """The values of the three columns."""
    if why is None:
        return dict(NOTHING)
    if why.code is WhyCode.UNKNOWN:
        return NOTHING | {"last_error": why.values["text"]}
    return {"why": why.code.value, "why_values": dict(why.values) or None, "last_error": None}


def why_members(why: Why | None) -> dict[str, Any]:
    """The reason as members of JSON; a reason without a known code has a code there too."""
    if why is None:
        return dict(NOTHING)
    return {"why": why.code.value, "why_values": dict(why.values), "last_error": in_english(why)}


def take_why(row: dict[str, Any]) -> None:
    """Replace a row's three columns by one `why`.

    A version without codes writes only `last_error`, over a code from earlier: then the sentence counts.
    """
    code, values, sentence = (row.pop(name) for name in COLUMNS)
    row["why"] = _known(code, values or {}) if sentence is None else _unknown(sentence)


def _known(code: str | None, values: dict[str, Any]) -> Why | None:
    if code is None:
        return None
    try:
        why = Why(WhyCode(code), values)
        in_english(why)
    except (ValueError, KeyError):  # a code of a newer version
        return _unknown(code)
    return why


def _unknown(text: str) -> Why:
    return Why(WhyCode.UNKNOWN, {"text": text})
