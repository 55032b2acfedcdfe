"""Opening hours: of the desk, with exceptions for departments and sites."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from flask import Response, abort, flash, request
from flask_babel import format_date

from app.actions import hours as actions
from app.actions.hours_calendar import MOST_BYTES, read_calendar
from app.actions.public_holidays import countries
from app.core.fact import Fact
from app.core.hours import Hours, SpecialDay
from app.core.hours_rules import DESK, LONGEST_NAME, HoursOption, of_department, of_site, read_zone
from app.core.hours_text import DAYS, read_spans, read_week, written_spans
from app.core.role import Role
from app.core.text import Invalid, without_control
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.store.hours import load_hours
from app.web.console.frame import administrators_only, console_page, console_pages, me, only
from app.web.console.hours_words import by_field
from app.web.language import page_language
from app.web.words import _

pages = console_pages("hours")
_PREVIEWED = 28  # days
_LARGEST_UPLOAD = MOST_BYTES + 16 * 1024
_ADDRESS = "/console/desk/hours"


@pages.get("/desk/hours")
@administrators_only
def hours() -> Response:
    """The week, the holidays and a preview, of the desk or of the department or site named by `of`."""
    return _page(_scope(), {}, {})


@pages.post("/desk/hours")
@administrators_only
def save_week() -> Response:
    """Set the time zone and the week."""
    scope, typed = _scope(), {name: request.form.get(name, "") for name in ("zone", *DAYS)}

    def save() -> None:
        week = read_week("; ".join(f"{day} {typed[day]}" for day in DAYS if typed[day].strip()))
        actions.set_hours(running().database, scope, read_zone(typed["zone"]), week, by=me().id, now=running().clock())

    return _saved(scope, typed, save)


@pages.post("/desk/hours/holidays")
@administrators_only
def save_holidays() -> Response:
    """Close on the public holidays of a country and region, or of none."""
    scope, typed = _scope(), {name: request.form.get(name, "").strip().upper() for name in ("country", "region")}

    def save() -> None:
        where = typed["country"] or None, typed["region"] or None
        actions.set_country(running().database, scope, *where, by=me().id, now=running().clock())

    return _saved(scope, typed, save)


@pages.post("/desk/hours/days")
@administrators_only
def add_day() -> Response:
    """Add a day that is closed, or has hours of its own."""
    scope, typed = _scope(), {name: request.form.get(name, "").strip() for name in ("day", "name", "times")}

    def save() -> None:
        spans = read_spans(typed["times"].split()) if typed["times"] else ()
        days = {_day(typed["day"]): SpecialDay(typed["name"], spans)}
        actions.add_days(running().database, scope, days, by=me().id, now=running().clock())

    return _saved(scope, typed, save)


@pages.post("/desk/hours/days/remove")
@administrators_only
def remove_day() -> Response:
    """Remove a day of one's own."""
    scope = _scope()

    def save() -> None:
        day = _day(request.form.get("day", ""))
        actions.remove_days(running().database, scope, [day], by=me().id, now=running().clock())

    return _saved(scope, {}, save)


@pages.post("/desk/hours/calendar")
@only(Role.ADMINISTRATOR, largest=_LARGEST_UPLOAD)
def import_calendar() -> Response:
    """Add the whole-day events of a calendar file as closed days."""
    scope = _scope()
    file = request.files.get("calendar")

    def save() -> None:
        days = read_calendar(file.stream.read(MOST_BYTES + 1) if file else b"", running().clock().date())
        actions.add_days(running().database, scope, days, by=me().id, now=running().clock())

    return _saved(scope, {}, save)


@pages.post("/desk/hours/remove")
@administrators_only
def remove() -> Response:
    """Remove the hours: a department or site then has the desk's, and the desk is then always open."""
    scope = _scope()
    return _saved(scope, {}, lambda: actions.clear_hours(running().database, scope, by=me().id, now=running().clock()))


def _saved(scope: str, typed: Mapping[str, str], save: Callable[[], None]) -> Response:
    """Save; on a fault the page again with all that was typed."""
    try:
        save()
    except Invalid as invalid:
        return _page(scope, typed, by_field(_of_their_day(typed, fact) for fact in invalid.problems))
    except actions.NoHours:
        return _page(scope, typed, {"form": _("Please set the week first.")})
    flash(_("Saved."))
    return see_other(f"{_ADDRESS}?of={scope}")


