"""One running process, assembled from its parts."""

from collections.abc import Collection, Mapping

import structlog

from app.actions.fan_out import fan_out
from app.actions.figures import Figures
from app.actions.log_in import live_sessions
from app.actions.move import note_move
from app.actions.tell import Teller
from app.channels import channels
from app.channels.declaring import Channel
from app.core.poke import Poke
from app.core.request import CustomerRequest
from app.core.ticket import Ticket
from app.keys.installation_secret import installation_secret
from app.process.attendance import Attendance
from app.process.changes import Changes, Stirred
from app.process.clock import Clock, DatabaseClock
from app.process.configuration import Desk, LoadedDesk
from app.process.database_faults import note_database_fault
from app.process.keyring import KeyRing
from app.process.limits import ClientLimits, Rates, Turns
from app.process.outlooks import Outlooks
from app.process.poke_notifications import PokeNotifications
from app.process.poke_pipes import PokePipes
from app.process.pool import HandOffPool, Surroundings
from app.process.presence import Presence
from app.process.security_log import SecurityLog
from app.process.signed_links import SignedLinks
from app.process.streams import links_among
from app.process.telling import Telling
from app.process.vendors import Vendors
from app.settings import Settings
from app.store.audit import Act
from app.store.database import DATABASE_FAULTS, Database
from app.store.installation import turn_mark
from app.store.migrate import migrate
from app.store.queues import newest
from app.store.tickets import open_applets

log = structlog.get_logger()


class Running:
    """The parts of one process of a running Handbell. Raises DatabaseUnusable or BadKeys when it cannot run."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.database = Database(settings.database)
        migrate(self.database)
        self.clock: Clock = clock or DatabaseClock(self.database)
        self.keys = KeyRing(self.database, installation_secret(settings), self.clock)
        self.security = SecurityLog(self.keys, settings.security_spool, self.mail_of)
        self._pipes = PokePipes(settings.pokes_dir)
        self.database.listen(self._on_disk)
        self.links = SignedLinks(self.keys, self.clock, self.security.link)
        self.rates = Rates(settings.redis_url)
        self.client_limits = ClientLimits(settings.trusted_networks)
        self.log_in_turns = Turns(self.rates, settings.processes, settings.threads // 4)
        self.vendors = Vendors(settings, self.database, self.keys, self.rates, self.clock)
        self.figures = Figures(self.database)
        self.telling = Telling(self._teller)
        self.attendance = Attendance(self.database, self.clock)
        self.outlooks = Outlooks(self.database, self.clock, self.attendance)
        self.hand_offs = HandOffPool(self._surroundings())
        self.changes = Changes(
            self._newest,
            Stirred(self.database.version),
            self._live_sessions,
            self._pipes if self.database.is_sqlite else PokeNotifications(self.database),
            Presence(self.database, self.clock),
        )
        self._desk = LoadedDesk(self.database)
        note_move(self.database, self.desk.sites.get, now=self.clock())

    @property
    def desk(self) -> Desk:
        """The current sites, staff and options."""
        return self._desk.current()

    def mail_of(self, technician_id: int) -> str | None:
        """A technician's mail address by their id."""
        technician = self.desk.staff.technician(technician_id)
        return technician.email if technician else None

    def close(self) -> None:
        """End the streams, settle the calls in flight, finish writing and close the database."""
        self.changes.close()
        self.hand_offs.stop()
        self.telling.stop()
        self.database.close()

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            database=self.database,
            clock=self.clock,
            configuration=lambda: self.desk,
            open_backend=self.vendors.open_backend,
            within_rate=self.vendors.within_rate,
            waiters=self.settings.threads // 4,
            tell=self._tell,
            look_around=self._look_around,
            settled=lambda: turn_mark(self.database),
            clock_is_off=self.clock.is_off if isinstance(self.clock, DatabaseClock) else lambda: False,
        )

    def _look_around(self) -> None:
        # SQLite's file is not replaced under a running process.
        if not self.database.is_sqlite:
            note_move(self.database, self.desk.sites.get, now=self.clock())

    def _on_disk(self, what: Act | Poke) -> None:
        if isinstance(what, Poke):
            self._pipes.send(what)
        else:
            self.security.act(what)

    def _newest(self) -> tuple[int, ...]:
        return newest(self.database, self.desk.waiting_since(self.clock()))

    def _live_sessions(self, sessions: Collection[str]) -> Collection[str]:
        """Those of consoles that are logged in, and of applets whose tickets are open."""
        links = links_among(sessions)
        consoles = set(sessions) - set(links.values())
        live = live_sessions(self.database, consoles, now=self.clock()) if consoles else set()
        if links:
            with self.database.read() as connection:
                live |= {links[one] for one in open_applets(connection, links)}
        return live

    def _tell(self) -> None:
        self.security.take_over()
        self.tell_now()

    def tell_now(self) -> None:
        """Make notices of what has happened, and begin to deliver those that are due."""
        try:
            while fan_out(self.database, self.desk, self.channels, now=self.clock()):
                pass
        except DATABASE_FAULTS as fault:
            note_database_fault(fault, "notices")
        self.telling.look()

    @property
    def channels(self) -> Mapping[str, Channel]:
        """The channels that this process can tell people by."""
        return {name: one for name, one in channels().items() if name != "mail" or self.settings.mailing}

    def _customer_link(self, request: CustomerRequest, ticket: Ticket | None) -> str:
        """The path of a request's status page, for a day from now; with a ticket, of its conversation."""
        if ticket:
            return self.links.applet_path(ticket.applet_id, ticket.created_at)
        return f"/r/{self.links.status_token(request.status_id, self.clock())}"

    def _teller(self) -> Teller:
        desk = self.desk
        return Teller(
            database=self.database,
            clock=self.clock,
            sites=desk.sites,
            unseal=self.keys.unseal,
            channels=self.channels,
            targets=self.settings.targets,
            staff=desk.staff,
            book=desk.notices,
            hours=desk.hours,
            mail=self.settings.mailing,
            base_url=self.settings.base_url,
            customer_link=self._customer_link,
        )
