"""The security log: each event comes of real requests, and no line holds anything that somebody typed or sent."""

import contextlib
import re
from pathlib import Path

import pytest
from flask import Flask

from app import metrics
from app.core.security_event import SecurityEvent
from app.process.running import Running
from app.process.thinning import BURST
from tests.conftest import PASSWORD, UID, StandingClock
from tests.page_client import PageClient
from tests.security_lines import MARK, events, security_lines
from tests.web.console_client import ANNA, BEN, DORA, log_in
from tests.web.security_scenarios import SCENARIOS, Stage, link_forged, send, too_many

BY_COMMANDS = {SecurityEvent.SIGNING_KEY_CHANGED, SecurityEvent.DEMO_DESK_MADE}  # tests/cli/test_security_log.py
FIELDS = {"event", "logger", "level", "timestamp", "request_id", "network", "where", "site", "account", "by", "act"}
OWN_FIELDS = {"role", "was", "what", "limit", "link", "key", "left_out"}
OURS = (ANNA, BEN, DORA, PASSWORD, UID, "Anna A", "127.0.0.1", "192.0.2.7")


@pytest.fixture
def stage(app_on_both: Flask, clock: StandingClock) -> Stage:
    return Stage(app_on_both, clock)


def counted(event: SecurityEvent) -> float:
    page = metrics.page(None).decode()
    found = re.search(rf'^handbell_security_events_total{{event="{event}"}} (\S+)$', page, re.MULTILINE)
    assert found, "there from the start, for alarms to see it rise"
    return float(found[1])


def test_every_event_has_a_way_to_happen() -> None:
    assert set(SCENARIOS) | BY_COMMANDS == set(SecurityEvent)


