"""`handbell department …` and `handbell technician …`."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from app.actions.invitations import invited
from app.actions.log_in import WrongLogin, current_session, log_in
from app.store.account import recovery_codes_left, replace_recovery_codes, set_second_factor
from app.store.audit import acts
from app.store.staff import load_staff
from tests.cli.command import Handbell
from tests.store.rows import NOW


@pytest.mark.slow
def test_departments_are_added_listed_and_disabled(handbell: Handbell) -> None:
    assert handbell.says("department", "add", " Computers ", "--id", "10") == "added department 10\n"
    handbell.says("department", "disable", "10")
    assert handbell.json("department", "list") == [{"id": 10, "name": "Computers", "disabled": True}]
    handbell.says("department", "disable", "10", "--undo")
    assert handbell.says("department", "list").split() == ["id", "name", "disabled", "10", "Computers", "no"]
    assert handbell.fails("department", "add", "Again", "--id", "10") == "handbell: there is a department 10 already"


@pytest.mark.slow
def test_technicians_are_added_with_a_password_shown_once(filled: Handbell) -> None:
    shown = filled.says(
        "technician", "add", "Erin@Example.com", "--name", "Erin E", "--department", "20", "--department", "10"
    )
    password = shown.split("password ")[1].split()[0]
    filled.says("technician", "disable", "BEN@example.com")
    found = {row["email"]: row for row in filled.json("technician", "list")}
    assert found["erin@example.com"] == {
        "email": "erin@example.com",
        "name": "Erin E",
        "role": "technician",
        "departments": [10, 20],
        "disabled": False,
        "away": False,
        "in_log": [],
    }
    assert found["ben@example.com"]["disabled"] is True
    with filled.database() as database:
        secret = log_in(database, "erin@example.com", password, "192.0.2.7", now=NOW)
        session = current_session(database, secret, now=NOW)
    assert session
    assert session.password_temporary, "it was printed"


@pytest.mark.slow
def test_a_password_is_taken_from_a_file_and_not_shown(filled: Handbell) -> None:
    (filled.folder / "password").write_text("pass words with blanks \n")
    shown = filled.says("technician", "password", "ANNA@example.com", "--password-file", "password")
    assert shown == "changed the password of anna@example.com\n"
    with filled.database() as database:
        assert log_in(database, "anna@example.com", "pass words with blanks ", "192.0.2.7", now=NOW)
        with pytest.raises(WrongLogin):
            log_in(database, "anna@example.com", "a-password-for-tests", "192.0.2.7", now=NOW)


@pytest.mark.slow
def test_every_change_is_in_the_audit_log_without_a_name(filled: Handbell) -> None:
    filled.says("department", "add", "Printers", "--id", "77")
    filled.says("department", "rename", "77", " Printing  machines ")
    filled.says("department", "disable", "77")
    filled.says("technician", "rename", "ANNA@example.com", "Anna B")
    assert filled.says("technician", "departments", "anna@example.com", "20", "10") == (
        "departments of anna@example.com: 10, 20\n"
    )
    assert filled.says("technician", "departments", "anna@example.com", "0") == (
        "departments of anna@example.com: none\n"
    )
    assert filled.says("technician", "role", "anna@example.com", "supervisor") == "anna@example.com is supervisor now\n"
    filled.says("technician", "disable", "anna@example.com")
    (filled.folder / "password").write_text("lamp-river-forty\n")
    filled.says("technician", "password", "ben@example.com", "--password-file", "password")
    found = {row["email"]: row for row in filled.json("technician", "list")}
    anna = found["anna@example.com"]
    assert (anna["name"], anna["departments"], anna["role"], anna["disabled"]) == ("Anna B", [], "supervisor", True)
    assert {"id": 77, "name": "Printing machines", "disabled": True} in filled.json("department", "list")
    with filled.database() as database, database.read() as connection:
        told = [(act.who, act.act, act.about) for act in reversed(acts(connection))]
    assert told == [
        (None, "department.added", "77"),
        (None, "department.renamed", "77"),
        (None, "department.disabled", "77"),
        (None, "technician.changed", "anna@example.com"),
        (None, "technician.changed", "anna@example.com"),
        (None, "technician.changed", "anna@example.com"),
        (None, "technician.changed", "anna@example.com"),
        (None, "technician.disabled", "anna@example.com"),
        (None, "technician.password_set", "ben@example.com"),
    ]


def test_an_invitation_is_a_link_that_is_printed(filled: Handbell) -> None:
    printed = filled.run("technician", "invite", "Anna@example.com", HANDBELL_PUBLIC_URL="https://help.example.com")
    assert (printed.returncode, printed.stderr) == (0, "")
    address, secret = printed.stdout.strip().rsplit("/", 1)
    assert address == "https://help.example.com/console/invitation"
    with filled.database() as database:
        assert invited(database, secret, now=datetime.now(UTC)).email == "anna@example.com"
        assert log_in(database, "anna@example.com", "a-password-for-tests", "192.0.2.7", now=NOW)
    filled.says("technician", "invite", "anna@example.com", "--end-password")
    with filled.database() as database, pytest.raises(WrongLogin):
        log_in(database, "anna@example.com", "a-password-for-tests", "192.0.2.7", now=NOW)
    assert "is disabled" in filled.fails("technician", "invite", "carl@example.com")


def test_the_last_administrator_may_go_with_a_warning(filled: Handbell) -> None:
    gone = filled.run("technician", "disable", "dora@example.com")
    assert (gone.returncode, gone.stdout) == (0, "disabled technician dora@example.com\n")
    assert gone.stderr.startswith("handbell: warning: no administrator can log in now")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("technician", "add", "erin@example.com", "--name", "D", "--department", "99"), "there is no department 99"),
        (("technician", "add", "anna@example.com", "--name", "A"), "there is a technician anna@example.com already"),
        (("technician", "add", "anna", "--name", "A"), "give a mail address"),
        (("technician", "disable", "nobody@example.com"), "there is no technician nobody@example.com"),
        (("department", "disable", "99999999999999999999"), "Invalid value for 'ID'"),
        (("department", "rename", "99", "X"), "there is no department 99"),
        (("department", "rename", "10", "x" * 81), "a department's name has 1 to 80 characters"),
        (("department", "add", "\u200b", "--id", "5"), "a department's name has 1 to 80 characters"),
        (("technician", "rename", "nobody@example.com", "X"), "there is no technician nobody@example.com"),
        (("technician", "rename", "anna@example.com", " "), "a technician's name has 1 to 80 characters"),
        (("technician", "departments", "anna@example.com", "10", "99"), "there is no department 99"),
        (("technician", "invite", "nobody@example.com"), "there is no technician nobody@example.com"),
        (("department", "add", b"\xff\xfe", "--id", "5"), ""),
    ],
)
def test_a_mistake_is_one_line(filled: Handbell, arguments: tuple[str | bytes, ...], why: str) -> None:
    assert filled.fails(*arguments).startswith(f"handbell: {why}")


def test_a_second_factor_is_told_and_turned_off(filled: Handbell) -> None:
    assert filled.says("technician", "second-factor", "Anna@example.com") == "anna@example.com has no second factor\n"
    assert filled.fails("technician", "second-factor", "anna@example.com", "--off").endswith("has no second factor")
    assert "there is no technician x@y.org" in filled.fails("technician", "second-factor", "x@y.org")
    with filled.database() as database:
        with database.read() as connection:
            anna = load_staff(connection).technicians["anna@example.com"].id

        def turn_on(connection: Connection) -> None:
            set_second_factor(connection, anna, "sealed with a key that is gone", 1)
            replace_recovery_codes(connection, anna, ["a", "b"])

        database.write(turn_on)
    told = filled.says("technician", "second-factor", "anna@example.com")
    assert told == "anna@example.com has a second factor and 2 unused recovery codes\n"
    checked = filled.run("check")
    assert checked.returncode == 1
    assert "handbell technician second-factor anna@example.com --off" in checked.stdout
    filled.says("technician", "second-factor", "ANNA@example.com", "--off")
    with filled.database() as database, database.read() as connection:
        (act,) = acts(connection)
        assert (act.who, act.act, act.about) == (None, "second_factor.turned_off", "anna@example.com")
        assert recovery_codes_left(connection, anna) == 0
    assert filled.run("check").returncode == 0
