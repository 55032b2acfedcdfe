"""Make one try of a claimed notice and record how it went: each arrives, even when receivers or processes fail."""

import json
import logging
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parseaddr

import structlog
from sqlalchemy import Connection

from app import metrics
from app.actions.fan_out import still_wanted
from app.channels.declaring import Channel, Sending
from app.channels.wording import Facts, customer_words, invitation_words, notice_words, span_words
from app.core.hours_rules import AllHours
from app.core.mail_server import Mailing
from app.core.moment import iso
from app.core.notice import BROWSER, CUSTOMER, INVITATION, Delivery, Event, NoticeState, TryResult, is_too_old, next_try
from app.core.notice_rule import NoticeBook
from app.core.push import PUSH, Browser
from app.core.request import CustomerRequest
from app.core.site import Site
from app.core.staff import Staff
from app.core.targets import Targets
from app.core.ticket import Ticket, TicketState
from app.keys.seal import Unsealable
from app.store.browsers import browser_by_id, remove_browser
from app.store.call_backs import call_back_of
from app.store.database import Database
from app.store.notice_book import place_is_gone
from app.store.notices import Notice, any_due, claim_notices, finish, try_again
from app.store.requests import request_by_reference
from app.store.tickets import ticket_by_number

AT_ONCE = 16  # notices in one call of `deliver_due`, each in a thread of its own
LEASE = timedelta(seconds=120)  # far longer than a try may take, slow name look-ups included

_LEVELS = {
    "delivered": logging.INFO,
    "dropped": logging.INFO,
    "failed": logging.WARNING,
    "lease_lost": logging.WARNING,
    "given_up": logging.ERROR,
}
log = structlog.get_logger()
_random = random.SystemRandom()


def contact(mail: Mailing | None, base_url: str) -> str:
    """How a push service reaches the operator."""
    return f"mailto:{parseaddr(mail.sender)[1]}" if mail else base_url


