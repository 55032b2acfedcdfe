"""Set opening hours and special days. Each change is one transaction with its row in the audit log; `by` is the id of
the administrator, or None for the command line."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from app.actions.public_holidays import public_holidays
from app.core.hours import Hours, SpecialDay
from app.core.hours_rules import AllHours, HoursOption, check_days
from app.core.hours_text import Week, written_spans, written_week
from app.store.audit import record
from app.store.database import Database
from app.store.hours import load_hours, lock_hours, remove_hours, save_hours


class NoHours(Exception):
    """This scope has no opening hours of its own."""


def all_hours(connection: Connection) -> AllHours:
    """The opening hours of all scopes, with their public holidays."""
    return AllHours({scope: hours_of(option) for scope, option in load_hours(connection).items()})


def hours_of(option: HoursOption) -> Hours:
    """Stored hours with their public holidays."""
    holidays = public_holidays(option.country, option.region)
    return Hours(zone=option.zone, week=option.week, days=option.days, holidays=holidays)


def set_hours(database: Database, scope: str, zone: str, week: Week, *, by: int | None, now: datetime) -> None:
    """Set the zone and the week of a scope; its special days stay."""

    def change(connection: Connection) -> None:
        old = lock_hours(connection, scope)
        new = HoursOption(zone=zone, week=week) if old is None else replace(old, zone=zone, week=week)
        if new == old:
            return
        save_hours(connection, scope, new)
        before = (None, None) if old is None else (old.zone, written_week(old.week))
        detail = {"zone": [before[0], zone], "spans": [before[1], written_week(week)]}
        changed = {name: values for name, values in detail.items() if values[0] != values[1]}
        record(connection, "hours.changed", scope, changed, by=by, now=now)

    database.write(change)


def set_country(
    database: Database, scope: str, country: str | None, region: str | None, *, by: int | None, now: datetime
) -> None:
    """Close on the public holidays of a country and region; None for none. Raises Invalid, and NoHours."""
    public_holidays(country, region)

    def change(old: HoursOption) -> HoursOption:
        return replace(old, country=country, region=region)

    def told(old: HoursOption) -> dict[str, list[str | None]]:
        return {"country": [old.country, country], "region": [old.region, region]}

    _change(database, scope, change, told, by=by, now=now)


def add_days(database: Database, scope: str, days: Mapping[date, SpecialDay], *, by: int | None, now: datetime) -> None:
    """Add special days, or replace those of the same date. Raises Invalid, and NoHours."""
    check_days(days)

    def change(old: HoursOption) -> HoursOption:
        new = {**old.days, **days}
        check_days(new)
        return replace(old, days=new)

    def told(old: HoursOption) -> dict[str, list[str | None]]:
        return {day.isoformat(): [_written(old.days.get(day)), _written(days[day])] for day in sorted(days)}

    _change(database, scope, change, told, by=by, now=now)


def remove_days(database: Database, scope: str, days: Iterable[date], *, by: int | None, now: datetime) -> None:
    """Remove special days; those that are not there are ignored. Raises NoHours."""
    gone = frozenset(days)

    def change(old: HoursOption) -> HoursOption:
        return replace(old, days={day: special for day, special in old.days.items() if day not in gone})

    def told(old: HoursOption) -> dict[str, list[str | None]]:
        return {day.isoformat(): [_written(old.days[day]), None] for day in sorted(gone & old.days.keys())}

    _change(database, scope, change, told, by=by, now=now)


def clear_hours(database: Database, scope: str, *, by: int | None, now: datetime) -> None:
    """Remove a scope's own hours: those of the desk apply again, or it is always open. Raises NoHours."""

    def remove(connection: Connection) -> None:
        if not remove_hours(connection, scope):
            raise NoHours
        record(connection, "hours.removed", scope, by=by, now=now)

    database.write(remove)


def _change(
    database: Database,
    scope: str,
    change: Callable[[HoursOption], HoursOption],
    told: Callable[[HoursOption], Mapping[str, object]],
    *,
    by: int | None,
    now: datetime,
) -> None:
    def write(connection: Connection) -> None:
        old = lock_hours(connection, scope)
        if old is None:
            raise NoHours
        new = change(old)
        if new != old:
            save_hours(connection, scope, new)
            record(connection, "hours.changed", scope, dict(told(old)), by=by, now=now)

    database.write(write)


def _written(special: SpecialDay | None) -> str | None:
    return None if special is None else f"{special.name} {written_spans(special.spans)}".strip()
