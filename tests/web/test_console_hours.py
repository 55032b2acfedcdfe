"""The opening hours in the console."""

from datetime import date
from io import BytesIO

import pytest
from flask import Flask

from app.actions.hours import all_hours
from app.core.hours import Span, SpecialDay
from app.core.hours_rules import DESK
from app.core.hours_text import written_week
from app.process.running import Running
from app.store.audit import acts
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, DORA, csrf_of, log_in

PAGE = "/console/desk/hours"
WEEK = {"zone": "Europe/Berlin", "mo": "09:00-12:30 13:30-17:00", "sa": "10:00-13:00"}


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def dora(client: PageClient) -> PageClient:
    log_in(client, DORA)
    return client


def post(client: PageClient, path: str = "", of: str = DESK, **fields: object) -> Answer:
    token = csrf_of(client.get(f"{PAGE}?of={of}"))
    return client.post(f"{PAGE}{path}?of={of}", {"csrf_token": token, **fields})


@pytest.mark.slow
def test_a_week_is_saved_shown_and_previewed(dora: PageClient, here: Running) -> None:
    assert post(dora, **WEEK).status == 303
    assert written_week(here.desk.hours.scopes[DESK].week) == "mo 09:00-12:30 13:30-17:00; sa 10:00-13:00"
    page = dora.get(PAGE)
    assert (page.select("#zone")["value"], page.select("#mo")["value"], page.select("#tu")["value"]) == (
        "Europe/Berlin",
        "09:00-12:30 13:30-17:00",
        "",
    )
    rows = [" ".join(row.get_text(" ").split()) for row in page.page.select("table tbody tr")]
    assert len(rows) == 28
    assert rows[:2] == ["Sunday, March 1, 2026 closed", "Monday, March 2, 2026 09:00-12:30 13:30-17:00"]


@pytest.mark.slow
def test_a_department_has_its_own_and_can_give_them_up(dora: PageClient, here: Running) -> None:
    post(dora, **WEEK)
    assert post(dora, of="department:10", zone="UTC", su="12:00-13:00").status == 303
    assert here.desk.hours.apply_to("default", 10) == here.desk.hours.scopes["department:10"]
    assert here.desk.hours.apply_to("default", 20) == here.desk.hours.scopes[DESK]
    assert post(dora, "/remove", of="department:10").status == 303
    assert here.desk.hours.apply_to("default", 10) == here.desk.hours.scopes[DESK]


@pytest.mark.slow
def test_days_of_ones_own_and_public_holidays(dora: PageClient, here: Running) -> None:
    post(dora, **WEEK)
    assert post(dora, "/holidays", country="DE", region="by").status == 303
    assert post(dora, "/days", day="2026-03-02", name="Stock-taking", times="10:00-11:00").status == 303
    hours = here.desk.hours.scopes[DESK]
    assert hours.special(date(2026, 3, 2)) == SpecialDay("Stock-taking", (Span(600, 660),))
    assert hours.special(date(2026, 6, 4)) == SpecialDay("Fronleichnam")
    assert post(dora, "/days/remove", day="2026-03-02").status == 303
    assert here.desk.hours.scopes[DESK].special(date(2026, 3, 2)) is None


@pytest.mark.slow
def test_a_calendar_is_imported(dora: PageClient, here: Running) -> None:
    post(dora, **WEEK)
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260310\r\nSUMMARY:Trip\r\nEND:VEVENT"
    raw = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//\r\n{event}\r\nEND:VCALENDAR\r\n".encode()
    assert post(dora, "/calendar", calendar=(BytesIO(raw), "days.ics")).status == 303
    assert here.desk.hours.scopes[DESK].special(date(2026, 3, 10)) == SpecialDay("Trip")
    for broken in (b"", b"\0\xff", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", raw[: len(raw) // 2]):
        answer = post(dora, "/calendar", calendar=(BytesIO(broken), "days.ics"))
        assert (answer.status, bool(answer.select("#calendar-problem"))) == (422, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "fields", "field", "says"),
    [
        ("", {**WEEK, "zone": "Berlin"}, "zone", "Please choose a time zone from the list, such as Europe/Berlin."),
        ("", {**WEEK, "tu": "9-17"}, "tu", "“9-17” is not a time. Write 09:00-17:00, up to 24:00."),
        ("", {**WEEK, "we": "09:00-12:00 11:00-13:00"}, "we", "These times overlap: 09:00-12:00 11:00-13:00"),
        ("/days", {"day": "soon", "name": "x"}, "day", "Please choose a day."),
        ("/days", {"day": "2026-03-02", "name": " "}, "name", "Please fill this in."),
        ("/days", {"day": "2026-03-02", "name": "x" * 81}, "name", "At most 80 characters, please."),
        ("/days", {"day": "2026-03-02", "name": "x", "times": "noon"}, "times", "“noon” is not a time."),
        ("/holidays", {"country": "XX"}, "country", "The holidays of this country are not known."),
        ("/holidays", {"country": "AT", "region": "XX"}, "region", "This region is not known. Known are: 1, 2"),
    ],
)
def test_what_is_wrong_comes_back_with_what_was_typed(
    dora: PageClient, here: Running, path: str, fields: dict[str, str], field: str, says: str
) -> None:
    post(dora, **WEEK)
    before = here.desk.generation
    answer = post(dora, path, **fields)
    assert answer.status == 422
    assert answer.select(f"#{field}-problem").get_text().startswith(says)
    assert here.desk.generation == before
    if field not in ("country", "day"):
        assert answer.select(f"#{field}")["value"] == fields[field].strip()


@pytest.mark.slow
def test_each_change_is_in_the_audit_log(dora: PageClient, here: Running) -> None:
    post(dora, **WEEK)
    post(dora, **WEEK)
    post(dora, "/days", day="2026-03-02", name="Stock-taking")
    post(dora, "/remove")
    with here.database.read() as connection:
        found = [(act.act, act.about, act.detail) for act in acts(connection)]
    assert found == [
        ("hours.removed", "desk", {}),
        ("hours.changed", "desk", {"2026-03-02": [None, "Stock-taking"]}),
        (
            "hours.changed",
            "desk",
            {"zone": [None, "Europe/Berlin"], "spans": [None, "mo 09:00-12:30 13:30-17:00; sa 10:00-13:00"]},
        ),
    ]


def test_only_administrators_and_known_scopes(client: PageClient, here: Running) -> None:
    log_in(client, ANNA)
    assert client.get(PAGE).status == 403
    log_in(client, DORA)
    assert client.get(f"{PAGE}?of=department:99").status == 404
    with here.database.read() as connection:
        assert all_hours(connection).scopes == {}