@pytest.mark.slow
@pytest.mark.parametrize("event", SCENARIOS)
def test_it_is_written_and_counted_and_holds_nothing_typed(
    stage: Stage, event: SecurityEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    before = counted(event)
    SCENARIOS[event](stage)
    written = capsys.readouterr().err
    lines = [line for line in security_lines(written) if line["event"] == event]
    assert lines, written
    assert counted(event) - before == len(lines)
    for line in security_lines(written):
        assert line.keys() <= FIELDS | OWN_FIELDS
        if line.get("by") != "command-line":
            assert line["network"] == "192.0.2.0/24"
            assert re.fullmatch("[0-9a-f]{16}", line["request_id"])
        assert re.fullmatch("[0-9a-f]{12}", line.get("account", "0" * 12))
        assert re.fullmatch("[0-9a-f]{12}|command-line", line.get("by", "0" * 12))
    assert MARK.lower() not in written.lower()
    assert not [text for text in (*OURS, "975318642") if text in written]


def test_an_account_has_one_name_whatever_happens_to_it(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    log_in(stage.client, " Anna@Example.com ", "wrong")
    log_in(stage.client, ANNA)
    log_in(stage.browser(), BEN)
    names = [line["account"] for line in security_lines(capsys.readouterr().err)]
    assert names == [stage.here.keys.account_hash(mail) for mail in (ANNA, ANNA, BEN)]
    assert names[0] != names[2]


def test_who_changed_it_is_told_beside_whose_it_is(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    SCENARIOS[SecurityEvent.ROLE_CHANGED](stage)
    (line,) = (line for line in security_lines(capsys.readouterr().err) if line["event"] == "role_changed")
    named = {"account": stage.here.keys.account_hash(ANNA), "by": stage.here.keys.account_hash(DORA)}
    assert named.items() <= line.items()
    assert (line["was"], line["role"], line["where"]) == (
        "technician",
        "administrator",
        "console_technicians.technician",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("event", "field", "values"),
    [
        (SecurityEvent.LINK_FORGED, "link", ["status", "go", "applet", "code", "invitation"]),
        (SecurityEvent.LINK_EXPIRED, "link", ["status", "invitation"]),
        (SecurityEvent.TOO_MANY, "limit", ["requests"]),
        (SecurityEvent.LOG_IN_REFUSED, "limit", ["log_ins"]),
        (SecurityEvent.KEY_WRONG, "key", ["account", "account", "secret"]),
        (SecurityEvent.SITE_SECRET_CHANGED, "what", [["identity_secret"]]),
        (SecurityEvent.SITE_ADDRESS_CHANGED, "what", [["origins"]]),
        (SecurityEvent.TECHNICIAN_ADDED, "role", ["supervisor"]),
    ],
)
def test_a_line_says_what_it_was_about(
    stage: Stage, event: SecurityEvent, field: str, values: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    SCENARIOS[event](stage)
    lines = security_lines(capsys.readouterr().err)
    assert [line[field] for line in lines if line["event"] == event] == values


@pytest.mark.slow
def test_a_refusal_is_one_event_and_not_two(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    log_in(stage.client, ANNA, "wrong")
    SCENARIOS[SecurityEvent.ORIGIN_REFUSED](stage)
    stage.clock.advance(minutes=11)
    log_in(stage.client, DORA)
    stage.clock.advance(minutes=11)
    assert send(stage.client, "/console/desk", long_wait="15").status == 403, "it asks for the password"
    assert "forbidden" not in events(capsys.readouterr().err)


def test_a_wrong_key_too_often_is_both(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    headers = {"Authorization": f"Bearer {MARK}"}
    answers = [stage.client.post("/api/v1/sites/default/requests", json={}, headers=headers) for _ in range(11)]
    assert answers[-1].status == 429
    lines = security_lines(capsys.readouterr().err)
    assert [line["limit"] for line in lines if line["event"] == "too_many"] == ["secrets"]


def test_what_changes_nothing_is_no_event(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """An absent token is no forgery either."""
    path = stage.client.submit(customer_name=MARK).location
    assert stage.client.get(path).status == 200
    assert stage.client.post("/s/default", {"customer_name": MARK}).status == 400
    assert stage.client.post("/s/default/submit", {"customer_name": MARK}).status == 200
    assert stage.client.get("/nowhere").status == 404
    assert events(capsys.readouterr().err) == []


@pytest.mark.slow
def test_a_change_that_is_undone_is_no_event(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    client, path = stage.administrator(), f"/console/team/{stage.anna()}"
    capsys.readouterr()
    assert send(client, path, name=MARK, role="administrator", seen="stale").status == 409
    assert events(capsys.readouterr().err) == []


@pytest.mark.slow
def test_a_flood_is_thinned_and_counted_in_full(
    app: Flask, clock: StandingClock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(app, clock)
    now = [0.0]
    monkeypatch.setattr("app.process.security_log.time.monotonic", lambda: now[0])
    before = counted(SecurityEvent.LINK_FORGED)
    for n in range(500):
        stage.browser(f"198.51.{n // 250}.{n % 250}").get(f"/r/{MARK}")
    assert counted(SecurityEvent.LINK_FORGED) - before == 500
    assert len(security_lines(capsys.readouterr().err)) == BURST
    now[0] += 1.0
    stage.client.get(f"/r/{MARK}")
    (line,) = security_lines(capsys.readouterr().err)
    assert line["left_out"] == 500 - BURST


@pytest.mark.slow
def test_log_ins_and_changes_are_never_thinned(
    app: Flask, clock: StandingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(app, clock)
    for _ in range(BURST * 3):
        log_in(stage.client)
    assert events(capsys.readouterr().err) == ["log_in"] * BURST * 3


def test_the_level_of_other_lines_silences_nothing(app: Flask, client: PageClient, here: Running) -> None:
    assert here.settings.log_level == "error", "and the tests above read lines of level info"


@pytest.mark.slow
def test_a_log_that_cannot_be_written_stops_nothing(
    app: Flask, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(app, clock)
    with contextlib.suppress(OSError), Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stderr", full)
        assert log_in(stage.client).status == 303
        link_forged(stage)
        too_many(stage)
        monkeypatch.undo()
