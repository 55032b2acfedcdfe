"""Opening hours of the desk, of departments and of sites."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from app.core.hours import SpecialDay
from app.core.hours_rules import HoursOption
from app.core.hours_text import read_spans, read_week, written_spans, written_week
from app.store.sites import bump_generation
from app.store.tables import opening_hours


def load_hours(connection: Connection) -> dict[str, HoursOption]:
    """The opening hours of all scopes (`desk`, `department:7`, `site:default`)."""
    return {row.scope: _option(row) for row in connection.execute(select(opening_hours))}


def lock_hours(connection: Connection, scope: str) -> HoursOption | None:
    """The hours of one scope, locked against other changes until the transaction ends."""
    row = connection.execute(
        select(opening_hours).where(opening_hours.c.scope == scope).with_for_update()
    ).one_or_none()
    return None if row is None else _option(row)


def save_hours(connection: Connection, scope: str, option: HoursOption) -> None:
    """Store the hours of one scope, and tell every process."""
    values = {
        "zone": option.zone,
        "spans": written_week(option.week),
        "country": option.country,
        "region": option.region,
        "days": _plain(option.days),
    }
    if not connection.execute(update(opening_hours).where(opening_hours.c.scope == scope).values(values)).rowcount:
        connection.execute(insert(opening_hours).values(scope=scope, **values))
    bump_generation(connection)


def remove_hours(connection: Connection, scope: str) -> bool:
    """Remove the hours of one scope, and tell every process; returns whether there were any."""
    found = bool(connection.execute(delete(opening_hours).where(opening_hours.c.scope == scope)).rowcount)
    if found:
        bump_generation(connection)
    return found


def _option(row: Any) -> HoursOption:
    return HoursOption(
        zone=row.zone,
        week=read_week(row.spans),
        country=row.country,
        region=row.region,
        days={
            date.fromisoformat(day): SpecialDay(name, read_spans(spans.split()) if spans else ())
            for day, name, spans in row.days
        },
    )


def _plain(days: Mapping[date, SpecialDay]) -> list[list[str]]:
    return [[day.isoformat(), days[day].name, written_spans(days[day].spans)] for day in sorted(days)]
