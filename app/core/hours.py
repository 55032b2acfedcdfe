"""Opening hours: when somebody is there, in the local time of a named zone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

LOOKED_AHEAD = timedelta(days=400)  # for the next opening
DAY = 24 * 60  # minutes
_AT_ONCE = timedelta(days=8)
_STEP = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Opening hours of one day: minutes after its midnight on the wall clock. `end` may lie in the next day."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day with hours of its own, such as a closed one without spans."""

    name: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """A time without a gap in which it is open, in UTC; the end is excluded."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Opening hours. `week` has seven days, Monday first; `days` are special days; `holidays` are the names of public
    holidays, which are closed unless `days` says otherwise."""

    zone: str
    week: tuple[tuple[Span, ...], ...]
    days: Mapping[date, SpecialDay] = field(default_factory=dict, hash=False)
    holidays: Mapping[date, str] = field(default_factory=dict, hash=False)

    def special(self, day: date) -> SpecialDay | None:
        """What is special about this day; None for an ordinary one."""
        if found := self.days.get(day):
            return found
        name = self.holidays.get(day)
        return SpecialDay(name) if name else None

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on this day."""
        special = self.special(day)
        return self.week[day.weekday()] if special is None else special.spans

    def openings(self, since: datetime, until: datetime) -> list[Opening]:
        """The openings between two moments, in order, cut off at both."""
        merged: list[Opening] = []
        for opening in self._pieces(since, until):
            if merged and opening.begin <= merged[-1].end:
                merged[-1] = Opening(merged[-1].begin, max(merged[-1].end, opening.end))
            else:
                merged.append(opening)
        return merged

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at this moment."""
        return bool(self.openings(at, at + timedelta(microseconds=1)))

    def next_opening(self, at: datetime) -> datetime | None:
        """When it opens next: `at` itself while it is open; None when it stays closed for more than a year."""
        return next((opening.begin for opening in self.openings_after(at)), None)

    def next_closing(self, at: datetime) -> datetime | None:
        """When the opening at this moment ends; None when it is closed, or always open."""
        if not self.is_open(at):
            return None
        # An opening that continues beyond a window is cut off there.
        end = at
        while end - at < LOOKED_AHEAD:
            first = next(iter(self.openings(end, end + _AT_ONCE)), None)
            if first is None or first.begin > end:
                return end
            if first.end < end + _AT_ONCE:
                return first.end
            end = first.end
        return None

    def openings_after(self, at: datetime) -> Iterator[Opening]:
        """The openings of the next year, the one at this moment included. One that lasts beyond eight days comes in
        parts."""
        until = at + LOOKED_AHEAD
        while at < until:
            yield from self.openings(at, at + _AT_ONCE)
            at += _AT_ONCE

    def _pieces(self, since: datetime, until: datetime) -> Iterator[Opening]:
        zone = ZoneInfo(self.zone)
        for begin, end in pairwise(_with_changes(zone, since.astimezone(UTC), until.astimezone(UTC))):
            offset = _offset(zone, begin)
            yield from (
                Opening(max(begin, opens - offset), min(end, closes - offset))
                for opens, closes in self._by_wall_clock((begin + offset).date(), (end + offset).date())
                if opens - offset < end and closes - offset > begin
            )

    def _by_wall_clock(self, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
        """Spans of these days and of the one before, whose spans may last into the first; local times that bear UTC."""
        day = first - _STEP
        while day <= last:
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            for span in self.spans_on(day):
                yield midnight + timedelta(minutes=span.begin), midnight + timedelta(minutes=span.end)
            day += _STEP


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _with_changes(zone: ZoneInfo, since: datetime, until: datetime) -> list[datetime]:
    """Both moments, and in between those at which the zone's clocks change."""
    moments = [since]
    at = since
    while at < until:
        later = min(at + _STEP, until)
        if _offset(zone, at) != _offset(zone, later):
            moments.append(_change_between(zone, at, later))
        at = later
    return [*(moment for moment in moments if moment < until), until]


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second at which the clocks change; they do so once between these moments."""
    old = _offset(zone, before)
    low, high = int(before.timestamp()), int(after.timestamp()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, datetime.fromtimestamp(middle, UTC)) == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
