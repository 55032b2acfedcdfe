"""`handbell hours …`."""

from datetime import UTC, datetime, timedelta

import pytest

from app.store.audit import acts
from tests.cli.command import Handbell

WEEK = "mo-fr 09:00-12:30 13:30-17:00; sa 10:00-13:00"


def test_a_desk_without_hours_is_always_open(filled: Handbell) -> None:
    shown = filled.json("hours", "show")
    assert (shown["zone"], shown["spans"], shown["open_now"], shown["next_opening"]) == (None, None, True, None)


def test_the_week_is_set_shown_and_removed(filled: Handbell) -> None:
    assert filled.says("hours", "set", WEEK, "--zone", "europe/berlin") == "set the hours of desk\n"
    shown = filled.json("hours", "show")
    assert (shown["zone"], shown["spans"], shown["staffed"]) == ("Europe/Berlin", WEEK, False)
    opening = datetime.fromisoformat(shown["next_opening"])
    assert opening - datetime.now(UTC) < timedelta(days=4)
    assert shown["open_now"] is (opening <= datetime.now(UTC))
    assert filled.says("hours", "set", "mo 10:00-11:00") == "set the hours of desk\n", "the zone stays"
    assert filled.json("hours", "show")["zone"] == "Europe/Berlin"
    filled.says("hours", "clear")
    assert filled.json("hours", "show")["spans"] is None
    with filled.database() as database, database.read() as connection:
        found = [(act.act, act.about) for act in acts(connection)]
    assert found == [("hours.removed", "desk"), ("hours.changed", "desk"), ("hours.changed", "desk")]


def test_a_department_and_a_site_have_hours_of_their_own(filled: Handbell) -> None:
    filled.says("hours", "set", "mo-su 00:00-24:00", "--zone", "UTC", "--department", "10")
    filled.says("hours", "set", "", "--zone", "Asia/Tokyo", "--site", "default")
    assert filled.json("hours", "show", "--department", "10")["open_now"] is True
    closed = filled.json("hours", "show", "--site", "default")
    assert (closed["open_now"], closed["next_opening"]) == (False, None)
    assert filled.json("hours", "show")["spans"] is None


@pytest.mark.slow
def test_holidays_of_a_country_and_days_of_ones_own(filled: Handbell) -> None:
    filled.says("hours", "set", "mo-su 09:00-17:00", "--zone", "Europe/Berlin")
    filled.says("hours", "holiday", "add", "--country", "de", "--region", "by")
    next_year = datetime.now(UTC).year + 1
    filled.says("hours", "holiday", "add", f"{next_year}-01-07", "--name", "Inventory", "--spans", "10:00-12:00")
    days = {day["day"]: (day["name"], day["spans"]) for day in filled.json("hours", "holiday", "list")}
    assert days[f"{next_year}-01-06"] == ("Heilige Drei Könige", "closed"), "of Bavaria alone"
    assert days[f"{next_year}-01-07"] == ("Inventory", "10:00-12:00")
    filled.says("hours", "holiday", "remove", f"{next_year}-01-07")
    filled.says("hours", "holiday", "add", "--country", "")
    assert filled.json("hours", "holiday", "list") == []


def test_a_calendar_file_is_imported(filled: Handbell) -> None:
    filled.says("hours", "set", "mo-su 09:00-17:00", "--zone", "UTC")
    begin = datetime.now(UTC).date() + timedelta(days=10)
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z",
        f"DTSTART;VALUE=DATE:{begin:%Y%m%d}", f"DTEND;VALUE=DATE:{begin + timedelta(days=2):%Y%m%d}",
        "SUMMARY:Company trip", "END:VEVENT", "BEGIN:VEVENT", "UID:2", "DTSTAMP:20260101T000000Z",
        f"DTSTART:{begin + timedelta(days=5):%Y%m%d}T090000Z", "SUMMARY:Meeting", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    file = filled.folder / "days.ics"
    file.write_text("\r\n".join(lines))
    assert filled.says("hours", "holiday", "import", str(file)) == "added 2 days to desk\n"
    found = {day["day"]: day["name"] for day in filled.json("hours", "holiday", "list")}
    assert found == {f"{begin}": "Company trip", f"{begin + timedelta(days=1)}": "Company trip"}
    file.write_text("no calendar")
    assert filled.fails("hours", "holiday", "import", str(file)) == "handbell: this is no calendar file (.ics)"


def test_four_weeks_are_previewed(filled: Handbell) -> None:
    filled.says("hours", "set", "mo 09:00-17:00", "--zone", "UTC")
    days = filled.json("hours", "preview")
    assert len(days) == 28
    assert [day["weekday"] for day in days if day["spans"] != "closed"] == ["Mon"] * 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "mo 9-17", "--zone", "UTC"), '"9-17" is no time: use 09:00-17:00, up to 24:00'),
        (
            ("set", "xx 09:00-17:00", "--zone", "UTC"),
            '"xx" is no day: use mo tu we th fr sa su, such as mo-fr or mo,we',
        ),
        (("set", "mo 09:00-17:00"), "--zone is needed, such as --zone Europe/Berlin"),
        (
            ("set", "mo 09:00-17:00", "--zone", "Berlin"),
            '"Berlin" is no time zone: use a name such as Europe/Berlin or America/New_York',
        ),
        (("set", "", "--zone", "UTC", "--department", "99"), "there is no department 99"),
        (("set", "", "--zone", "UTC", "--site", "nowhere"), "there is no site nowhere"),
        (("show", "--department", "10", "--site", "default"), "give --department or --site, not both"),
        (("preview",), 'desk has no hours of its own; see "handbell hours set --help"'),
        (("clear",), 'desk has no hours of its own; see "handbell hours set --help"'),
        (("holiday", "add"), "give a day (2026-12-25 --name Christmas), or --country"),
        (("holiday", "add", "2026-12-25"), "--name is needed"),
        (("holiday", "add", "--country", "XX"), 'the holidays of "XX" are not known: use a code such as DE'),
    ],
)
def test_what_is_wrong_is_said_in_one_line(filled: Handbell, arguments: tuple[str, ...], said: str) -> None:
    assert filled.fails("hours", *arguments) == f"handbell: {said}"
