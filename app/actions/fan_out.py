"""Make notices of what has happened, by the rules of who is told; both in one transaction.

A row of what happened is taken and its notices are added together, so that a process that is killed in between loses
and doubles nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection

from app.core.happening import WAITED, Happening
from app.core.hours import Hours
from app.core.hours_rules import DESK, AllHours
from app.core.moment import iso
from app.core.notice import BROWSER, CUSTOMER, SILENCE, TO_CUSTOMERS, Event, NewNotice, json_body, notice_id
from app.core.notice_rule import NoticeBook, Rule, When, people_meant, quiet_span
from app.core.push import PUSH
from app.core.quiet import quiet_until
from app.core.request import CustomerRequest
from app.core.site import Site
from app.core.staff import Staff, Technician
from app.core.standing import queue_of
from app.core.text import looks_like_email
from app.core.ticket import Ticket, TicketState
from app.store.browsers import browser_by_id, browsers_of, pushed_of
from app.store.call_backs import call_back_of
from app.store.database import Database
from app.store.happenings import Later, add_later, any_happened, take_happenings, times_claimed
from app.store.notices import add_notices, may_mail_customer
from app.store.requests import request_by_reference
from app.store.tickets import ticket_by_number
from app.store.why import why_members

AT_ONCE = 200  # happenings in one transaction
_RINGS = (Event.REQUESTED, Event.WAITING, Event.PASSED_ON, Event.CALL_BACK_DUE, Event.CALL_BACK_LATE)
_ENDS_WAIT = (Event.CLAIMED, Event.PASSED_ON, Event.CLOSED, Event.CANCELLED)
_WROTE_WITHIN = 600  # seconds; what a customer writes within them is one notice


class Configuration(Protocol):
    """Sites, staff, hours and rules at one moment."""

    @property
    def sites(self) -> Mapping[str, Site]: ...

    @property
    def staff(self) -> Staff: ...

    @property
    def hours(self) -> AllHours: ...

    @property
    def notices(self) -> NoticeBook: ...


@dataclass(frozen=True, slots=True)
class _About:
    """What a happening is about, as it is now."""

    site: str
    ticket: Ticket | None = None
    request: CustomerRequest | None = None

    @property
    def reference(self) -> str | None:
        if self.request:
            return self.request.reference
        return self.ticket.reference if self.ticket else None

    @property
    def department_id(self) -> int | None:
        return self.ticket.department_id if self.ticket else None


def fan_out(database: Database, configuration: Configuration, channels: Collection[str], *, now: datetime) -> bool:
    """Take what has happened, oldest first, and add the notices for it; returns whether there may be more.

    `channels` are those that this installation has.
    """
    with database.read() as connection:
        if not any_happened(connection, now):
            return False

    def take(connection: Connection) -> bool:
        taken = take_happenings(connection, now, AT_ONCE)
        planning = _Planning(connection, configuration, frozenset(channels), now)
        for happening in taken:
            planning.plan(happening)
        add_notices(connection, planning.notices)
        add_later(connection, planning.later)
        return bool(taken)

    return database.write(take)


class _Planning:
    """The notices and later checks that a batch of happenings makes, inside its transaction."""

    def __init__(
        self, connection: Connection, configuration: Configuration, channels: frozenset[str], now: datetime
    ) -> None:
        self._connection = connection
        self._here = configuration
        self._channels = channels
        self._now = now
        self._rules = {event: self._rules_for(event) for event in Event}
        self._waits = sorted({rule.minutes for rule, _whose in self._rules[Event.WAITING]})
        self._mails_customers = "mail" in channels and any(site.mail_customers for site in configuration.sites.values())
        self.notices: list[NewNotice] = []
        self.later: list[Later] = []

    def plan(self, happening: Happening) -> None:
        """Add the notices and later checks that this makes."""
        begin = len(self.notices)
        self._plan(happening)
        if happening.event in _ENDS_WAIT and happening.ticket is not None and PUSH in self._channels:
            self._silence(happening, happening.ticket, {one.receiver for one in self.notices[begin:]})

    def _silence(self, happening: Happening, ticket: int, told: Collection[str]) -> None:
        """End what rings in browsers, but in those that are told something new of the ticket."""
        which = [one for one in pushed_of(self._connection, ticket, _RINGS) if f"{BROWSER}:{one}" not in told]
        about = self._about(happening) if which else None
        if about is None:
            return
        body = json_body(SILENCE, _data(happening, about), happening.at)
        for browser_id in which:
            if browser := browser_by_id(self._connection, browser_id):
                receiver = f"{BROWSER}:{browser.id}"
                same = (about.site, ticket, iso(happening.at), SILENCE)
                self._add(PUSH, receiver, browser.lane, about, same, body, self._now)

    def _plan(self, happening: Happening) -> None:
        event = happening.event
        if happening.begins_to_wait:
            self._check_later(happening)
        if event in TO_CUSTOMERS and self._mails_customers:
            self._to_customer(event, happening)
        rules = self._rules[event] if event else []
        if event is Event.WAITING:
            rules = [(rule, whose) for rule, whose in rules if rule.minutes == happening.source]
        if not event or not rules or (about := self._about(happening)) is None:
            return
        if event in (Event.WAITING, Event.CALL_BACK_DUE, Event.CALL_BACK_LATE) and not _still_waits(about):
            return
        if event is Event.WAITING and self._is_promised(about):
            return
        same = self._same(happening, about)
        body = json_body(event, _data(happening, about), self._moment(happening))
        for rule, whose in rules:
            if self._holds(rule, about):
                self._by(rule, whose, happening, about, (*same, event), body)

    def _rules_for(self, event: Event) -> list[tuple[Rule, int | None]]:
        """The rules about an event whose channel is there."""
        return [(rule, whose) for rule, whose in self._here.notices.rules_for(event) if self._has_way(rule)]

    def _check_later(self, happening: Happening) -> None:
        for minutes in self._waits:
            later = replace(happening, what=WAITED, source=minutes, who=None)
            self.later.append(Later(later, happening.at + timedelta(minutes=minutes)))

    def _has_way(self, rule: Rule) -> bool:
        """Whether the rule's channel and place are there."""
        if rule.place is None:
            return rule.by in self._channels
        place = self._here.notices.places.get(rule.place)
        return place is not None and not place.gone and place.kind in self._channels

    def _about(self, happening: Happening) -> _About | None:
        if happening.ticket is not None:
            ticket = ticket_by_number(self._connection, happening.ticket)
            return None if ticket is None or ticket.erased_at else _About(ticket.site, ticket)
        if happening.reference is not None:
            request = request_by_reference(self._connection, happening.reference)
            return None if request is None or request.erased_at else _About(request.site, request=request)
        return _About(happening.site) if happening.site else None

    def _is_promised(self, about: _About) -> bool:
        """Whether the customer does not wait in line, but for a call-back, which has events of its own."""
        return about.ticket is not None and call_back_of(self._connection, about.ticket.number) is not None

    def _to_customer(self, event: Event, happening: Happening) -> None:
        """A mail to the customer, one of each kind and for each time of a call-back, if the site wants it and the
        address is not used up."""
        about = self._about(happening)
        site = self._here.sites.get(about.site) if about else None
        if about is None or site is None or not site.mail_customers or about.reference is None:
            return
        request = about.request or request_by_reference(self._connection, about.reference)
        address = request.customer.email if request else None
        if not address or not looks_like_email(address):
            return
        if not may_mail_customer(self._connection, address, site.slug, self._now):
            return
        body = json_body(event, {"site": about.site, "reference": about.reference}, happening.at)
        which = (iso(happening.at),) if event is Event.CALL_BACK_PROMISED else ()
        self._add("mail", CUSTOMER, "mail", about, (about.site, about.reference, *which, event), body, self._now)

    def _same(self, happening: Happening, about: _About) -> tuple[object, ...]:
        """What makes two happenings the same for those who are told."""
        which = (about.site, happening.ticket, about.reference)
        if happening.event is Event.WAITING and happening.ticket is not None:
            # Once for each time that a ticket waits for somebody, however often it is passed on meanwhile.
            return (*which, happening.source, times_claimed(self._connection, happening.ticket))
        if happening.event is Event.CUSTOMER_WROTE:
            return (*which, int(happening.at.timestamp()) // _WROTE_WITHIN)
        return (*which, happening.source, iso(happening.at))

    def _moment(self, happening: Happening) -> datetime:
        """When it happened. What is parked, and what has waited, happens now."""
        return self._now if happening.event in (Event.PARKED, Event.WAITING) else happening.at

    def _holds(self, rule: Rule, about: _About) -> bool:
        if rule.when is When.ALWAYS:
            return True
        hours = self._here.hours.apply_to(about.site, about.department_id)
        return (hours is None or hours.is_open(self._now)) is (rule.when is When.OPEN)

    def _by(
        self, rule: Rule, whose: int | None, happening: Happening, about: _About, same: tuple[object, ...], body: str
    ) -> None:
        if rule.place is not None:
            place = self._here.notices.places[rule.place]
            if place.site in (None, about.site):
                self._add(place.kind, f"place:{place.id}", f"place:{place.id}", about, same, body, self._now)
            return
        queue = queue_of(about.ticket) if about.ticket else None
        owner_id = about.ticket.owner_id if about.ticket and about.ticket.state is not TicketState.WAITING else None
        for person in people_meant(rule.to, self._here.staff, queue, owner_id, whose):
            if person.id != happening.doer:
                for receiver, lane in self._ways(rule.by, person):
                    self._add(rule.by, receiver, lane, about, same, body, self._after_quiet_hours(person))

    def _ways(self, by: str, person: Technician) -> list[tuple[str, str]]:
        """The receivers that a person has in a channel, each with its lane."""
        if by != PUSH:
            return [(f"technician:{person.id}", by)]
        return [(f"{BROWSER}:{one.id}", one.lane) for one in browsers_of(self._connection, [person.id])]

    def _after_quiet_hours(self, person: Technician) -> datetime:
        own = self._here.notices.people.get(person.id)
        if own is None or own.quiet is None:
            return self._now
        return quiet_until(quiet_span(own.quiet), zone_of(self._here.hours), self._now) or self._now

    def _add(
        self,
        channel: str,
        receiver: str,
        lane: str,
        about: _About,
        same: tuple[object, ...],
        body: str,
        due_at: datetime,
    ) -> None:
        self.notices.append(
            NewNotice(
                id=notice_id(channel, receiver, *same),
                channel=channel,
                receiver=receiver,
                lane=lane,
                site=about.site,
                event=str(same[-1]),
                body=body,
                created_at=self._now,
                due_at=due_at,
                ticket=about.ticket.number if about.ticket else None,
                reference=about.reference,
            )
        )


def zone_of(hours: AllHours) -> str:
    """The zone of the desk's opening hours, on whose clock quiet hours are; UTC without any."""
    desk: Hours | None = hours.scopes.get(DESK)
    return desk.zone if desk else "UTC"


def still_wanted(event: str, ticket: Ticket | None) -> bool:
    """Whether an event still is worth telling: what waited may have been claimed meanwhile."""
    if event not in (Event.REQUESTED, Event.WAITING, Event.CALL_BACK_DUE, Event.CALL_BACK_LATE):
        return True
    return ticket is None or ticket.state is TicketState.WAITING


def _still_waits(about: _About) -> bool:
    return about.ticket is not None and about.ticket.state is TicketState.WAITING


def _data(happening: Happening, about: _About) -> dict[str, Any]:
    """The event's facts: nothing that a customer typed."""
    data: dict[str, Any] = {"site": about.site, "reference": about.reference}
    if ticket := about.ticket:
        data |= {"ticket": ticket.number, "queue": str(queue_of(ticket)), "technician": ticket.owner_id}
    if request := about.request:
        why = why_members(request.why)
        data |= {"why": why["why"], "why_values": why["why_values"], "attempts": request.attempts}
    if happening.event is Event.WAITING:
        data |= {"minutes": happening.source}
    return data
