"""What one running app shares: settings, database, keys, clock, the desk's configuration, rates."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.actions.figures import Figures
from app.actions.hand_off import browser_call
from app.actions.sealing import vendor_key_of
from app.actions.tell import deliver_due
from app.backends import open_backend
from app.backends.declaring import Account
from app.backends.vendor_call import VendorCalls
from app.backends.webhook import Webhooks
from app.core.account_key import is_good, keys_of
from app.core.backend import BrowserCall, Refused, SessionBackend, Unavailable
from app.core.client import is_in
from app.core.desk_options import DeskOptions
from app.core.fact import Fact
from app.core.links import Forged, Link, LinkSigner, Purpose, derived_key, new_link_id
from app.core.origins import origin_mark
from app.core.site import Site
from app.core.staff import Staff
from app.keys.key_file import BadKeys, Key, ensure_keys, keys_held, live_keys, read_keys
from app.keys.puzzle import Puzzles
from app.keys.seal import Sealer, Unsealable
from app.process.changes import Changes
from app.process.limits import Rates, Turns, site_rate
from app.process.pool import HandOffPool, Surroundings
from app.settings import Settings
from app.store.database import Database
from app.store.desk import load_desk_options
from app.store.migrate import migrate
from app.store.queues import newest
from app.store.sites import load_generation, load_sites
from app.store.staff import load_staff

log = structlog.get_logger()
Clock = Callable[[], datetime]
_KEYS_LOOKED_AT_EVERY = 20.0  # seconds; a revoked key is gone everywhere well within 60
_KEYS_LOOKED_AT_AT_MOST_EVERY = 1.0  # seconds, for tokens that seem forged
REQUESTS_IN_TEN_MINUTES = 60
UNCHECKED_IN_TEN_MINUTES = 6  # before a check is asked for
TRUSTED_FACTOR = 10
FORM_FILLED_IN = timedelta(seconds=2)  # nobody is quicker
FORM_LIFE = timedelta(hours=2)
STATUS_LIFE = timedelta(hours=24)
APPLET_LIFE = timedelta(days=90)  # the ticket's own end comes first


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Sites, staff and the desk's options as they were at one generation of the configuration.

    `sites_by_uid` has every account key that may work; `account` knows whether it does now.
    """

    generation: int
    sites: dict[str, Site]
    sites_by_uid: dict[str, Site]
    staff: Staff
    options: DeskOptions

    def site(self, key: str) -> Site | None:
        """The enabled site with this key."""
        site = self.sites.get(key)
        return None if site is None or site.disabled else site

    def account(self, uid: str, now: datetime) -> Site | None:
        """The enabled site with this account key, which may be the one before for as long as that is good."""
        site = self.sites_by_uid.get(uid)
        return site if site is not None and is_good(site, uid, now) else None


class CustomerWords(Protocol):
    """What an answer tells a customer, in their language and the site's words; what pages say lives with the pages."""

    def problems(self, problems: Sequence[Fact], site: Site, language: str) -> dict[str, str]:
        """One sentence for each field."""

    def wait(self, seconds: int, site: Site, language: str) -> str:
        """That many requests came, and when to send again."""

    def look_again(self, site: Site, language: str) -> str:
        """That something in the form is not right."""

    def language(self, site: Site, language: str) -> str:
        """The one of the site's languages that fits best, as a tag."""

    def field(self, name: str, site: Site, language: str) -> str:
        """What a form calls one of a customer's details."""

    def about_reference(self, site: Site, language: str) -> str:
        """What the reference is good for where the technician does not see it."""


