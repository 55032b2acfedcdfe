"""`handbell figures`, and that actions on a request at the command line are recorded."""

import csv
import io
from datetime import UTC, datetime, timedelta

from app.core.request import RequestState
from app.store.audit import acts
from app.store.requests import insert_request
from tests.cli.command import Handbell
from tests.store.rows import request_row


def put(handbell: Handbell, state: RequestState, at: datetime) -> str:
    row = request_row(state=state, created_at=at, opened_at=at if state is RequestState.OPENED else None)
    with handbell.database() as database:
        database.write(lambda connection: insert_request(connection, row))
    return row.reference


def test_figures_as_a_table_json_and_csv(filled: Handbell) -> None:
    now = datetime.now(UTC)
    for days in (0, 0, 4):
        put(filled, RequestState.OPENED, now - timedelta(days=days))
    old, new = (f"{(now - timedelta(days=days)).date()}" for days in (4, 0))
    found = {(one["day"], one["site"]): one for one in filled.json("figures")}
    assert found[old, None] == {**found[old, "default"], "site": None}
    assert [(found[day, "default"]["requests"], found[day, "default"]["finished"]) for day in (old, new)] == [
        (1, True),
        (2, False),
    ]
    rows = list(csv.DictReader(io.StringIO(filled.says("figures", "--csv", "--days", "1")), strict=True))
    assert [(row["day"], row["site"], row["opened"]) for row in rows] == [(new, "*", "2"), (new, "default", "2")]
    assert "(all)" in filled.says("figures")
    assert "not both" in filled.fails("figures", "--csv", "--json")


def test_a_retry_is_in_the_audit_log(filled: Handbell) -> None:
    reference = put(filled, RequestState.PARKED, datetime.now(UTC))
    filled.says("request", "retry", reference)
    with filled.database() as database, database.read() as connection:
        (act,) = acts(connection)
    assert (act.who, act.act, act.about) == (None, "request.retried", f"request {reference}")
