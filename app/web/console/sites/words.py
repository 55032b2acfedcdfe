"""The console's words for facts about a site: each code once, in the reader's language."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.core.fact import Fact
from app.core.why import Why, WhyCode
from app.web.console.why_words import why_words
from app.web.fault_text import sentence
from app.web.words import _

_INPUTS = {"slug": "key", "vendor_key": "key", "texts": "others"}  # form fields whose names differ from the options'
_Words = Mapping[Any, Callable[[Mapping[str, Any]], str]]


def by_input(problems: Iterable[Fact]) -> dict[str, str]:
    """One sentence for each field of a form: its first problem."""
    found: dict[str, str] = {}
    for problem in problems:
        found.setdefault(_INPUTS.get(problem.field, problem.field), worded(problem))
    return found


def worded(fact: Fact) -> str:
    """One sentence about an invalid option, or about the state of a site."""
    words = _OF_OPTION.get((fact.field, fact.code)) or _OF_OPTION.get(fact.field) or _OF_CODE.get(fact.code)
    return words(fact.values) if words else sentence(fact)


def _not_public(values: Mapping[str, Any]) -> str:
    return why_words(Why(WhyCode.NOT_PUBLIC, values))


_OF_OPTION: _Words = {
    ("origins", "page"): lambda v: _(
        "%(line)s is the address of a page. Write %(meant)s", line=v["written"], meant=v["meant"]
    ),
    "origins": lambda v: _(
        "%(line)s: write scheme, host and port alone, such as https://www.example.com; http is for this machine only.",
        line=v["written"],
    ),
    "insecure_origins": lambda v: _("%(line)s: write it as http://intranet, without a path.", line=v["written"]),
    ("insecure_origins", "too_many"): lambda v: _("At most %(n)s, please.", n=v["most"]),
    ("server_networks", "network"): lambda v: _(
        "%(line)s: write an address, or a network such as 203.0.113.0/24.", line=v["written"]
    ),
    ("server_networks", "wide"): lambda v: _(
        "%(line)s: this network is too wide; at most a /8, or a /16 with IPv6.", line=v["written"]
    ),
    "webhook": lambda v: _("Write it as https://www.example.com/path; http is for 127.0.0.1 only."),
    "api_domain": lambda v: _("Write it as https://api.us0.swi-rc.com, as your account shows it."),
    ("origins", "too_many"): lambda v: _("At most %(n)s, please.", n=v["most"]),
    ("api_domain", "needed"): lambda v: _("An account needs its API domain."),
    ("api_domain", "not_encrypted"): lambda v: _("It is on this machine and not encrypted: for tests only."),
    ("api_domain", "not_public"): _not_public,
    ("webhook", "not_public"): _not_public,
    ("vendor_key", "needed"): lambda v: _("An account needs its key."),
    ("technician", "gone"): lambda v: _("%(name)s is unknown at this desk.", name=v["technician"]),
    ("offer_departments", "gone"): lambda v: _("Department %(id)s is unknown or disabled.", id=v["number"]),
    ("texts", "too_many"): lambda v: _("A site may have %(n)s texts of its own in all.", n=v["most"]),
}
_OF_CODE: _Words = {
    "slug": lambda v: _("Use 1 to 40 small letters, digits and hyphens; no hyphen at either end."),
    "choice": lambda v: _("Please choose one."),
    "department": lambda v: _("Please choose one."),
    "unknown": lambda v: _("Please choose from these."),
    "none": lambda v: _("Show one field at least."),
    "hidden": lambda v: _("Only what is shown can be required."),
    "address": lambda v: _("Write it as https://www.example.com/path; http is for 127.0.0.1 only."),
    "host": lambda v: _("%(line)s: write a host such as example.com or *.example.com.", line=v["written"]),
    "loopback": lambda v: _("%(line)s: write a host such as example.com or *.example.com.", line=v["written"]),
    "key": lambda v: _("A key is 1 to %(n)s printable characters on one line.", n=v["most"]),
    "day": lambda v: _("Write the day as 2026-01-31."),
    "future": lambda v: _("This day is yet to come."),
    "without_key": lambda v: _("It goes with a key: type the key as well, or empty this."),
    "other_account": lambda v: _("The stored key is for the other domain. Type the key for this one."),
    "range": lambda v: _("A number from 1 to %(n)s, please.", n=v["most"]),
    "needed": lambda v: _("Please fill this in."),
    "no_number": lambda v: _("There is no number in it."),
    "colour": lambda v: _("Write it as # and six digits, such as #0b5c68."),
    "pale": lambda v: _(
        "Its contrast on our pages is %(ratio)s to 1, and %(needed)s is needed for everybody to read it."
        " The nearest that works is %(colour)s.",
        ratio=v["ratio"],
        needed=v["needed"],
        colour=v["nearest"],
    ),
    "language": lambda v: _("Please choose from these."),
    "no_such_language": lambda v: _("Please choose from these."),
    "too_many": lambda v: _("At most %(n)s, please.", n=v["most"]),
    "text_key": lambda v: _("%(line)s: write our text, =, and yours.", line=v.get("key", "")),
    "no_such_text": lambda v: _("We have no such text. Copy it from the page, in English."),
    "similar_text": lambda v: _("We have no such text. Did you mean “%(near)s”?", near=v["near"]),
    "text": lambda v: _("At most 600 characters, with no other placeholders than those of our text."),
    "placeholders": lambda v: _("At most 600 characters, with no other placeholders than those of our text."),
    "ended": lambda v: _("The key has ended. Make a new one at the vendor and type it here."),
    "ends": lambda v: _("The key ends in %(n)s days.", n=v["days"]),
    "unreadable": lambda v: _(
        "An answer of the vendor’s could not be read, so sessions open in the customer’s browser. "
        "Try its answers again."
    ),
    "lost": lambda v: _("It cannot be read any more. Please make it anew."),
}
