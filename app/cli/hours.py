"""`handbell hours …`: opening hours of the desk, with exceptions for departments and sites."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection

from app.actions import hours as actions
from app.actions.hours_calendar import read_calendar
from app.cli.hours_words import sentence
from app.cli.opening import now, open_database
from app.cli.output import json_option, show, show_one
from app.core.hours import Hours, SpecialDay
from app.core.hours_rules import DESK, HoursOption, of_department, of_site, read_zone
from app.core.hours_text import read_spans, read_week, written_spans, written_week
from app.core.moment import iso
from app.core.presence import is_staffed
from app.core.text import Invalid
from app.store.database import Database
from app.store.hours import load_hours
from app.store.presence import present_technicians
from app.store.sites import load_sites
from app.store.staff import load_staff

_PREVIEWED = timedelta(days=28)
_DAY = click.DateTime(["%Y-%m-%d"])


def _scope_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--department` and `--site`, which set the argument `scope`."""

    @click.option("--department", type=click.IntRange(1), metavar="ID", help="Of this department instead of the desk.")
    @click.option("--site", metavar="SITE", help="Of this site instead of the desk.")
    @wraps(command)
    def with_scope(department: int | None, site: str | None, **arguments: Any) -> None:
        if department is not None and site is not None:
            raise click.ClickException("give --department or --site, not both")
        scope = of_site(site) if site is not None else DESK if department is None else of_department(department)
        command(scope=scope, **arguments)

    return with_scope


@click.group()
def hours() -> None:
    """Opening hours, public holidays and special days."""


@hours.command("set")
@click.argument("spans")
@click.option("--zone", metavar="NAME", help="Time zone, such as Europe/Berlin; needed the first time.")
@_scope_options
def set_hours(scope: str, spans: str, zone: str | None) -> None:
    """Set the week: SPANS such as "mo-fr 09:00-12:30 13:30-17:00; sa 10:00-13:00"."""
    with _database(scope) as database:
        kept = _stored(database).get(scope)
        if zone is None and kept is None:
            raise click.ClickException("--zone is needed, such as --zone Europe/Berlin")
        name = kept.zone if zone is None and kept else read_zone(zone or "")
        actions.set_hours(database, scope, name, read_week(spans), by=None, now=now())
    click.echo(f"set the hours of {scope}")


@hours.command("clear")
@_scope_options
def clear(scope: str) -> None:
    """Remove the hours: a department or site then has the desk's, and a desk without hours is always open."""
    with _database(scope) as database:
        actions.clear_hours(database, scope, by=None, now=now())
    click.echo(f"removed the hours of {scope}")


@hours.command("show")
@_scope_options
@json_option
def show_hours(scope: str, as_json: bool) -> None:
    """Show the hours, whether it is open now, and when it opens next."""
    with _database(scope) as database, database.read() as connection:
        option = load_hours(connection).get(scope)
        values = _shown(scope, option, staffed=_is_staffed(connection, scope))
    if not as_json:
        values["days"] = [" ".join(filter(None, day.values())) for day in values["days"]]
    show_one(values, as_json=as_json)


@hours.command("preview")
@_scope_options
@json_option
def preview(scope: str, as_json: bool) -> None:
    """List each day of the next four weeks with its opening hours."""
    with _database(scope) as database:
        found = _own_hours(database, scope)
    first = now().astimezone(ZoneInfo(found.zone)).date()
    rows = [_previewed(found, first + timedelta(days=number)) for number in range(_PREVIEWED.days)]
    show(rows, ("day", "weekday", "spans", "name"), as_json=as_json)


@hours.group()
def holiday() -> None:
    """Public holidays of a country, and special days of one's own."""


@holiday.command("add")
@click.argument("day", type=_DAY, required=False, metavar="[YYYY-MM-DD]")
@click.option("--name", help="What the day is called.")
@click.option("--spans", default="", help='Opening hours of that day, such as "10:00-12:00"; closed without.')
@click.option("--country", metavar="CODE", help="Close on the public holidays of this country (DE); empty for none.")
@click.option("--region", metavar="CODE", help="And of this region of it (BY).")
@_scope_options
def add_holiday(
    scope: str, day: datetime | None, name: str | None, spans: str, country: str | None, region: str | None
) -> None:
    """Add one day of your own, or a country's public holidays."""
    if (day is None) == (country is None):
        raise click.ClickException("give a day (2026-12-25 --name Christmas), or --country")
    with _database(scope) as database:
        if day is None:
            where = (country or "").strip().upper() or None, (region or "").strip().upper() or None
            actions.set_country(database, scope, *where, by=None, now=now())
        else:
            special = SpecialDay((name or "").strip(), read_spans(spans.split()) if spans.strip() else ())
            actions.add_days(database, scope, {day.date(): special}, by=None, now=now())
    click.echo(f"changed the holidays of {scope}")