def _of_their_day(typed: Mapping[str, str], fact: Fact) -> Fact:
    """A fact about spans, moved to the field in which they were typed."""
    if fact.field != "spans":
        return fact
    part = str(fact.values.get("part", ""))
    where = next((day for day in DAYS if part in typed.get(day, "") or part.startswith(day)), "mo")
    return Fact(where if "mo" in typed else "times", fact.code, fact.values)


def _day(text: str) -> date:
    """Raises Invalid."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(Fact("day", "date")) from None


def _scope() -> str:
    """The department or site whose hours are asked for, or the desk; 404 for an unknown one."""
    scope = request.args.get("of", DESK)
    if scope not in dict(_scopes()):
        abort(404)
    return scope


def _scopes() -> list[tuple[str, str]]:
    """All scopes and their names."""
    desk = running().desk
    return [
        (DESK, _("The whole desk")),
        *((of_department(department.id), department.name) for department in desk.staff.departments.values()),
        *((of_site(site.slug), site.name) for site in desk.sites.values()),
    ]


def _page(scope: str, typed: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    here = running()
    with here.database.read() as connection:
        stored = load_hours(connection)
    option = stored.get(scope)
    found = None if option is None else actions.hours_of(option)
    if "day" in problems:
        typed = {**typed, "day": ""}  # a browser's field for dates takes nothing else
    values = {**_values(option, stored.get(DESK)), **{name: without_control(text) for name, text in typed.items()}}
    return console_page(
        "console/hours.html",
        status=422 if problems else 200,
        scope=scope,
        scopes=[(key, name, key in stored) for key, name in _scopes()],
        has_hours=option is not None,
        query=f"?of={scope}",
        values=values,
        problems=problems,
        week=list(zip(DAYS, _day_names(), strict=True)),
        zones=sorted(available_timezones()) if option is None or problems else _near(option.zone),
        countries=_countries(),
        longest_name=LONGEST_NAME,
        days=[_own_day(day, option.days[day]) for day in sorted(option.days)] if option else [],
        preview=_preview(found) if found else [],
        labels=_labels(),
    )


def _near(zone: str) -> list[str]:
    """Zones of the same continent: all of them would be most of the page."""
    continent = zone.partition("/")[0]
    return sorted(name for name in available_timezones() if name.partition("/")[0] == continent)


def _values(option: HoursOption | None, desk: HoursOption | None) -> dict[str, str]:
    """The forms' values; for a scope without hours those of the desk, to begin with."""
    shown = option or desk
    if shown is None:
        return {}
    week = {day: written_spans(shown.week[number]) for number, day in enumerate(DAYS)}
    holidays = {"country": option.country or "", "region": option.region or ""} if option else {}
    return {"zone": shown.zone, **holidays, **week}


def _day_names() -> list[str]:
    names = Locale.parse(page_language()).days["stand-alone"]["wide"]
    return [names[number] for number in range(len(DAYS))]


def _countries() -> list[tuple[str, str]]:
    """The countries whose holidays are known, by name in the page's language; the first is none."""
    names = Locale.parse(page_language()).territories
    known = [(code, names.get(code, code)) for code in countries()]
    return [("", _("None")), *sorted(known, key=lambda country: country[1].casefold())]


def _own_day(day: date, special: SpecialDay) -> dict[str, str]:
    return {
        "day": day.isoformat(),
        "shown": format_date(day, "full"),
        "name": special.name,
        "times": written_spans(special.spans),
    }


def _preview(found: Hours) -> list[dict[str, str]]:
    first = running().clock().astimezone(ZoneInfo(found.zone)).date()
    days = [first + timedelta(days=number) for number in range(_PREVIEWED)]
    return [
        {
            "day": day.isoformat(),
            "shown": format_date(day, "full"),
            "times": written_spans(found.spans_on(day)),
            "name": special.name if (special := found.special(day)) else "",
        }
        for day in days
    ]


def _labels() -> dict[str, str]:
    days = dict(zip(DAYS, _day_names(), strict=True))
    return {
        "zone": _("Time zone"),
        **days,
        "country": _("Country"),
        "region": _("Region"),
        "day": _("Day"),
        "name": _("Name"),
        "times": _("Times"),
        "calendar": _("Calendar file (.ics)"),
    }
