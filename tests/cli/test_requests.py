"""`handbell request …`, `handbell ticket …` and `handbell prune`."""

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.actions.live_files import Sender, begin, take_whole
from app.actions.work import Work, claim
from app.core.call_back import SPAN, CallBack, Way
from app.core.kept_file import CHUNK
from app.core.live import CUSTOMER_SPEAKS
from app.core.live_file import NewFile
from app.core.request import RequestState
from app.core.standing import Standing
from app.core.why import Why, WhyCode
from app.store.call_backs import save_call_back
from app.store.erasures import mark_erasure
from app.store.requests import insert_request
from app.store.staff import load_staff
from app.store.tickets import ticket_by_number
from tests.cli.command import Handbell
from tests.cli.handed_in import ZOE, hand_in
from tests.kept_files import ROOM
from tests.long_reader import long_reader
from tests.store.rows import request_row


def test_a_request_and_its_ticket_are_listed_and_shown(filled: Handbell) -> None:
    made = hand_in(filled, datetime(2026, 3, 1, 12, tzinfo=UTC))
    asked = {
        "customer_name": ZOE.customer.name,
        "customer_email": "zoe@example.com",
        "customer_number": "C-1",
        "problem_description": "It broke.\nTwice.",
    }
    shown = filled.json("request", "show", made.reference.lower().replace("-", " "))
    expected = {
        "reference": made.reference,
        "site": "default",
        "state": "opened",
        "backend": "embedded",
        "attempts": 1,
        **asked,
        "created_at": "2026-03-01T12:00:00.000Z",
        "opened_at": "2026-03-01T12:00:00.000Z",
        "ticket_number": made.ticket_number,
    }
    assert {name: shown[name] for name in expected} == expected
    assert filled.json("request", "list", "--state", "opened", "--site", "default") == [shown]
    ticket = filled.json("ticket", "show", str(made.ticket_number))
    expected = {
        "ticket_number": made.ticket_number,
        "session_id": made.session_id,
        "state": "waiting",
        "queue": {"kind": "department", "technician": None, "department": 10},
        "asked": {"department": "id_10", "tech": "nobody@example.com"},
        "reason": "department_technician_wrong",
        **asked,
        "ask_customer_info": False,
        "created_at": "2026-03-01T12:00:00.000Z",
    }
    assert {name: ticket[name] for name in expected} == expected
    assert [ticket.pop(name) for name in ("history", "lines", "helped", "call_back")] == [[], [], None, None]
    assert filled.json("ticket", "list") == [ticket]


def test_a_ticket_shows_what_its_customer_was_promised(filled: Handbell) -> None:
    number = hand_in(filled, datetime(2026, 3, 1, 12, tzinfo=UTC)).ticket_number
    assert number is not None
    assert filled.json("ticket", "show", str(number))["call_back"] is None
    begins = datetime(2126, 3, 4, 9, 0, tzinfo=UTC)  # a Monday
    promise = CallBack(
        ticket=number, begins_at=begins, ends_at=begins + SPAN, way=Way.MAIL, to="z@b.de", made_at=begins, next_at=None
    )
    with filled.database() as database:
        database.write(lambda connection: save_call_back(connection, promise))
    shown = {
        "begins_at": "2126-03-04T09:00:00.000Z",
        "ends_at": "2126-03-04T09:30:00.000Z",
        "way": "mail",
        "to": "z@b.de",
        "standing": "made",
        "covered": True,
    }
    assert filled.json("ticket", "show", str(number))["call_back"] == shown
    filled.run("hours", "set", "mo 10:00-12:00", "--zone", "UTC")
    assert filled.json("ticket", "show", str(number))["call_back"] == {**shown, "covered": False}


def test_why_a_request_waits_is_a_sentence_for_people_and_a_code_for_programs(filled: Handbell) -> None:
    why = Why(WhyCode.NOT_AVAILABLE, {"status": 503})
    row = request_row(state=RequestState.PARKED, why=why, customer_email="zoe@example.com")
    with filled.database() as database:
        database.write(lambda connection: insert_request(connection, row))
    coded = {
        "why": "not_available",
        "why_values": {"status": 503},
        "last_error": "the vendor answered 503: it is not available",
    }
    (exported,) = json.loads(filled.says("request", "export", row.reference))["requests"]
    for shown in (filled.json("request", "show", row.reference), exported):
        assert {name: shown[name] for name in coded} == coded
    said = filled.says("request", "show", row.reference)
    assert "the vendor answered 503: it is not available" in said
    assert "not_available" not in said


