"""Commands write to the audit log; `handbell audit …` and `handbell desk …`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.store.audit import record
from app.store.staff import load_staff
from tests.cli.command import Handbell
from tests.cli.handed_in import hand_in


def log(handbell: Handbell, *options: str) -> list[Any]:
    return [(act["act"], act["about"], act["detail"]) for act in handbell.json("audit", "list", *options)]


def test_what_commands_do_to_keys_is_audited(filled: Handbell) -> None:
    filled.says("keys", "rotate")
    new, old = (key["kid"] for key in filled.json("keys", "list"))
    assert filled.run("keys", "revoke", old).returncode == 0
    assert log(filled)[::-1] == [("key.rotated", f"key {new}", {}), ("key.revoked", f"key {old}", {})]


@pytest.mark.slow
def test_what_commands_do_to_people_s_data_is_audited_without_it(filled: Handbell) -> None:
    made = hand_in(filled, datetime.now(UTC))
    names = {"requests": [made.reference], "tickets": [made.ticket_number]}
    filled.says("request", "export", "--email", "zoe@example.com")
    filled.says("request", "erase", "--number", "C-1", "--yes")
    filled.says("prune")
    hand_in(filled, datetime.now(UTC) - timedelta(days=91))
    filled.says("prune")
    assert log(filled)[::-1] == [
        ("data.exported", "1 requests, 1 tickets", names),
        ("data.erased", "1 requests, 1 tickets", names),
        ("data.pruned", "what is over", {"requests": 1, "tickets": 1}),
    ]


def test_a_request_that_was_set_going_again_is_audited(filled: Handbell) -> None:
    made = hand_in(filled, datetime.now(UTC))
    assert "only waiting, parked and suspect ones are tried again" in filled.fails("request", "retry", made.reference)
    assert log(filled) == []
    with filled.database() as database:
        database.write(lambda connection: connection.exec_driver_sql("UPDATE requests SET state = 'parked'"))
    filled.says("request", "retry", made.reference)
    assert log(filled) == [("request.retried", f"request {made.reference}", {})]


def test_the_log_is_listed_by_person_and_act_and_goes_on(filled: Handbell) -> None:
    with filled.database() as database:
        with database.read() as connection:
            dora = load_staff(connection).technicians["dora@example.com"].id
        for n in range(4):
            database.write(
                lambda connection, n=n: record(  # type: ignore[misc]
                    connection,
                    f"x.{n // 2}",
                    f"{n}",
                    by=dora if n % 2 else None,
                    now=datetime(2026, 3, 1, 12, tzinfo=UTC),
                )
            )
    assert [about for _, about, _ in log(filled, "--who", "dora@example.com")] == ["3", "1"]
    assert [about for _, about, _ in log(filled, "--who", "command-line", "--act", "x.1")] == ["2"]
    newest, *_ = filled.json("audit", "list", "--most", "1")
    assert newest["who"] == "dora@example.com"
    assert newest["at"] == "2026-03-01T12:00:00.000Z"
    assert [about for _, about, _ in log(filled, "--before", str(newest["id"]), "--most", "2")] == ["2", "1"]
    assert "command-line" in filled.says("audit", "list")
    assert filled.fails("audit", "list", "--who", "x@example.com").startswith("handbell: there is no technician x@")


@pytest.mark.slow
def test_the_desk_s_options_are_shown_and_set(filled: Handbell) -> None:
    assert filled.json("desk", "show") == {
        "long_wait": 10,
        "retention_days": None,
        "second_factor_roles": None,
        "days_kept": 30,
        "call_backs": True,
    }
    assert filled.says("desk", "set", "--long-wait", "20", "--retention-days", "7") == (
        "changed the desk: long_wait, retention_days\n"
    )
    assert filled.json("desk", "show")["days_kept"] == 7
    filled.says("desk", "set", "--retention-days", "")
    assert filled.json("desk", "show")["days_kept"] == 30
    for roles in (["administrator", "supervisor"], ["none"], ["default"]):
        filled.says("desk", "set", *(word for role in roles for word in ("--second-factor", role)))
        stored = filled.json("desk", "show")["second_factor_roles"]
        assert stored == {"none": [], "default": None}.get(roles[0], ["supervisor", "administrator"])
    assert log(filled)[3:] == [
        ("desk.changed", "desk", {"retention_days": [7, None]}),
        ("desk.changed", "desk", {"long_wait": [10, 20], "retention_days": [None, 7]}),
    ]


def test_what_the_desk_cannot_be_set_to_is_one_line(filled: Handbell) -> None:
    for days in ("0", "91", "-1", "x", "1.5"):
        assert filled.fails("desk", "set", "--retention-days", days) == (
            "handbell: --retention-days must be 1 to 90, or empty"
        )
    assert "nothing to change" in filled.fails("desk", "set")
    assert "1<=x<=1440" in filled.fails("desk", "set", "--long-wait", "0")


def test_prune_keeps_data_as_long_as_the_desk_s_option_says(filled: Handbell) -> None:
    made = hand_in(filled, datetime.now(UTC) - timedelta(days=2))
    with filled.database() as database:
        database.write(
            lambda connection: connection.exec_driver_sql("UPDATE requests SET state = 'ended', ended_at = created_at")
        )
    assert "erased 0 requests" in filled.says("prune")
    filled.says("desk", "set", "--retention-days", "1")
    assert "erased 1 requests" in filled.says("prune")
    assert filled.json("request", "show", made.reference)["customer_name"] is None
