"""The command's messages about a site: each fact's code once, with its option of `handbell site set`."""

from collections.abc import Collection, Iterable

import click

from app.core.fact import Fact, Value
from app.core.site import Site

_NAMES = {
    "slug": "the key",
    "vendor_key": "--key-file",
    "required": "--require",
    "fields": "--field",
    "origins": "--origin",
    "insecure_origins": "--insecure-origin",
    "server_networks": "--server-network",
    "applet_hosts": "--applet-host",
    "languages": "--language",
    "texts": "--text",
    "offer_departments": "--offer-department",
}
_WORDS = {
    # values of options
    "missing": "{option} must not be empty",
    "too_long": "{option} must have 1 to {limit} characters, not {length}",
    "slug": "{option} must be 1 to 40 small letters, digits and hyphens",
    "choice": "{option} must be one of {choices}",
    "department": "{option} must be a number such as 1234 or id_1234",
    "unknown": "{option} takes {known}, not {names}",
    "none": "{option} must be given for one field at least",
    "hidden": "{option} {names}: the form does not show it (--field)",
    "origin": "{option} {written} must be an origin such as https://www.example.com, without a path",
    "page": "{option} {written} is the address of a page; its origin is {meant}",
    "network": "{option} {written} must be an address or a network such as 203.0.113.0/24 or 2001:db8:7::/48",
    "wide": "{option} {written} is too wide; a network is at most a /8, of IPv6 a /16",
    "address": "{option} must be an address such as https://example.com/hook",
    "port": "{option} {written} has a port that does not exist",
    "other_port": "{option} must not have a port other than 443",
    "not_https": "{option} {written} must be https (http is only for 127.0.0.1)",
    "not_public": "{option} {host} is not a public address; change it, or list its network in HANDBELL_PRIVATE_TARGETS",
    "fragment": "{option} must not have a fragment (#…)",
    "host": "{option} {written} must be a host such as example.com, or *.example.com for all below it",
    "loopback": "{option} {written} is for an --api-domain on this machine only",
    "key": "{option} a key is 1 to {most} printable ASCII characters on one line",
    "day": "{option} must be a day such as 2026-01-31",
    "future": "{option} {day} is in the future",
    "without_key": "{option} goes with a key (--key-file)",
    "range": "{option} must be {least} to {most}",
    "needed": "--backend {backend} needs {option}",
    "no_number": "{option} has no number in it",
    "email": "{option} must be an e-mail address",
    "colour": "{option} must be written as #rrggbb",
    "pale": "{option} {colour} has a contrast of {ratio} to 1 on our pages, and {needed} is needed to be read; "
    "the nearest that can be is {nearest}",
    "language": "{option} must be a tag such as de or pt_BR, not {names}",
    "no_such_language": "{option} {written}: there are {known}; all for all of them",
    "too_many": "{option} may be given {most} times at the most",
    "text_key": "{option} KEY=VALUE needs a key of 1 to {most} characters",
    "text": "{option} {key}: must have 1 to {most} characters, without control characters",
    "no_such_text": "{option} {key}: Handbell has no such text; copy it from the page, in English",
    "similar_text": "{option} {key}: Handbell has no such text; did you mean: {near}",
    "placeholders": "{option} {key}: {names} does not stand in the text that it replaces",
    # states of a site
    "ended": "its key at the vendor ended on {day}; make a new one there, then: "
    "handbell site set {slug} --key-file FILE --key-made DAY",
    "ends": "its key at the vendor ends in {days} days, on {day}; make a new one there, then: "
    "handbell site set {slug} --key-file FILE --key-made DAY",
    "unreadable": "an answer of the vendor's could not be read, so sessions open in the customer's browser; "
    "to try again: handbell site set {slug} --backend {backend}",
    "not_encrypted": "its API domain {address} is on this machine and not encrypted: for tests only",
}
_OF_FIELD = {
    ("api_domain", "address"): "{option} must be an address such as https://api.us0.swi-rc.com/rest",
    ("origins", "not_https"): "{option} {written} must be https (an intranet over http is an --insecure-origin)",
    ("insecure_origins", "http_origin"): "{option} {written} must be http and nothing more, such as http://intranet",
    ("insecure_origins", "port"): "{option} {written} has no port from 1 to 65535",
    ("api_domain", "needed"): "--backend {backend} needs the account's --api-domain",
    ("vendor_key", "needed"): "--backend {backend} needs the account's key (--key-file)",
    ("technician", "gone"): "its technician {technician} is unknown",
    ("offer_departments", "gone"): "it offers department {number}, which is unknown or disabled",
    ("vendor_key", "lost"): "its key at the vendor cannot be read, as its key is gone: "
    "handbell site set {slug} --key-file FILE",
    ("webhook_secret", "lost"): "its webhook secret cannot be read, as its key is gone: "
    "handbell site set {slug} --new-webhook-secret",
    ("identity_secret", "lost"): "its identity secret cannot be read, as its key is gone: "
    "handbell site set {slug} --new-identity-secret",
}


def worded(fact: Fact, slug: str = "", option: str | None = None) -> str:
    """A fact as one line. `slug` is the site's, for commands that the line proposes; `option` is the option that was
    used, where there are several."""
    words = _OF_FIELD.get((fact.field, fact.code)) or _WORDS[fact.code]
    values = {name: _text(value) for name, value in fact.values.items()}
    option = option or _NAMES.get(fact.field, f"--{fact.field.replace('_', '-')}")
    line = words.format(**{"written": "", **values, "slug": slug, "option": option})
    return line.replace("  ", " ").replace(" in 1 days,", " in 1 day,")


def refuse(problems: Iterable[Fact], option: str | None = None) -> click.ClickException:
    """The error for options that cannot be saved."""
    return click.ClickException("; ".join(worded(problem, option=option) for problem in problems))


def worded_all(facts: Collection[Fact], site: Site) -> list[str]:
    """One line for each fact."""
    return [worded(fact, site.slug) for fact in facts]


def _text(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
