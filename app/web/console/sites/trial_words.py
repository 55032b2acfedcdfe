"""The console's words for each step of a trial: how the vendor's answer was understood, without its text."""

from collections.abc import Callable, Mapping
from typing import Any

from app.core.fact import Fact
from app.core.why import Why, WhyCode
from app.web.console.sites.listing import backend_names
from app.web.console.why_words import why_words
from app.web.words import _


def step_words(step: Fact) -> tuple[str, str] | None:
    """The step's name and result; None for a step that contains the vendor's own text."""
    if step.field in ("refused", "failed"):
        return _names()[step.field], why_words(Why(WhyCode(step.code), step.values))
    said = _SAID.get((step.field, step.code))
    return (_names()[step.field], said(step.values)) if said else None


def _names() -> dict[str, str]:
    return {
        "called": _("Called"),
        "status": _("Status"),
        "understood": _("Understood"),
        "choose": _("Choose"),
        "numbers": _("Numbers"),
        "close": _("Then close"),
        "refused": _("Refused"),
        "change": _("Change"),
        "failed": _("Failed"),
        "try": _("Try"),
        "ticket": _("Ticket"),
    }


def _numbers(values: Mapping[str, Any]) -> str:
    names = {"session": _("Session"), "ticket": _("Ticket"), "pin": _("PIN")}
    return ", ".join(f"{names[name]} {value}" for name, value in values.items())


_SAID: dict[tuple[str, str], Callable[[Mapping[str, Any]], str]] = {
    ("called", "address"): lambda v: str(v["address"]),
    ("status", "status"): lambda v: str(v["status"]),
    ("understood", "link"): lambda v: _("A link to the applet, on %(host)s.", host=v["host"]),
    ("understood", "file"): lambda v: _("The applet itself."),
    ("understood", "browser"): lambda v: _("A session was opened, but the answer does not say where its applet is."),
    ("choose", "backend"): lambda v: backend_names().get(v["backend"], v["backend"]),
    ("numbers", "numbers"): _numbers,
    ("close", "close"): lambda v: _("The session of “Handbell check” in the vendor’s console."),
    ("ticket", "cancelled"): lambda v: _("Ticket %(n)s was opened, and cancelled again.", n=v["number"]),
    ("change", "account"): lambda v: _("the key or the API domain, after what the vendor’s admin area shows"),
    ("try", "maybe_sent"): lambda v: _(
        "Again later. The session may exist all the same: look into the vendor’s console."
    ),
    ("try", "not_sent"): lambda v: _("Again later. Nothing was sent."),
}