@holiday.command("remove")
@click.argument("day", type=_DAY, metavar="YYYY-MM-DD")
@_scope_options
def remove_holiday(scope: str, day: datetime) -> None:
    """Remove a day of your own."""
    with _database(scope) as database:
        actions.remove_days(database, scope, [day.date()], by=None, now=now())
    click.echo(f"changed the holidays of {scope}")


@holiday.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_scope_options
def import_holidays(scope: str, file: Path) -> None:
    """Add the whole-day events of a calendar file (.ics) as closed days, from today on."""
    with _database(scope) as database:
        days = read_calendar(file.read_bytes(), now().date())
        actions.add_days(database, scope, days, by=None, now=now())
    click.echo(f"added {len(days)} days to {scope}")


@holiday.command("list")
@_scope_options
@json_option
def list_holidays(scope: str, as_json: bool) -> None:
    """List the special days and public holidays of the next year."""
    with _database(scope) as database:
        found = _own_hours(database, scope)
    first = now().astimezone(ZoneInfo(found.zone)).date()
    days = (first + timedelta(days=number) for number in range(366))
    show(
        [_previewed(found, day) for day in days if found.special(day)],
        ("day", "weekday", "spans", "name"),
        as_json=as_json,
    )


@contextmanager
def _database(scope: str) -> Iterator[Database]:
    """The database; what is wrong is said in one line."""
    try:
        with open_database() as database:
            _check_scope(database, scope)
            yield database
    except actions.NoHours:
        raise click.ClickException(f'{scope} has no hours of its own; see "handbell hours set --help"') from None
    except Invalid as invalid:
        raise click.ClickException("; ".join(map(sentence, invalid.problems))) from None


def _check_scope(database: Database, scope: str) -> None:
    kind, _colon, name = scope.partition(":")
    with database.read() as connection:
        if kind == "department" and int(name) not in load_staff(connection).departments:
            raise click.ClickException(f"there is no department {name}")
        if kind == "site" and name not in {site.slug for site in load_sites(connection)}:
            raise click.ClickException(f"there is no site {name}")


def _own_hours(database: Database, scope: str) -> Hours:
    """Raises NoHours."""
    option = _stored(database).get(scope)
    if option is None:
        raise actions.NoHours
    return actions.hours_of(option)


def _stored(database: Database) -> dict[str, HoursOption]:
    with database.read() as connection:
        return load_hours(connection)


def _is_staffed(connection: Connection, scope: str) -> bool:
    department = int(scope.partition(":")[2]) if scope.startswith("department:") else None
    return is_staffed(load_staff(connection), present_technicians(connection, now()), department)


def _shown(scope: str, option: HoursOption | None, *, staffed: bool) -> dict[str, Any]:
    if option is None:
        always = {"open_now": True, "staffed": staffed, "next_opening": None}
        return {"scope": scope, "zone": None, "spans": None, "country": None, "region": None, "days": [], **always}
    found, at = actions.hours_of(option), now()
    opening = found.next_opening(at)
    return {
        "scope": scope,
        "zone": option.zone,
        "spans": written_week(option.week),
        "country": option.country,
        "region": option.region,
        "days": [_special(day, option.days[day]) for day in sorted(option.days)],
        "open_now": found.is_open(at),
        "staffed": staffed,
        "next_opening": iso(opening) if opening else None,
    }


def _special(day: date, special: SpecialDay) -> dict[str, str]:
    return {"day": day.isoformat(), "name": special.name, "spans": written_spans(special.spans)}


def _previewed(found: Hours, day: date) -> dict[str, Any]:
    special = found.special(day)
    return {
        "day": day.isoformat(),
        "weekday": day.strftime("%a"),
        "spans": written_spans(found.spans_on(day)) or "closed",
        "name": special.name if special else None,
    }
