"""How one process calls vendors: each site's backend with its key, and its rate."""

from collections.abc import Iterable

import structlog

from app.actions.hand_off import browser_call
from app.actions.keep_file import keep_file
from app.actions.sealing import vendor_key_of
from app.backends import open_backend
from app.backends.declaring import Account
from app.backends.vendor_call import VendorCalls
from app.core.backend import BrowserCall, Refused, SessionBackend, Unavailable
from app.core.kept_file import NoRoom, NotWritten, written_size
from app.core.site import Site
from app.core.why import Why, WhyCode
from app.keys.seal import Unsealable
from app.process.clock import Clock
from app.process.database_faults import note_database_fault
from app.process.keyring import KeyRing
from app.process.limits import Rates, site_rate
from app.settings import Settings
from app.store.database import DATABASE_FAULTS, Database

log = structlog.get_logger()


class Vendors:
    """The vendors of all sites; safe in every thread."""

    def __init__(self, settings: Settings, database: Database, keys: KeyRing, rates: Rates, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._keys = keys
        self._rates = rates
        self._clock = clock
        self._calls = VendorCalls(settings.targets)

    def open_backend(self, site: Site) -> SessionBackend:
        """The site's backend with its account. Raises Refused without a key, Unavailable when the key cannot be
        decrypted."""
        if any(fact.field == "vendor_key" for fact in site.missing()):
            raise Refused(Why(WhyCode.NO_KEY))
        try:
            key = self._key_of(site)
        except Unsealable:
            raise Unavailable(Why(WhyCode.KEY_SEALED)) from None
        return open_backend(Account(site, key, self._calls, self._keep))

    def browser_call(self, reference: str, site: Site) -> BrowserCall | None:
        """The call that the customer's browser makes to the vendor for this request; None when options are missing or
        the key cannot be decrypted."""
        if site.missing():
            return None
        try:
            return browser_call(self._database, site, self._key_of(site), reference)
        except Unsealable:
            return None

    def within_rate(self, site: Site) -> bool:
        """Count a call of this site; returns whether it may be made now.

        Without Redis each process of this host has its share of the site's rate. There is one share more than web
        processes, as `handbell worker` may run beside them.
        """
        share = max(1, site.rate // (self._settings.processes + 1)) if self._rates.alone else site.rate
        return self._rates.retry_after(site_rate(share), "hand-off", site.slug) is None

    def _keep(self, pieces: Iterable[bytes], most: int) -> tuple[str, int]:
        """Keep an applet in the database: see `app.backends.kept_applet.Keep`."""
        room = self._settings.files_max
        try:
            return keep_file(self._database, pieces, most, room, now=self._clock())
        except NoRoom:
            log.error("files_full", most=written_size(room), error="an applet was not kept; raise HANDBELL_FILES_MAX")
            raise
        except DATABASE_FAULTS as fault:
            note_database_fault(fault, "applet")
            raise NotWritten from None

    def _key_of(self, site: Site) -> str:
        return vendor_key_of(site, self._keys) if site.sealed_key else ""
