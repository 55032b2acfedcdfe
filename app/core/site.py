"""A site: one place that embeds Handbell, with its own address, contact, routing and way to open sessions."""

import dataclasses
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from app.core.customer_info import AskPolicy
from app.core.new_session import ELEMENTS
from app.core.origins import listed_origin
from app.core.routing import department_id
from app.core.texts import text_problems
from app.core.vendor_address import LOOPBACK, address_problems, is_loopback
from app.core.vendor_key import as_date, key_ends
from app.core.webhook_address import webhook_address

DEFAULT_APPLET_HOSTS = ("*.swi-rc.com", "*.swi-tc.com", "startcontrol.com", "*.startcontrol.com")
COLOUR = re.compile(r"#[0-9a-f]{6}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Za-z]{2,8})?")
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
EMBEDDED, TAKE_CONTROL, TAKE_CONTROL_BROWSER, TAKE_CONTROL_REST = (
    "embedded",
    "take-control",
    "take-control-browser",
    "take-control-rest",
)
AT_VENDOR = (TAKE_CONTROL, TAKE_CONTROL_BROWSER, TAKE_CONTROL_REST)
BACKENDS = (EMBEDDED, *AT_VENDOR)
SEALED = ("sealed_key", "sealed_webhook_secret", "sealed_identity_secret")
HIDDEN = (*SEALED, "secret_hash", "old_uid")  # what no listing shows
CONFIRM, DENY = "confirm", "deny"
FOREIGN_FORMS = (CONFIRM, DENY)
HIGHEST_RATE = 1000  # calls a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site and its options. `slug` is its name in addresses, `uid` its account key at the embedded desk;
    department and technician are its fixed ones, sent when the customer chose none; `offer_departments` are the ids a
    customer may choose from.

    `api_domain` is the vendor's, as `api_address` spells it; `sealed_key` the account's key there, encrypted,
    `key_ending` its last four characters, `key_made` the day it was made (`2026-01-31`). `applet_hosts` are the hosts
    an applet may come from (`example.com`, or `*.example.com` for all below it). `unreadable` is set when the vendor
    gave an answer that nobody could read: sessions then open in the customer's browser. `rate` is calls a second, at
    the most. `webhook` is told of what happens, signed with the secret in `sealed_webhook_secret`.

    `origins` are the site's own web origins, as `listed_origin` spells them: their pages may show the widget and post
    forms. What other pages post is confirmed by the customer or refused (`foreign_forms`). With `browser_routing` the
    department and technician that a page names are used. `texts` are the site's own words (see `core/texts.py`),
    `colour` its colour as `#rrggbb`, `logo` the digest of the picture that stands in for ours. `languages` are the tags
    (`de`, `pt_BR`) that its customers get, the first where they want none of them; without any, all that there are.
    `fields` are the elements that its forms show. `secret_hash` is of the key that the site's own servers use,
    `sealed_identity_secret` what they vouch for customers with.

    `old_uid` is the account key before `uid`, good until `old_uid_until` (ISO 8601, UTC); with `uid_revoked` there is
    no key that works (see `core/account_key.py`).
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
    one_time_links: bool = False
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

    @property
    def in_browser(self) -> bool:
        """Whether the customer's own browser makes the vendor's call."""
        return self.backend == TAKE_CONTROL_BROWSER or (self.backend == TAKE_CONTROL and self.unreadable)

    @property
    def at_vendor(self) -> bool:
        """Whether somebody else's server opens this site's sessions."""
        return self.backend in AT_VENDOR

    @property
    def on_loopback(self) -> bool:
        """Whether the vendor's place is taken by something on this machine: a stand-in, or a test."""
        return "://" in (self.api_domain or "") and is_loopback(self.api_domain or "")

    @property
    def key_ends(self) -> date | None:
        """The first day on which the vendor's key no longer works, where the day it was made is known."""
        made = as_date(self.key_made) if self.key_made else None
        return key_ends(made) if made else None

    def options(self) -> dict[str, Any]:
        """The options as plain JSON values."""
        return {name: _plain(getattr(self, name)) for name in OPTIONS}

    @classmethod
    def from_options(cls, *, slug: str, name: str, uid: str, disabled: bool, options: dict[str, Any]) -> Self:
        """The site of `options()`; an option of a newer version is left alone. Raises ValueError naming a wrong one."""
        known = {option: value for option, value in options.items() if option in OPTIONS}
        for option in _LISTS:
            if option in known:
                known[option] = tuple(known[option])
        known["ask_customer_info"] = AskPolicy(known.get("ask_customer_info", AskPolicy.INCOMPLETE))
        return cls(slug=slug, name=name, uid=uid, disabled=disabled, **known)

    def problems(self) -> list[str]:
        """What an operator must change before this site can be kept."""
        wrong = []
        if not SLUG.fullmatch(self.slug):
            wrong.append("the key must be 1 to 40 small letters, digits and hyphens")
        if not self.name.strip() or len(self.name) > 80:
            wrong.append("--name must have 1 to 80 characters")
        if self.backend not in BACKENDS:
            wrong.append(f"--backend must be one of {', '.join(BACKENDS)}")
        if self.department is not None and department_id(self.department) is None:
            wrong.append("--department must be a number such as 1234 or id_1234")
        return wrong + self._field_problems() + self._vendor_problems() + self._page_problems() + self.missing()

    def missing(self) -> list[str]:
        """What the site needs before it can open a session at the vendor."""
        if not self.at_vendor:
            return []
        missing = []
        if not self.api_domain:
            missing.append(f"--backend {self.backend} needs the account's --api-domain")
        if not self.sealed_key:
            missing.append(f"--backend {self.backend} needs the account's key (--key-file)")
        return missing

    def _field_problems(self) -> list[str]:
        wrong = []
        for option, named in (("--require", self.required), ("--field", self.fields)):
            if unknown := [name for name in named if name not in ELEMENTS]:
                wrong.append(f"{option} takes {', '.join(ELEMENTS)}, not {', '.join(unknown)}")
        if not self.fields:
            wrong.append("--field must be given for one field at least")
        elif hidden := [name for name in self.required if name in ELEMENTS and name not in self.fields]:
            wrong.append(f"--require {', '.join(hidden)}: the form does not show it (--field)")
        return wrong

    def _page_problems(self) -> list[str]:
        wrong = []
        for origin in self.origins:
            try:
                listed_origin(origin)
            except ValueError as error:
                wrong.append(f"--origin {error}")
        if self.foreign_forms not in FOREIGN_FORMS:
            wrong.append(f"--foreign-forms must be one of {', '.join(FOREIGN_FORMS)}")
        if self.colour is not None and not COLOUR.fullmatch(self.colour):
            wrong.append("--colour must be written as #rrggbb")
        if strange := [tag for tag in self.languages if not _LANGUAGE.fullmatch(tag)]:
            wrong.append(f"--language must be a tag such as de or pt_BR, not {', '.join(strange)}")
        return wrong + [f"--text {problem}" for problem in text_problems(self.texts)]

    def _vendor_problems(self) -> list[str]:
        wrong = address_problems(self.api_domain, [host for host in self.applet_hosts if host != LOOPBACK])
        if LOOPBACK in self.applet_hosts and not self.on_loopback:
            wrong.append(f"--applet-host {LOOPBACK} is for an --api-domain on this machine only")
        if self.key_made is not None and as_date(self.key_made) is None:
            wrong.append("--key-made must be a day such as 2026-01-31")
        elif self.key_made is not None and not self.sealed_key:
            wrong.append("--key-made goes with a key (--key-file)")
        if not 1 <= self.rate <= HIGHEST_RATE:
            wrong.append(f"--rate must be 1 to {HIGHEST_RATE}")
        if self.webhook is not None:
            try:
                webhook_address(self.webhook)
            except ValueError as error:
                wrong.append(f"--webhook {error}")
        return wrong


_LISTS = ("offer_departments", "required", "applet_hosts", "origins", "languages", "fields")
OPTIONS = tuple(f.name for f in dataclasses.fields(Site) if f.name not in ("slug", "name", "uid", "disabled"))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