class _NotWanted(Exception):
    """The notice is not to be delivered any more, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """What is needed to deliver notices, as it is now. Safe in every thread."""

    database: Database
    clock: Callable[[], datetime]
    sites: Mapping[str, Site]
    unseal: Callable[[str], str]
    channels: Mapping[str, Channel]
    targets: Targets
    staff: Staff = field(default_factory=Staff)
    book: NoticeBook = field(default_factory=NoticeBook)
    hours: AllHours = field(default_factory=AllHours)
    mail: Mailing | None = None
    base_url: str = ""
    customer_link: Callable[[CustomerRequest, Ticket | None], str] = lambda _request, _ticket: "/"

    def tell(self, notice: Notice) -> TryResult | None:
        """Make one try and record its outcome; None when the notice was dropped without one.

        A failed notice is due again later, is tried eight times in all, and is then given up (logged as
        `webhook_given_up`). A notice whose receiver refuses it for good is given up at once.
        """
        now = self.clock()
        try:
            sending = self._sending(notice, now)
        except _NotWanted as why:
            self._finish(notice, NoticeState.DROPPED, str(why))
            return None
        if is_too_old(notice.created_at, now):
            return self._record(notice, TryResult(Delivery.FAILED, "it was kept for a day"))
        return self._record(notice, self.channels[notice.channel].deliver(sending))

    def _sending(self, notice: Notice, now: datetime) -> Sending:
        """Raises _NotWanted."""
        site, channel = self.sites.get(notice.site), self.channels[notice.channel]
        if site is None:
            raise _NotWanted("its site is gone")
        plain = Sending(site, notice.id, notice.body, self.unseal, self.targets, now, mail=self.mail)
        kind, _colon, which = notice.receiver.partition(":")
        if kind == "site":
            if not channel.serves(site):
                raise _NotWanted("the site does not have this channel any more")
            return plain
        if kind == CUSTOMER:
            return self._to_customer(notice, site, plain)
        with self.database.read() as connection:
            ticket = ticket_by_number(connection, notice.ticket) if notice.ticket else None
            browser = browser_by_id(connection, int(which)) if kind == BROWSER else None
        if not still_wanted(notice.event, ticket):
            raise _NotWanted("what it tells is over")
        facts = self._facts(notice, site, ticket)
        if kind == "place":
            place = self.book.places.get(int(which))
            if place is None or place.gone:
                raise _NotWanted("its receiver is gone")
            return replace(plain, to=place.sealed, words=notice_words(notice.event, facts, None))
        technician_id = browser.technician_id if browser else int(which) if kind == "technician" else None
        return self._to_technician(notice, technician_id, facts, browser, plain)

    def _to_technician(
        self, notice: Notice, technician_id: int | None, facts: Facts, browser: Browser | None, plain: Sending
    ) -> Sending:
        """To a browser of theirs, or else to their mail address."""
        person = self.staff.technician(technician_id)
        if person is None or person.disabled:
            raise _NotWanted("its receiver is gone")
        own = self.book.people.get(person.id)
        language = own.language if own else None
        if notice.event == INVITATION:
            link = f"{self.base_url}/console/invitation/{self._unsealed(notice)}"
            return replace(plain, to=person.email, words=invitation_words(link, language))
        words = notice_words(notice.event, facts, language)
        if browser is None:
            return replace(plain, to=person.email, words=words)
        return replace(
            plain, to=browser.sealed, words=words, push=self.book.push_key, contact=contact(self.mail, self.base_url)
        )

    def _unsealed(self, notice: Notice) -> str:
        try:
            return self.unseal(notice.body)
        except Unsealable:
            raise _NotWanted("its key is gone") from None

    def _to_customer(self, notice: Notice, site: Site, plain: Sending) -> Sending:
        with self.database.read() as connection:
            request = request_by_reference(connection, notice.reference or "")
            ticket = ticket_by_number(connection, notice.ticket) if notice.ticket else None
        address = request.customer.email if request else None
        if request is None or request.erased_at or not address or not site.mail_customers:
            raise _NotWanted("its receiver is gone")
        if notice.event == Event.CLAIMED and (ticket is None or ticket.state is not TicketState.ACTIVE):
            raise _NotWanted("what it tells is over")
        time = self._call_back(notice, ticket, request) if notice.event == Event.CALL_BACK_PROMISED else None
        lasts = notice.event in (Event.CLOSED, Event.CALL_BACK_PROMISED)  # longer than the status page's link
        link = self.base_url + self.customer_link(request, ticket if lasts else None)
        words = customer_words(notice.event, site.name, request.reference, link, request.language, call_back=time)
        return replace(plain, to=address, words=words)

    def _call_back(self, notice: Notice, ticket: Ticket | None, request: CustomerRequest) -> str:
        """The time that is promised now. Raises _NotWanted when there is none, or another notice tells it."""
        with self.database.read() as connection:
            promise = call_back_of(connection, ticket.number) if ticket else None
        if ticket is None or ticket.state is not TicketState.WAITING or promise is None:
            raise _NotWanted("what it tells is over")
        if iso(promise.made_at) != json.loads(notice.body)["timestamp"]:
            raise _NotWanted("the call-back was moved meanwhile")
        hours = self.hours.apply_to(ticket.site, ticket.department_id)
        return span_words(promise.begins_at, promise.ends_at, hours.zone if hours else "UTC", request.language)

    def _facts(self, notice: Notice, site: Site, ticket: Ticket | None) -> Facts:
        page = f"tickets/{ticket.number}" if ticket else f"requests/{notice.reference}" if notice.reference else ""
        facts = Facts(
            site=site.name,
            reference=notice.reference,
            ticket=ticket.number if ticket else None,
            link=f"{self.base_url}/console/{page}",
        )
        if not self.book.desk.details or ticket is None or ticket.erased_at:
            return facts
        customer = ticket.customer.values()
        return replace(facts, customer=customer["customer_name"], problem=customer["problem_description"])

    def _record(self, notice: Notice, result: TryResult) -> TryResult:
        now = self.clock()
        failed = result.delivery is Delivery.FAILED
        again = next_try(notice.tries, notice.created_at, now, _random.uniform) if failed else None
        metrics.told(notice.channel, notice.site, result.delivery.value)
        if again:
            kept = self.database.write(
                lambda connection: try_again(connection, notice, again, result.why, maybe=result.maybe)
            )
            _say(notice, "failed" if kept else "lease_lost", result.why)
        elif result.delivery is Delivery.DELIVERED:
            self._finish(notice, NoticeState.DELIVERED, result.why)
        elif self._finish(notice, NoticeState.GIVEN_UP, result.why, gone=result.delivery is Delivery.GONE):
            metrics.told(notice.channel, notice.site, "given_up")
        return result

    def _finish(self, notice: Notice, state: NoticeState, why: str, *, gone: bool = False) -> bool:
        now = self.clock()

        def settle(connection: Connection) -> bool:
            kept = finish(connection, notice, state, why, now)
            if kept and gone and notice.channel == "hook":
                place_is_gone(connection, int(notice.receiver.partition(":")[2]), now)
            if kept and gone and notice.channel == PUSH:
                remove_browser(connection, int(notice.receiver.partition(":")[2]))
            return kept

        kept = self.database.write(settle)
        _say(notice, state if kept else "lease_lost", why)
        return kept


def _say(notice: Notice, outcome: str, why: str) -> None:
    event = f"{notice.channel}_{outcome}"
    log.log(_LEVELS[outcome], event, site=notice.site, id=notice.id, tries=notice.tries, why=why)


def deliver_due(teller: Teller) -> int:
    """Take up to 16 due notices, try each once, and return how many were delivered; for commands and tests.

    A running process has `process/telling.py`, which waits for nobody. Safe in any number of processes.
    """
    now = teller.clock()
    with teller.database.read() as connection:
        if not any_due(connection, teller.channels, now):
            return 0
    claimed = teller.database.write(
        lambda connection: claim_notices(connection, teller.channels, now, AT_ONCE, now + LEASE)
    )
    if not claimed:
        return 0
    with ThreadPoolExecutor(len(claimed), thread_name_prefix="notices") as threads:
        results = list(threads.map(teller.tell, claimed))
    return sum(result is not None and result.delivery is Delivery.DELIVERED for result in results)