def test_a_person_is_exported_and_erased(filled: Handbell) -> None:
    made = hand_in(filled, datetime.now(UTC))
    exported = json.loads(filled.says("request", "export", "--email", "ZOE@example.com"))
    assert [row["reference"] for row in exported["requests"]] == [made.reference]
    assert [row["customer_number"] for row in exported["tickets"]] == ["C-1"]
    assert filled.run("request", "erase", made.reference).returncode != 0, "erased without being asked"
    assert filled.says("request", "erase", made.reference, "--yes") == "erased the data of 1 requests and 1 tickets\n"
    assert filled.json("request", "show", made.reference)["customer_name"] is None
    assert filled.fails("request", "export", "--email", "zoe@example.com") == "handbell: nothing is kept about that"


def test_files_of_conversations_are_shown_and_exported(filled: Handbell, tmp_path: Path) -> None:
    made = hand_in(filled, datetime.now(UTC))
    number, content = made.ticket_number or 0, os.urandom(CHUNK + 7)
    with filled.database() as database:
        sender = Sender(database, number, CUSTOMER_SPEAKS, ROOM, datetime.now(UTC))
        take_whole(sender, "a", "notes.txt", [content])
        begin(sender, NewFile("b", "never.bin", 9))
    (line,) = filled.json("ticket", "show", str(number))["lines"]
    assert (line["kind"], line["body"]) == ("file", "notes.txt")
    assert (line["file"]["size"], line["file"]["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    folder = tmp_path / "new" / "folder"
    exported = json.loads(filled.says("request", "export", made.reference, "--files", str(folder)))
    names = {file["name"] for file in exported["tickets"][0]["conversation"]["files"]}
    assert names == {"notes.txt", "never.bin"}
    (written,) = folder.iterdir()
    assert (written.name, written.read_bytes()) == (f"{line['file']['id']}.txt", content)
    assert (written.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.slow
def test_erase_prune_and_check_say_what_is_still_in_the_log(filled: Handbell) -> None:
    made = hand_in(filled, datetime.now(UTC))
    hand_in(filled, datetime.now(UTC) - timedelta(days=91))
    with filled.database() as database, long_reader(database):
        for command in (("request", "erase", made.reference, "--yes"), ("prune",)):
            done = filled.run(*command)
            assert (done.returncode, "not yet gone" in done.stderr) == (3, True)
        assert "still in the database's log" in filled.says("check")
        long_ago = datetime.now(UTC) - timedelta(hours=2)
        database.write(lambda connection: mark_erasure(connection, long_ago))
        assert filled.run("check").returncode == 1
    filled.says("prune")
    assert "still in the database's log" not in filled.says("check")


def test_prune_does_what_is_due(filled: Handbell) -> None:
    hand_in(filled, datetime.now(UTC) - timedelta(days=91))
    hand_in(filled, datetime.now(UTC))
    assert filled.says("prune") == "expired 1 tickets; erased 1 requests, 1 tickets\n"


def test_a_mistake_is_one_line(filled: Handbell) -> None:
    assert filled.fails("request", "show", "x") == "handbell: there is no request x"
    assert filled.fails("ticket", "show", "5") == "handbell: there is no ticket 5"
    assert filled.fails("request", "export") == "handbell: give a reference, --email or --number"


def test_a_ticket_s_history_names_who_did_what(filled: Handbell) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    number = hand_in(filled, now).ticket_number or 0
    with filled.database() as database:
        with database.read() as connection:
            technicians, ticket = load_staff(connection).technicians, ticket_by_number(connection, number)
        assert ticket
        who = next(iter(technicians.values()))
        claim(database, Work(number, Standing.of(ticket), by=who.id, now=now))
    assert f"{who.name} claimed" in filled.says("ticket", "show", str(number))
    shown = filled.json("ticket", "show", str(number))
    assert (shown["owner"], shown["claimed_at"], shown["outcome"]) == (who.email, "2026-03-01T12:00:00.000Z", None)
    (line,) = shown["history"]
    assert (line["who"], line["name"], line["detail"]) == (str(who.id), who.name, {"owner": [None, str(who.id)]})
    (claimed,) = shown["lines"]
    written = {"at": "2026-03-01T12:00:00.000Z", "who": str(who.id), "kind": "mark", "body": "claimed"}
    assert claimed == {"id": claimed["id"], **written}
