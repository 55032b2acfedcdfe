"""The current configuration, loaded again whenever its generation has changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.actions.hours import all_hours
from app.core.account_key import is_good, keys_of
from app.core.desk_options import DeskOptions
from app.core.hours_rules import AllHours
from app.core.notice_rule import NoticeBook
from app.core.site import Site
from app.core.staff import Staff
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, Database
from app.store.desk import load_desk_options
from app.store.notice_book import load_notice_book
from app.store.sites import load_generation, load_sites
from app.store.staff import load_staff


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Sites, staff, opening hours, rules about notices and the desk's options at one generation of the configuration.

    `sites_by_uid` has every account key that may be valid at some time; `account` checks the time.
    """

    generation: int
    sites: dict[str, Site]
    sites_by_uid: dict[str, Site]
    staff: Staff
    options: DeskOptions
    hours: AllHours
    notices: NoticeBook

    def site(self, slug: str) -> Site | None:
        """The enabled site with this slug."""
        site = self.sites.get(slug)
        return None if site is None or site.disabled else site

    def account(self, uid: str, now: datetime) -> Site | None:
        """The enabled site with this account key; the previous key counts until it expires."""
        site = self.sites_by_uid.get(uid)
        return site if site is not None and is_good(site, uid, now) else None

    def waiting_since(self, now: datetime) -> datetime:
        """The start of the long wait: a ticket that has waited since before this time is shown to all technicians."""
        return now - timedelta(minutes=self.options.long_wait)


class LoadedDesk:
    """The desk of one process. The first load raises what its database raises."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._desk = self._load()
        self._is_sure = True

    def current(self) -> Desk:
        """Sites and staff as they are now, or as they were last seen while the database is away."""
        try:
            if self._database.generation() != self._desk.generation or not self._is_sure:
                self._desk = self._load()
                self._is_sure = True
        except DATABASE_FAULTS as fault:
            # After a failover another configuration may have the same generation.
            self._is_sure = False
            note_database_fault(fault, "configuration")
        return self._desk

    def _load(self) -> Desk:
        with self._database.read() as connection:
            # Read first: after a change in between, the next call loads again.
            generation = load_generation(connection)
            sites = load_sites(connection)
            staff = load_staff(connection)
            options = load_desk_options(connection)
            hours = all_hours(connection)
            notices = load_notice_book(connection)
        by_uid = {uid: site for site in sites if not site.disabled for uid in keys_of(site)}
        return Desk(generation, {site.slug: site for site in sites}, by_uid, staff, options, hours, notices)
