"""The console's words for why a request waits, is parked or is suspect: each code once, in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any

from app.core.why import Why, WhyCode
from app.web.words import _

_Values = Mapping[str, Any]


def why_words(why: Why) -> str:
    """The last failure, or why the request is suspect. Text of another version is shown unchanged."""
    return _WORDS[why.code](why.values)


def _answered(values: _Values, meaning: str = "") -> str:
    answered = _("The vendor answered %(status)s.", status=values["status"])
    return f"{answered} {meaning}" if meaning else answered


def _certificate(values: _Values) -> str:
    return _("The certificate of %(host)s cannot be trusted.", host=values["host"])


def _no_connection(values: _Values) -> str:
    return _("%(host)s cannot be reached.", host=values["host"])


_WORDS: dict[WhyCode, Callable[[_Values], str]] = {
    WhyCode.TRAP: lambda v: _("Filled in the hidden field"),
    WhyCode.TOO_FAST: lambda v: _("Sent within two seconds"),
    WhyCode.NO_CHECK: lambda v: _("Many requests from its address, no check"),
    WhyCode.CHECK_USED: lambda v: _("Its solved check was used before"),
    WhyCode.BAD_KEY: lambda v: _answered(v, _("The account key is wrong, disabled or expired.")),
    WhyCode.BAD_VALUE: lambda v: _answered(v, _("Check the department and the technician.")),
    WhyCode.BAD_ADDRESS: lambda v: _answered(v, _("Check the API domain.")),
    WhyCode.TOO_LONG: lambda v: _answered(v, _("The request is too long for it.")),
    WhyCode.TOO_MANY: lambda v: _answered(v, _("It gets too many requests.")),
    WhyCode.REQUEST_LATE: _answered,
    WhyCode.TOO_EARLY: _answered,
    WhyCode.VENDOR_FAILED: _answered,
    WhyCode.GATEWAY_FAILED: _answered,
    WhyCode.NOT_AVAILABLE: _answered,
    WhyCode.GATEWAY_LATE: _answered,
    WhyCode.STATUS: _answered,
    WhyCode.OTHER_ADDRESS: lambda v: _("The vendor’s API has another address. Check the API domain."),
    WhyCode.NOT_TAKEN: lambda v: _("The vendor does not take this request."),
    WhyCode.NO_SUCH_NAME: lambda v: _("The name %(host)s cannot be looked up.", host=v["host"]),
    WhyCode.CERTIFICATE_EXPIRED: lambda v: _("The certificate of %(host)s has expired.", host=v["host"]),
    WhyCode.CERTIFICATE_UNTRUSTED: _certificate,
    WhyCode.CERTIFICATE_NAME: lambda v: _("The certificate of %(host)s is for another name.", host=v["host"]),
    WhyCode.CERTIFICATE: _certificate,
    WhyCode.UNREACHABLE: _no_connection,
    WhyCode.NO_TLS: lambda v: _("No secure connection to %(host)s can be made.", host=v["host"]),
    WhyCode.NO_CONNECTION: _no_connection,
    WhyCode.NO_ANSWER: lambda v: _("%(host)s did not answer in time.", host=v["host"]),
    WhyCode.BROKEN_OFF: lambda v: _("%(host)s broke off its answer.", host=v["host"]),
    WhyCode.NOT_PUBLIC: lambda v: _(
        "%(host)s is not a public address. If this is intended, the operator can allow it (HANDBELL_PRIVATE_TARGETS).",
        host=v["host"],
    ),
    WhyCode.NO_KEY: lambda v: _("An account needs its key."),
    WhyCode.KEY_SEALED: lambda v: _("The account key cannot be read any more. Please set it anew."),
    WhyCode.MALFORMED_KEY: lambda v: _("The account key has characters that no key has. Set it again."),
    WhyCode.NOT_WRITTEN: lambda v: _("The applet cannot be written to disk."),
    WhyCode.NO_ROOM: lambda v: _("The applet was not kept: kept files take all the room there is for them."),
    WhyCode.STALE: lambda v: _("The vendor could not be reached for 30 minutes"),
    WhyCode.WORKER_DIED: lambda v: _("Its worker died"),
    WhyCode.WORKERS_DIED: lambda v: _("Its worker died three times"),
    WhyCode.RESTORED: lambda v: _("The database was restored while it was being opened: a session may exist"),
    WhyCode.PARKED_BY: lambda v: f"{_('Parked')} ({v['name']})",
    WhyCode.UNKNOWN: lambda v: str(v["text"]),
}
