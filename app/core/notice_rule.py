"""Rules of who is told of what: by the administrator for the desk, and by each technician for themselves."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from app.core.fact import Fact
from app.core.hours import Span
from app.core.hours_text import read_spans
from app.core.notice import EVERYTHING, Event
from app.core.push import PushKey
from app.core.role import Role
from app.core.routing import QueueKind
from app.core.staff import Staff, Technician
from app.core.standing import Queue
from app.core.text import Invalid
from app.core.who_sees import away_colleagues

MOST_RULES = 50
LONGEST_WAIT = 24 * 60  # minutes
USUAL_WAIT = 10
PLACE = "place:"


class Whom(StrEnum):
    """The people that a rule is about."""

    MAY_TAKE = "may_take"  # they may take the ticket; supervisors where none of them is there, and for a vendor's
    ITS = "its"  # the technician who has it, else those who may take it
    SUPERVISORS = "supervisors"  # administrators included
    ADMINISTRATORS = "administrators"
    ME = "me"  # of one's own rules


class When(StrEnum):
    """When a rule holds."""

    ALWAYS = "always"
    OPEN = "open"
    CLOSED = "closed"  # outside the opening hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whoever is meant by `to` is told of `event` (an Event, or EVERYTHING), by the channel `by`.

    `to` is a Whom, or `place:5`: a webhook or chat by its id. `minutes` is for WAITING: how long it has to wait.
    """

    event: str
    to: str
    by: str
    minutes: int = 0
    when: When = When.ALWAYS

    @property
    def place(self) -> int | None:
        """The id of the place that is told; None when people are."""
        return int(self.to.removeprefix(PLACE)) if self.to.startswith(PLACE) else None

    @property
    def mark(self) -> str:
        """A name for it, made from what it says."""
        return hashlib.sha256(json.dumps(self.stored(), sort_keys=True).encode()).hexdigest()[:16]

    def stored(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """From `stored`. Raises ValueError, for example when a newer version knows more."""
        return cls(
            event=EVERYTHING if stored["event"] == EVERYTHING else Event(stored["event"]),
            to=stored["to"],
            by=stored["by"],
            minutes=stored["minutes"],
            when=When(stored["when"]),
        )


USUAL = (
    Rule(event=Event.WAITING, to=Whom.MAY_TAKE, by="mail", minutes=USUAL_WAIT),
    Rule(event=Event.CALL_BACK_DUE, to=Whom.MAY_TAKE, by="mail"),
    Rule(event=Event.CALL_BACK_LATE, to=Whom.MAY_TAKE, by="mail"),
    Rule(event=Event.CALL_BACK_LATE, to=Whom.SUPERVISORS, by="mail"),
    Rule(event=Event.PARKED, to=Whom.SUPERVISORS, by="mail"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What one technician, or the administrator for the desk, has set.

    `rules` is None for the usual ones. `quiet` is such as `22:00-07:00`: what happens then is told afterwards.
    `language` is that of the technician's pages. `details`, of the desk: notices bear the customer's name and problem.
    """

    rules: tuple[Rule, ...] | None = None
    quiet: str | None = None
    language: str | None = None
    details: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A webhook or a chat that is told of events. `site`: of this site's alone. `shown` is its address without secrets;
    `sealed` is all of it, encrypted. A place that is `gone` has refused for good."""

    id: int
    name: str
    kind: str
    shown: str
    sealed: str
    site: str | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class NoticeBook:
    """Everything that was set about notices."""

    desk: Own = field(default_factory=Own)
    people: Mapping[int, Own] = field(default_factory=dict)
    places: Mapping[int, Place] = field(default_factory=dict)
    push_key: PushKey | None = None

    @property
    def desk_rules(self) -> tuple[Rule, ...]:
        """The desk's rules: those that were set, or the usual ones."""
        return USUAL if self.desk.rules is None else self.desk.rules

    def rules_for(self, event: Event) -> list[tuple[Rule, int | None]]:
        """The rules about an event, each with the id of the technician who made it for themselves."""
        found: list[tuple[Rule, int | None]] = [(rule, None) for rule in self.desk_rules]
        found += [(rule, person) for person, own in self.people.items() for rule in own.rules or ()]
        return [(rule, whose) for rule, whose in found if rule.event in (event, EVERYTHING)]


def with_rule(rules: Iterable[Rule], new: Rule) -> tuple[Rule, ...]:
    """The rules and a new one, which stays single. Raises Invalid."""
    waits = new.event in (Event.WAITING, EVERYTHING)
    if not 0 <= new.minutes <= LONGEST_WAIT or (waits and new.minutes < 1):
        raise Invalid(Fact("minutes", "range", {"least": 1, "most": LONGEST_WAIT}))
    if not waits:
        new = replace(new, minutes=0)
    wanted = tuple(dict.fromkeys((*rules, new)))
    if len(wanted) > MOST_RULES:
        raise Invalid(Fact("event", "many", {"most": MOST_RULES}))
    return wanted


def read_quiet(text: str) -> str | None:
    """Quiet hours as they are kept; None for an empty text. Raises Invalid, about `quiet`."""
    if not text.strip():
        return None
    try:
        spans = read_spans(text.strip().replace(" - ", "-").split())
    except Invalid:
        spans = ()
    if len(spans) != 1:
        raise Invalid(Fact("quiet", "times"))
    return text.strip().replace(" - ", "-")


def quiet_span(quiet: str) -> Span:
    """The kept quiet hours as minutes of a day."""
    return read_spans([quiet])[0]


def people_meant(
    to: str, staff: Staff, queue: Queue | None, owner_id: int | None, whose: int | None
) -> list[Technician]:
    """The technicians meant by a rule's `to`; none of them is disabled.

    `queue` is the ticket's, None for a vendor's request. `whose` is the maker of an own rule, who is meant by it if the
    ticket is theirs, or they may take it or see all.
    """
    enabled = [one for one in staff.technicians.values() if not one.disabled]
    takers = _takers(staff, enabled, queue)
    its = [one for one in enabled if one.id == owner_id]
    match to:
        case Whom.MAY_TAKE:
            return takers or _there(enabled, Role.SUPERVISOR)
        case Whom.ITS:
            return its or takers or _there(enabled, Role.SUPERVISOR)
        case Whom.SUPERVISORS:
            return _there(enabled, Role.SUPERVISOR)
        case Whom.ADMINISTRATORS:
            return _there(enabled, Role.ADMINISTRATOR)
        case _:
            concerned = {one.id for one in (*takers, *its)}
            mine = [one for one in enabled if one.id == whose]
            return [one for one in mine if one.id in concerned or one.role.includes(Role.SUPERVISOR)]


def _there(enabled: Iterable[Technician], role: Role) -> list[Technician]:
    """Those of this role who are not away, or all of them when every one is."""
    found = [one for one in enabled if one.role.includes(role)]
    return [one for one in found if not one.away] or found


def _takers(staff: Staff, enabled: Iterable[Technician], queue: Queue | None) -> list[Technician]:
    if queue is None:
        return []
    there = [one for one in enabled if not one.away]
    match queue.kind:
        case QueueKind.GENERAL:
            return there
        case QueueKind.DEPARTMENT:
            return [one for one in there if queue.department_id in one.departments]
        case QueueKind.TECHNICIAN:
            return [
                one
                for one in there
                if one.id == queue.technician_id or queue.technician_id in away_colleagues(one, staff)
            ]
