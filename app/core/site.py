"""A site: one place that embeds Handbell, with its own address, contact, routing and way to open sessions."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from app.core.address import LOOPBACK
from app.core.customer import ELEMENTS, NAMES
from app.core.customer_info import AskPolicy
from app.core.declaration import Declaration, Opener, Option, declaration, declared, is_declared
from app.core.fact import Fact
from app.core.origins import insecure_origin, listed_origin
from app.core.routing import department_id
from app.core.server_network import is_listed, listed_network
from app.core.text import Invalid, is_blank
from app.core.texts import text_problems
from app.core.vendor_address import api_address, applet_host, is_loopback
from app.core.vendor_key import as_date, key_ends
from app.core.webhook_address import webhook_address

DEFAULT_APPLET_HOSTS = ("*.swi-rc.com", "*.swi-tc.com", "startcontrol.com", "*.startcontrol.com")
COLOUR = re.compile(r"#[0-9a-f]{6}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Za-z]{2,8})?")
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
LONGEST_NAME = 80  # characters
SEALED = ("sealed_key", "sealed_webhook_secret", "sealed_identity_secret")
HIDDEN = (*SEALED, "secret_hash", "old_uid")  # never listed
CONFIRM, DENY = "confirm", "deny"
FOREIGN_FORMS = (CONFIRM, DENY)
HIGHEST_RATE = 1000  # calls a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site and its options. `slug` is its name in addresses, `uid` its account key at the embedded desk.

    `department` and `technician` are its fixed ones, sent when the customer chose none; `offer_departments` are the ids
    a customer may choose from.

    `api_domain` is the vendor's, as `api_address` spells it; `sealed_key` the account's key there, encrypted,
    `key_ending` its last four characters, `key_made` the day it was made (`2026-01-31`). `applet_hosts` are the hosts
    an applet may come from (`example.com`, or `*.example.com` for all below it). `unreadable` is set when an answer of
    the vendor could not be read: sessions then open in the customer's browser. `rate` is the greatest number of calls
    per second. `webhook` receives events, signed with the secret in `sealed_webhook_secret`.

    `origins` are the site's own web origins, as `listed_origin` spells them: their pages may show the widget and post
    forms. Pages at `insecure_origins`, over http, may only post forms. Forms posted by other pages are confirmed by the
    customer or refused (`foreign_forms`). With `browser_routing` the department and technician that a page names are
    used. `server_networks` are the networks of its own servers, as `listed_network` spells them: their calls of the New
    Session API have the account's rate. `texts` are the site's own words (see `core/texts.py`), `colour` its colour as
    `#rrggbb`, `logo` the digest of the picture that replaces ours. `languages` are the tags (`de`, `pt_BR`) offered to
    its customers, the first one by default; empty means all. `fields` are the elements that its forms show; with
    `allow_empty` a form may be sent without any, with `pictures` they take pictures. `secret_hash` is the hash of its
    servers' key, `sealed_identity_secret` the secret with which they vouch for customers.

    With `mail_customers`, customers get mails about their requests; with `call_backs` they may ask to be called back,
    where the desk offers it. With `relay_only` the screen and the voice of its
    sessions go through the relay alone, so that neither side learns the other's address.

    `old_uid` is the previous account key, valid until `old_uid_until` (ISO 8601, UTC); with `uid_revoked` no key is
    valid (see `core/account_key.py`).

    `backend_options` are the options of backends and channels that have no attribute of their own here, by name.
    """

    slug: str
    name: str
    uid: str
    disabled: bool = False
    backend: str = "embedded"
    ask_customer_info: AskPolicy = AskPolicy.INCOMPLETE
    department: str | None = None
    technician: str | None = None
    offer_departments: tuple[int, ...] = ()
    required: tuple[str, ...] = ()
    allow_empty: bool = False
    pictures: bool = False
    one_time_links: bool = False
    relay_only: bool = False
    mail_customers: bool = False
    call_backs: bool = True
    phone: str | None = None
    mail: str | None = None
    api_domain: str | None = None
    sealed_key: str | None = None
    key_ending: str | None = None
    key_made: str | None = None
    applet_hosts: tuple[str, ...] = DEFAULT_APPLET_HOSTS
    show_waiting_queue: bool = False
    unreadable: bool = False
    rate: int = 100
    webhook: str | None = None
    sealed_webhook_secret: str | None = None
    origins: tuple[str, ...] = ()
    insecure_origins: tuple[str, ...] = ()
    server_networks: tuple[str, ...] = ()
    browser_routing: bool = False
    foreign_forms: str = CONFIRM
    texts: dict[str, str] = field(default_factory=dict, hash=False)
    colour: str | None = None
    logo: str | None = None
    languages: tuple[str, ...] = ()
    fields: tuple[str, ...] = ELEMENTS
    secret_hash: str | None = None
    sealed_identity_secret: str | None = None
    old_uid: str | None = None
    old_uid_until: str | None = None
    uid_revoked: bool = False
    backend_options: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def declaration(self) -> Declaration:
        """The declaration of its backend. Raises UnknownBackend, for example when a newer version set that backend."""
        return declaration(self.backend)

    @property
    def opener(self) -> Opener:
        """The party that opens its sessions. Raises UnknownBackend."""
        known = self.declaration
        return Opener.BROWSER if known.browser_when_unreadable and self.unreadable else known.opener

    @property
    def at_desk(self) -> bool:
        """Whether its sessions are tickets of the embedded desk; False for an unknown backend."""
        return is_declared(self.backend) and self.declaration.opener is Opener.DESK

    @property
    def logo_path(self) -> str | None:
        """The path of its logo, another for each picture; None without a logo."""
        return f"/s/{self.slug}/logo/{self.logo}" if self.logo else None

    @property
    def takes_pictures(self) -> bool:
        """Whether its request page and the widget offer to add pictures: only where its technicians, who work in our
        console, see them."""
        return self.pictures and self.at_desk

    @property
    def at_vendor(self) -> bool:
        """Whether its sessions are opened at a vendor's server; False for an unknown backend."""
        return is_declared(self.backend) and self.declaration.opener is not Opener.DESK

    @property
    def on_loopback(self) -> bool:
        """Whether the vendor's API is on this machine: a stand-in, or a test."""
        return "://" in (self.api_domain or "") and is_loopback(self.api_domain or "")

    @property
    def key_ends(self) -> date | None:
        """The first day on which the vendor's key is no longer valid; None when the day it was made is unknown."""
        made = as_date(self.key_made) if self.key_made else None
        return key_ends(made) if made else None

    def may_post_forms(self, origin: str | None) -> bool:
        """Whether forms of pages at this origin are taken without a question."""
        return origin in self.origins or origin in self.insecure_origins

    def has_server_at(self, address: str) -> bool:
        """Whether one of its own servers may have this address."""
        return is_listed(address, self.server_networks)

    def blank_form(self, values: Mapping[str, str | None]) -> list[Fact]:
        """The fault of a form that says neither what is wrong nor who asks, at the field to fill in; none where empty
        forms are allowed."""
        if self.allow_empty or not all(is_blank(values.get(name)) for name in NAMES):
            return []
        problem_is_shown = "problem_description" in self.fields
        return [Fact("problem_description" if problem_is_shown else self.fields[0], "empty")]

    def option(self, name: str) -> Any:
        """An option's value by the name of an attribute or of a backend's own option; None when it is not set."""
        return getattr(self, name) if name in SETTABLE else self.backend_options.get(name)

    def options(self) -> dict[str, Any]:
        """The options as plain JSON values."""
        return {name: _plain(getattr(self, name)) for name in OPTIONS}

    @classmethod
    def from_options(cls, *, slug: str, name: str, uid: str, disabled: bool, options: dict[str, Any]) -> Self:
        """The site from `options()`; options of a newer version are ignored. Raises ValueError naming a wrong one."""
        known = {option: value for option, value in options.items() if option in OPTIONS}
        for option in _LISTS:
            if option in known:
                known[option] = tuple(known[option])
        known["ask_customer_info"] = AskPolicy(known.get("ask_customer_info", AskPolicy.INCOMPLETE))
        return cls(slug=slug, name=name, uid=uid, disabled=disabled, **known)

    def problems(self) -> list[Fact]:
        """Faults that an operator must correct before this site can be stored."""
        wrong = []
        if not SLUG.fullmatch(self.slug):
            wrong.append(Fact("slug", "slug"))
        if not self.name.strip():
            wrong.append(Fact("name", "missing"))
        elif len(self.name) > LONGEST_NAME:
            wrong.append(Fact("name", "too_long", {"limit": LONGEST_NAME, "length": len(self.name)}))
        if not is_declared(self.backend):
            wrong.append(Fact("backend", "choice", {"choices": tuple(known.name for known in declared())}))
        if self.department is not None and department_id(self.department) is None:
            wrong.append(Fact("department", "department"))
        return wrong + self._field_problems() + self._vendor_problems() + self._page_problems() + self.missing()

    def missing(self) -> list[Fact]:
        """Options that its backend still needs to open a session."""
        options = self.declaration.options if is_declared(self.backend) else ()
        return [Fact(o.name, "needed", {"backend": self.backend}) for o in options if o.needed and not self._has(o)]

    def _has(self, option: Option) -> bool:
        return self.option(option.kept_as or option.name) not in (None, "")

    def _field_problems(self) -> list[Fact]:
        wrong = []
        for option, named in (("required", self.required), ("fields", self.fields)):
            if unknown := tuple(name for name in named if name not in NAMES):
                wrong.append(Fact(option, "unknown", {"known": NAMES, "names": unknown}))
        if not self.fields:
            wrong.append(Fact("fields", "none"))
        elif hidden := tuple(name for name in self.required if name in NAMES and name not in self.fields):
            wrong.append(Fact("required", "hidden", {"names": hidden}))
        return wrong

    def _page_problems(self) -> list[Fact]:
        wrong = [fact for origin in self.origins for fact in refusals(listed_origin, origin)]
        wrong += [fact for origin in self.insecure_origins for fact in refusals(insecure_origin, origin)]
        wrong += [fact for network in self.server_networks for fact in refusals(listed_network, network)]
        if self.foreign_forms not in FOREIGN_FORMS:
            wrong.append(Fact("foreign_forms", "choice", {"choices": FOREIGN_FORMS}))
        if self.colour is not None and not COLOUR.fullmatch(self.colour):
            wrong.append(Fact("colour", "colour"))
        if strange := tuple(tag for tag in self.languages if not _LANGUAGE.fullmatch(tag)):
            wrong.append(Fact("languages", "language", {"names": strange}))
        return wrong + text_problems(self.texts)

    def _vendor_problems(self) -> list[Fact]:
        wrong = refusals(api_address, self.api_domain) if self.api_domain is not None else []
        wrong += [fact for host in self.applet_hosts if host != LOOPBACK for fact in refusals(applet_host, host)][:1]
        if LOOPBACK in self.applet_hosts and not self.on_loopback:
            wrong.append(Fact("applet_hosts", "loopback", {"written": LOOPBACK}))
        if self.key_made is not None and as_date(self.key_made) is None:
            wrong.append(Fact("key_made", "day"))
        elif self.key_made is not None and not self.sealed_key:
            wrong.append(Fact("key_made", "without_key"))
        if not 1 <= self.rate <= HIGHEST_RATE:
            wrong.append(Fact("rate", "range", {"least": 1, "most": HIGHEST_RATE}))
        return wrong + (refusals(webhook_address, self.webhook) if self.webhook is not None else [])


def refusals(read: Callable[[str], object], written: str) -> list[Fact]:
    """The faults for which `read` refuses this text."""
    try:
        read(written)
    except Invalid as invalid:
        return list(invalid.problems)
    return []


_LISTS = (
    "offer_departments",
    "required",
    "applet_hosts",
    "origins",
    "insecure_origins",
    "server_networks",
    "languages",
    "fields",
)
OPTIONS = tuple(f.name for f in dataclasses.fields(Site) if f.name not in ("slug", "name", "uid", "disabled"))
SETTABLE = ("name", "disabled", *OPTIONS)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
