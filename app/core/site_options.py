"""A site's options as people write them, on a page or as arguments of the command: parsed and checked in one place."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import Any

from app.core.address import LOOPBACK
from app.core.colour import ENOUGH, least_contrast, nearest_readable, readable
from app.core.customer import NAMES
from app.core.customer_info import AskPolicy
from app.core.declaration import declared, declared_options, is_declared
from app.core.fact import Fact
from app.core.origins import insecure_origin, listed_origin
from app.core.routing import department_id
from app.core.server_network import listed_network
from app.core.site import COLOUR, DEFAULT_APPLET_HOSTS, FOREIGN_FORMS, HIGHEST_RATE
from app.core.text import Invalid, looks_like_email
from app.core.vendor_address import applet_host
from app.core.vendor_key import as_date

MOST_LISTED = 100  # origins, networks, and hosts
LONGEST_PHONE, LONGEST_MAIL = 40, 254  # characters


def read_options(
    written: Mapping[str, Any], *, today: date, languages: Collection[str] = ()
) -> tuple[dict[str, Any], list[Fact]]:
    """The parsed options by name, and the faults.

    Input is text, or a list of texts; an empty text removes the option, an empty list sets its default. An option
    without a rule here is passed on unchanged. `today` is the last allowed day on which a key was made; `languages` are
    the existing tags.
    """
    readers = _readers(today, languages)
    options: dict[str, Any] = {}
    problems: list[Fact] = []
    for name, value in written.items():
        try:
            options[name] = readers[name](value) if name in readers else value
        except Invalid as invalid:
            problems += invalid.problems
    return options, problems


def _readers(today: date, languages: Collection[str]) -> dict[str, Callable[[Any], Any]]:
    return {
        **{name: _or_none(option.read) for name, option in declared_options().items()},
        "backend": _backend,
        "ask_customer_info": _ask_policy,
        "department": _or_none(_department),
        "technician": _or_none(str.lower),
        "phone": _or_none(_phone),
        "mail": _or_none(_mail),
        "required": _elements("required"),
        "fields": _elements("fields"),
        "applet_hosts": lambda hosts: _listed("applet_hosts", _host, hosts) or DEFAULT_APPLET_HOSTS,
        "key_made": _or_none(lambda text: _day(text, today)),
        "rate": _rate,
        "origins": lambda origins: _listed("origins", listed_origin, origins),
        "insecure_origins": lambda origins: _listed("insecure_origins", insecure_origin, origins),
        "server_networks": lambda networks: _listed("server_networks", listed_network, networks),
        "foreign_forms": _foreign_forms,
        "colour": _or_none(_colour),
        "languages": lambda tags: tuple(dict.fromkeys(_language(tag, languages) for tag in tags)),
    }


def _or_none(read: Callable[[str], Any]) -> Callable[[str | None], Any]:
    def reading(text: str | None) -> Any:
        text = (text or "").strip()
        return read(text) if text else None

    return reading


def _backend(text: str) -> str:
    if not is_declared(text):
        raise Invalid(Fact("backend", "choice", {"choices": tuple(known.name for known in declared())}))
    return text


def _ask_policy(text: str) -> AskPolicy:
    if text not in list(AskPolicy):
        raise Invalid(Fact("ask_customer_info", "choice", {"choices": tuple(AskPolicy)}))
    return AskPolicy(text)


def _department(text: str) -> str:
    if department_id(text) is None:
        raise Invalid(Fact("department", "department"))
    return text


def _phone(text: str) -> str:
    if len(text) > LONGEST_PHONE:
        raise Invalid(Fact("phone", "too_long", {"limit": LONGEST_PHONE, "length": len(text)}))
    if not any(c.isdigit() for c in text):
        raise Invalid(Fact("phone", "no_number"))
    return text


def _mail(text: str) -> str:
    if len(text) > LONGEST_MAIL:
        raise Invalid(Fact("mail", "too_long", {"limit": LONGEST_MAIL, "length": len(text)}))
    if not looks_like_email(text):
        raise Invalid(Fact("mail", "email"))
    return text


def _elements(option: str) -> Callable[[Iterable[str]], tuple[str, ...]]:
    def reading(names: Iterable[str]) -> tuple[str, ...]:
        chosen = tuple(names)
        if unknown := tuple(name for name in chosen if name not in NAMES):
            raise Invalid(Fact(option, "unknown", {"known": NAMES, "names": unknown}))
        return tuple(name for name in NAMES if name in chosen)

    return reading


def _host(text: str) -> str:
    """A host of applets. Whether 127.0.0.1 is allowed is checked by the site."""
    return text if text == LOOPBACK else applet_host(text)


def _listed(option: str, read: Callable[[str], str], written: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(read(one) for one in written))
    if len(found) > MOST_LISTED:
        raise Invalid(Fact(option, "too_many", {"most": MOST_LISTED}))
    return found


def _day(text: str, today: date) -> str:
    made = as_date(text)
    if made is None:
        raise Invalid(Fact("key_made", "day"))
    if made > today:
        raise Invalid(Fact("key_made", "future", {"day": text}))
    return text


def _rate(written: str | int) -> int:
    text = str(written)
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
    if not 1 <= number <= HIGHEST_RATE:
        raise Invalid(Fact("rate", "range", {"least": 1, "most": HIGHEST_RATE}))
    return number


def _foreign_forms(text: str) -> str:
    if text not in FOREIGN_FORMS:
        raise Invalid(Fact("foreign_forms", "choice", {"choices": FOREIGN_FORMS}))
    return text


def _colour(text: str) -> str:
    colour = text.lower()
    if not colour.startswith("#"):
        colour = f"#{colour}"
    if not COLOUR.fullmatch(colour):
        raise Invalid(Fact("colour", "colour"))
    if not readable(colour):
        ratio, nearest = f"{least_contrast(colour):.1f}", nearest_readable(colour)
        raise Invalid(Fact("colour", "pale", {"colour": colour, "ratio": ratio, "needed": ENOUGH, "nearest": nearest}))
    return colour


def _language(tag: str, languages: Collection[str]) -> str:
    known = {language.lower(): language for language in languages}
    found = known.get(tag.strip().lower().replace("-", "_"))
    if found is None:
        raise Invalid(Fact("languages", "no_such_language", {"written": tag[:80], "known": tuple(languages)}))
    return found
