"""`handbell department …` and `handbell technician …`."""

import pytest

from app.actions.log_in import WrongLogin, log_in
from tests.cli.command import Handbell
from tests.store.rows import NOW


def test_departments_are_added_listed_and_disabled(handbell: Handbell) -> None:
    assert handbell.says("department", "add", " Computers ", "--id", "10") == "added department 10\n"
    handbell.says("department", "disable", "10")
    assert handbell.json("department", "list") == [{"id": 10, "name": "Computers", "disabled": True}]
    handbell.says("department", "disable", "10", "--undo")
    assert handbell.says("department", "list").split() == ["id", "name", "disabled", "10", "Computers", "no"]
    assert handbell.fails("department", "add", "Again", "--id", "10") == "handbell: there is a department 10 already"


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
    }
    assert found["ben@example.com"]["disabled"] is True
    with filled.database() as database:
        assert log_in(database, "erin@example.com", password, "192.0.2.7", NOW)


def test_a_password_is_taken_from_a_file_and_not_shown(filled: Handbell) -> None:
    (filled.folder / "password").write_text("pass words with blanks \n")
    shown = filled.says("technician", "password", "ANNA@example.com", "--password-file", "password")
    assert shown == "changed the password of anna@example.com\n"
    with filled.database() as database:
        assert log_in(database, "anna@example.com", "pass words with blanks ", "192.0.2.7", NOW)
        with pytest.raises(WrongLogin):
            log_in(database, "anna@example.com", "a-password-for-tests", "192.0.2.7", NOW)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("technician", "add", "erin@example.com", "--name", "D", "--department", "99"), "there is no department 99"),
        (("technician", "add", "anna@example.com", "--name", "A"), "there is a technician anna@example.com already"),
        (("technician", "add", "anna", "--name", "A"), "give a mail address"),
        (("technician", "disable", "nobody@example.com"), "there is no technician nobody@example.com"),
        (("department", "disable", "99999999999999999999"), "Invalid value for 'ID'"),
        (("department", "add", b"\xff\xfe", "--id", "5"), ""),
    ],
)
def test_a_mistake_is_one_line(filled: Handbell, arguments: tuple[str | bytes, ...], why: str) -> None:
    assert filled.fails(*arguments).startswith(f"handbell: {why}")
