"""Opening hours as text: `mo-fr 09:00-12:30 13:30-17:00; sa 10:00-13:00`."""

import re
from itertools import groupby, pairwise

from app.core.fact import Fact
from app.core.hours import DAY, Span
from app.core.text import Invalid

DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
MOST_SPANS = 8  # of one day
Week = tuple[tuple[Span, ...], ...]
_TIMES = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")


def read_week(text: str) -> Week:
    """The spans of seven days, Monday first; a day that is not named is closed.

    Parts are separated by `;`. A part has days (`mo`, `mo-fr`, `mo,we`, `sa-mo`) and spans; a span that ends at or
    before its begin ends on the next day. Raises Invalid, about the field `spans`.
    """
    week: list[tuple[Span, ...]] = [()] * len(DAYS)
    for part in filter(None, (part.strip().lower() for part in text.split(";"))):
        days, *times = part.split()
        for day in _days(days):
            week[day] = tuple(sorted((*week[day], *read_spans(times))))
            if len(week[day]) > MOST_SPANS:
                raise _wrong("many", part)
    _refuse_overlaps(week)
    return tuple(week)


def read_spans(times: list[str]) -> tuple[Span, ...]:
    """The spans of one day, such as `09:00-12:30`. Raises Invalid, about the field `spans`."""
    if not times:
        raise _wrong("no_time", "")
    spans = tuple(sorted(_span(each) for each in times))
    if any(later.begin < earlier.end for earlier, later in pairwise(spans)):
        raise _wrong("overlap", " ".join(times))
    return spans


def written_week(week: Week) -> str:
    """The text from which `read_week` makes this week; empty when it is closed."""
    parts = []
    for spans, days in groupby(range(len(DAYS)), key=lambda day: week[day]):
        if spans:
            parts.append(f"{_written_days(list(days))} {written_spans(spans)}")
    return "; ".join(parts)


def written_spans(spans: tuple[Span, ...]) -> str:
    """The spans of one day, separated by blanks."""
    return " ".join(f"{_clock(span.begin)}-{_clock(span.end if span.end <= DAY else span.end - DAY)}" for span in spans)


def _days(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise _wrong("day", part)
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [day % len(DAYS) for day in range(begin, (end if end >= begin else end + len(DAYS)) + 1)]
    return found


def _span(text: str) -> Span:
    found = _TIMES.fullmatch(text)
    if found is None:
        raise _wrong("time", text)
    hour, minute, to_hour, to_minute = map(int, found.groups())
    begin, end = hour * 60 + minute, to_hour * 60 + to_minute
    if max(minute, to_minute) > 59 or begin >= DAY or end > DAY:
        raise _wrong("time", text)
    return Span(begin, end if end > begin else end + DAY)


def _refuse_overlaps(week: list[tuple[Span, ...]]) -> None:
    """Refuse spans of one day, or of a day and the next, that overlap: a typing error."""
    spans = [
        Span(span.begin + day * DAY, span.end + day * DAY) for day in range(len(DAYS)) for span in sorted(week[day])
    ]
    if not spans:
        return
    first = spans[0]
    again = Span(first.begin + len(DAYS) * DAY, first.end + len(DAYS) * DAY)
    for earlier, later in pairwise([*spans, again]):
        if later.begin < earlier.end:
            day = DAYS[earlier.begin // DAY % len(DAYS)]
            raise _wrong("overlap", f"{day} {_clock(earlier.begin % DAY)}-{_clock(earlier.end % DAY)}")


def _written_days(days: list[int]) -> str:
    return DAYS[days[0]] if len(days) == 1 else f"{DAYS[days[0]]}-{DAYS[days[-1]]}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _wrong(code: str, part: str) -> Invalid:
    return Invalid(Fact("spans", code, {"part": part}))
