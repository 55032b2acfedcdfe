"""Departments, technicians and memberships."""

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.staff import Department
from app.store import staff as store
from app.store.console_sessions import add_session, live_session
from app.store.database import Database
from app.store.staff import load_staff
from tests.conftest import StandingClock
from tests.store.rows import NOW

BEFORE = NOW.replace(year=2025)


def session_of(desk: Database, id_hash: str) -> int | None:
    with desk.read() as connection:
        found = live_session(connection, id_hash, BEFORE, BEFORE)
    return found.technician_id if found else None


def open_session(desk: Database, email: str) -> int:
    with desk.read() as connection:
        number = load_staff(connection).technicians[email].id
    desk.write(lambda connection: add_session(connection, "hash", number, NOW))
    assert session_of(desk, "hash") == number
    return number


def test_everyone_is_loaded_with_their_departments_disabled_ones_too(desk: Database) -> None:
    with desk.read() as connection:
        staff = load_staff(connection)
    assert list(staff.departments) == [10, 20, 30]
    assert staff.departments[30] == Department(30, "Closed", disabled=True)
    assert {t.email: (t.name, sorted(t.departments), t.disabled) for t in staff.technicians.values()} == {
        "anna@example.com": ("Anna A", [10], False),
        "ben@example.com": ("Ben B", [20], False),
        "carl@example.com": ("Carl C", [10], True),
        "dora@example.com": ("Dora D", [], False),
        "sven@example.com": ("Sven S", [], False),
    }


def test_a_department_s_id_is_taken_once(desk: Database) -> None:
    with pytest.raises(IntegrityError):
        desk.write(lambda connection: store.add_department(connection, Department(10, "Again")))


def test_a_technician_s_mail_is_taken_once_and_departments_must_exist(desk: Database) -> None:
    with pytest.raises(IntegrityError):
        desk.write(lambda c: store.add_technician(c, "anna@example.com", "Other", [], None, NOW))
    with pytest.raises(IntegrityError):
        desk.write(lambda c: store.add_technician(c, "new@example.com", "New", [10, 99], None, NOW))
    with desk.read() as connection:
        assert "new@example.com" not in load_staff(connection).technicians


def test_disabling_and_enabling_a_department(desk: Database) -> None:
    for disabled in (True, False):
        assert desk.write(lambda c, disabled=disabled: store.set_department_disabled(c, 10, disabled))
        with desk.read() as connection:
            assert load_staff(connection).departments[10].disabled is disabled
    assert not desk.write(lambda c: store.set_department_disabled(c, 99, True))


def test_disabling_a_technician_ends_their_sessions_and_log_in(desk: Database) -> None:
    open_session(desk, "anna@example.com")
    assert desk.write(lambda c: store.set_technician_disabled(c, "anna@example.com", True))
    assert session_of(desk, "hash") is None
    with desk.read() as connection:
        assert store.password_hash(connection, "anna@example.com") is None
        assert load_staff(connection).technicians["anna@example.com"].disabled
    desk.write(lambda c: store.set_technician_disabled(c, "anna@example.com", False))
    assert session_of(desk, "hash") is None, "an old session came back"
    assert not desk.write(lambda c: store.set_technician_disabled(c, "nobody@example.com", True))


def test_a_new_password_ends_the_owner_s_sessions_and_nobody_else_s(desk: Database) -> None:
    anna = open_session(desk, "anna@example.com")
    assert desk.write(lambda c: store.set_password_hash(c, "ben@example.com", "new"))
    assert session_of(desk, "hash") == anna
    assert desk.write(lambda c: store.set_password_hash(c, "anna@example.com", "newer"))
    assert session_of(desk, "hash") is None
    with desk.read() as connection:
        assert store.password_hash(connection, "anna@example.com") == (anna, "newer")
    assert not desk.write(lambda c: store.set_password_hash(c, "nobody@example.com", "x"))


def test_who_has_no_password_cannot_log_in(desk: Database, clock: StandingClock) -> None:
    desk.write(lambda c: store.add_technician(c, "new@example.com", "New", [10, 10], None, clock()))
    with desk.read() as connection:
        assert store.password_hash(connection, "new@example.com") is None
        assert store.password_hash(connection, "nobody@example.com") is None


def test_whoever_is_away_is_known_to_be_and_only_a_change_tells_every_process(desk: Database) -> None:
    first = desk.generation()
    for away, told in ((True, 1), (True, 1), (False, 2), (False, 2)):
        desk.write(lambda c, away=away: store.set_away(c, 1, away))
        with desk.read() as connection:
            assert [t.id for t in load_staff(connection).technicians.values() if t.away] == ([1] if away else [])
        assert desk.generation() == first + told