class Running:
    """One process's share of a running Handbell. Raises DatabaseUnusable or BadKeys when it cannot run."""

    words: CustomerWords  # set by whoever joins everything

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database)
        migrate(self.database)
        ensure_keys(settings.keys_path, clock())
        self.rates = Rates(settings.redis_url)
        self.log_in_turns = Turns(self.rates, settings.processes, settings.threads // 4)
        self.figures = Figures(self.database)
        self.hand_offs = HandOffPool(self._surroundings())
        self.changes = Changes(self._newest, self._stirred)
        self._version: int | None = None
        self._calls = VendorCalls()
        self._webhooks = Webhooks()
        self._keys_lock = threading.Lock()
        self._keys_looked_at = time.monotonic()
        self._take(read_keys(settings.keys_path))
        self._desk = self._load_desk()

    @property
    def signer(self) -> LinkSigner:
        """Signs and reads links with the keys as they are now."""
        if time.monotonic() - self._keys_looked_at > _KEYS_LOOKED_AT_EVERY:
            self._look_at_keys()
        return self._signer

    @property
    def sealer(self) -> Sealer:
        """Seals and opens secrets with the keys as they are now."""
        _ = self.signer
        return self._sealer

    def unseal(self, sealed: str) -> str:
        """What was sealed. Raises Unsealable, but only after a look at the keys as they are at this moment."""
        with suppress(BadKeys, Unsealable):
            return self.sealer.unseal(sealed)
        with suppress(BadKeys):
            self._look_at_keys()
        return self._sealer.unseal(sealed)

    @contextmanager
    def sealing(self) -> Iterator[Sealer]:
        """What seals secrets. No key goes on this host before the end: until then what was sealed must be stored.
        Raises BadKeys."""
        with keys_held(self.settings.keys_path):
            self._look_at_keys()
            yield self._sealer

    @property
    def session_keys(self) -> list[bytes]:
        """Keys for the console's cookie, newest first."""
        _ = self.signer
        return [derived_key(secret, "console-session") for secret in self._secrets]

    @property
    def desk(self) -> Desk:
        """Sites and staff as they are now."""
        if self.database.generation() != self._desk.generation:
            self._desk = self._load_desk()
        return self._desk

    def read(self, purpose: Purpose, token: str) -> Link:
        """The link in a token. Raises Forged or Expired.

        A token that seems forged may be signed with a key that another process has made the newest meanwhile.
        """
        try:
            return self.signer.read(purpose, token, self.clock())
        except Forged:
            if time.monotonic() - self._keys_looked_at < _KEYS_LOOKED_AT_AT_MOST_EVERY:
                raise
        self._look_at_keys()
        return self._signer.read(purpose, token, self.clock())

    def token(self, purpose: Purpose, link_id: str, expires: datetime, site: str | None = None) -> str:
        """A signed token."""
        return self.signer.sign(Link(purpose, link_id, expires, site))

    def form_token(self, site: str, origin: str | None = None) -> str:
        """The token of a fresh form of this site; of a page at `origin`, when it is not our own."""
        mark = origin_mark(origin) if origin else None
        return self.signer.sign(Link(Purpose.FORM, new_link_id(), self.clock() + FORM_LIFE, site, mark))

    def filled_in_too_fast(self, form: Link) -> bool:
        """Whether the form was sent sooner after it was made than a person could."""
        return self.clock() - (form.expires - FORM_LIFE) < FORM_FILLED_IN

    @property
    def puzzles(self) -> Puzzles:
        """Checks, made and judged with the keys as they are now."""
        _ = self.signer
        return self._puzzles

    def status_token(self, status_id: str, created_at: datetime) -> str:
        """The token of a request's status page: the same each time it is made."""
        return self.token(Purpose.STATUS, status_id, created_at + STATUS_LIFE)

    def applet_path(self, applet_id: str, created_at: datetime) -> str:
        """The path of a ticket's applet."""
        return f"/applet/{self.token(Purpose.APPLET, applet_id, created_at + APPLET_LIFE)}"

    def requests_allowed(self, address: str) -> int:
        """How many requests this client may make in ten minutes."""
        return REQUESTS_IN_TEN_MINUTES * self._factor(address)

    def requests_unchecked(self, address: str) -> int:
        """How many of them without a solved check."""
        return UNCHECKED_IN_TEN_MINUTES * self._factor(address)

    def _factor(self, address: str) -> int:
        return TRUSTED_FACTOR if is_in(address, self.settings.trusted_networks) else 1

    def browser_call(self, reference: str, site: Site) -> BrowserCall | None:
        """What the customer's browser posts to the vendor for this request; None when that cannot be."""
        if site.missing():
            return None
        try:
            key = vendor_key_of(site, self) if site.sealed_key else ""
            return browser_call(self.database, site, key, reference)
        except Unsealable:
            return None

    def close(self) -> None:
        """End the streams, settle the calls in flight, finish writing and close the database."""
        self.changes.close()
        self.hand_offs.stop()
        self.database.close()

    @property
    def waiting_since(self) -> datetime:
        """A ticket that has waited since before this is everybody's."""
        return self.clock() - timedelta(minutes=self.desk.options.long_wait)

    def _newest(self) -> tuple[int, ...]:
        return newest(self.database, self.waiting_since)

    def _stirred(self) -> bool:
        """Whether anybody has written since; asked by one thread. What cannot be told for cheap may be."""
        before, self._version = self._version, self.database.version()
        return self._version is None or self._version != before

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            database=self.database,
            clock=self.clock,
            configuration=lambda: self.desk,
            open_backend=self._open_backend,
            within_rate=self._within_rate,
            waiters=self.settings.threads // 4,
            tell=self._tell,
        )

    def _tell(self) -> None:
        try:
            deliver_due(self.database, self.desk.sites, self.unseal, self._webhooks.send, now=self.clock())
        except (SQLAlchemyError, sqlite3.Error, TimeoutError) as fault:
            log.error("notices_not_looked_at", error=type(fault).__name__)

    def _open_backend(self, site: Site) -> SessionBackend:
        if any(fact.field == "vendor_key" for fact in site.missing()):
            raise Refused("the site has no account key; set one: handbell site set --key-file")
        try:
            key = vendor_key_of(site, self) if site.sealed_key else ""
        except Unsealable:
            raise Unavailable("the account key cannot be opened with the keys file; see: handbell check") from None
        return open_backend(Account(site, key, self._calls, self.settings.vendor_applets_dir))

    def _within_rate(self, site: Site) -> bool:
        """Without Redis, and while it is away, each process of this host has its share of the site's rate.

        One share more than there are web processes: `handbell worker` may run beside them.
        """
        share = max(1, site.rate // (self.settings.processes + 1)) if self.rates.alone else site.rate
        return self.rates.retry_after(site_rate(share), "hand-off", site.slug) is None

    def _look_at_keys(self) -> None:
        with self._keys_lock:
            keys = read_keys(self.settings.keys_path)
            if keys != self._keys or self._live(keys) != self._secrets:
                self._take(keys)
            self._keys_looked_at = time.monotonic()

    def _take(self, keys: list[Key]) -> None:
        self._keys, self._secrets = keys, self._live(keys)
        self._signer, self._sealer = LinkSigner(self._secrets), Sealer([key.secret for key in keys])
        self._puzzles = Puzzles(self._secrets)

    def _live(self, keys: list[Key]) -> list[bytes]:
        return [key.secret for key in live_keys(keys, self.clock())]

    def _load_desk(self) -> Desk:
        with self.database.read() as connection:
            # Read first: a change in between makes the next look load again.
            generation = load_generation(connection)
            sites = load_sites(connection)
            staff = load_staff(connection)
            options = load_desk_options(connection)
        by_uid = {uid: site for site in sites if not site.disabled for uid in keys_of(site)}
        return Desk(generation, {site.slug: site for site in sites}, by_uid, staff, options)
