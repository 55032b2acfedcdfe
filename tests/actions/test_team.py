"""Changes to the team: each is in the audit log, and an administrator who can log in always remains."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, insert, select, update

from app.actions import team
from app.actions.invitations import InvitationOver, invite, invited
from app.core.role import Role
from app.core.staff import Department
from app.core.team import Particulars, particulars
from app.store.console_sessions import sessions_of
from app.store.staff import end_password, load_staff, set_password_hash
from app.store.tables import recovery_codes, technicians
from tests.actions.desk import DeskAtWork
from tests.actions.people import ANNA, DORA, is_in, log_in_as, person, told
from tests.at_once import at_once


def test_departments_are_added_renamed_and_disabled(desk: DeskAtWork) -> None:
    now = desk.clock()
    team.add_department(desk.database, Department(77, "Printers"), by=5, now=now)
    with pytest.raises(team.Taken):
        team.add_department(desk.database, Department(77, "Again"), by=5, now=now)
    team.rename_department(desk.database, 77, "Printing", by=None, now=now)
    team.disable_department(desk.database, 77, by=5, now=now)
    team.disable_department(desk.database, 77, by=5, now=now)  # pressed twice
    with desk.database.read() as connection:
        assert load_staff(connection).departments[77] == Department(77, "Printing", disabled=True)
    team.disable_department(desk.database, 77, by=5, now=now, disabled=False)
    assert told(desk) == [
        (5, "department.added", "77", {"name": "Printers"}),
        (None, "department.renamed", "77", {"name": ["Printers", "Printing"]}),
        (5, "department.disabled", "77", {"name": "Printing"}),
        (5, "department.enabled", "77", {"name": "Printing"}),
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda db, now: team.rename_department(db, 99, "X", by=None, now=now),
        lambda db, now: team.disable_department(db, 99, by=None, now=now),
        lambda db, now: team.change_technician(db, 99, by=None, now=now, name="X"),
        lambda db, now: team.disable_technician(db, 99, by=None, now=now),
        lambda db, now: team.set_away(db, 99, True, by=None, now=now),
        lambda db, now: team.set_password(db, 99, "hash", by=None, now=now),
        lambda db, now: team.forget_second_factor(db, 99, by=None, now=now),
        lambda db, now: team.end_session(db, 1, "0" * 16, by=None, now=now),
        lambda db, now: team.end_sessions(db, 99, by=None, now=now),
        lambda db, now: invite(db, 99, by=None, now=now),
    ],
)
def test_what_is_not_there_is_said_and_nothing_is_recorded(desk: DeskAtWork, change: Callable[..., object]) -> None:
    with pytest.raises(team.NotThere):
        change(desk.database, desk.clock())
    assert told(desk) == []


def test_a_technician_is_added_without_a_password(desk: DeskAtWork) -> None:
    wanted = Particulars("Erik E", Role.SUPERVISOR, frozenset({10, 20}))
    number = team.add_technician(desk.database, "erik@example.com", wanted, None, by=5, now=desk.clock())
    found = person(desk, "erik@example.com")
    assert (found.id, particulars(found)) == (number, wanted)
    with pytest.raises(team.Taken):
        team.add_technician(desk.database, "erik@example.com", wanted, None, by=5, now=desk.clock())
    detail = {"name": "Erik E", "role": "supervisor", "departments": [10, 20]}
    assert told(desk) == [(5, "technician.added", "erik@example.com", detail)]


def test_what_changes_is_told_with_what_it_was(desk: DeskAtWork) -> None:
    anna = person(desk)
    change = {"name": "Anna B", "role": Role.SUPERVISOR, "departments": [20]}
    assert team.change_technician(desk.database, anna.id, by=5, now=desk.clock(), **change)  # type: ignore[arg-type]
    assert not team.change_technician(desk.database, anna.id, by=5, now=desk.clock(), **change)  # type: ignore[arg-type]
    assert particulars(person(desk)) == Particulars("Anna B", Role.SUPERVISOR, frozenset({20}))
    differences = {"name": ["Anna A", "Anna B"], "role": ["technician", "supervisor"], "departments": [[10], [20]]}
    assert told(desk) == [(5, "technician.changed", ANNA, differences)]


def test_a_name_alone_logs_nobody_out_and_a_role_does(desk: DeskAtWork) -> None:
    anna, secret = person(desk), log_in_as(desk)
    team.change_technician(desk.database, anna.id, by=5, now=desk.clock(), name="Anna B", departments=[])
    assert is_in(desk, secret)
    team.change_technician(desk.database, anna.id, by=5, now=desk.clock(), role=Role.SUPERVISOR)
    assert not is_in(desk, secret)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(desk: DeskAtWork) -> None:
    anna = person(desk)
    seen = particulars(anna).mark
    team.change_technician(desk.database, anna.id, by=5, now=desk.clock(), role=Role.SUPERVISOR, seen=seen)
    with pytest.raises(team.ChangedMeanwhile):
        team.change_technician(
            desk.database, anna.id, by=5, now=desk.clock(), name="Anna B", role=Role.TECHNICIAN, seen=seen
        )
    assert particulars(person(desk)) == Particulars("Anna A", Role.SUPERVISOR, frozenset({10}))


def test_disabling_logs_out_and_ends_the_link(desk: DeskAtWork) -> None:
    anna, secret = person(desk), log_in_as(desk)
    link = invite(desk.database, anna.id, by=5, now=desk.clock())
    team.disable_technician(desk.database, anna.id, by=5, now=desk.clock())
    assert not is_in(desk, secret)
    team.disable_technician(desk.database, anna.id, by=5, now=desk.clock(), disabled=False)
    assert not is_in(desk, secret)
    with pytest.raises(InvitationOver):
        invited(desk.database, link, now=desk.clock())
    assert [act for _who, act, _about, _detail in told(desk)] == [
        "technician.invited",
        "technician.disabled",
        "technician.enabled",
    ]


def test_away_and_back(desk: DeskAtWork) -> None:
    anna = person(desk)
    for away in (True, True, False):
        team.set_away(desk.database, anna.id, away, by=5, now=desk.clock())
        assert person(desk).away is away
    assert [row[1] for row in told(desk)] == ["technician.sent_away", "technician.called_back"]


def test_a_password_of_the_command_line_ends_the_link_and_the_sessions(desk: DeskAtWork) -> None:
    anna, secret = person(desk), log_in_as(desk)
    link = invite(desk.database, anna.id, by=None, now=desk.clock())
    team.set_password(desk.database, anna.id, "not a hash", by=None, now=desk.clock())
    assert not is_in(desk, secret)
    with pytest.raises(InvitationOver):
        invited(desk.database, link, now=desk.clock())
    assert "not a hash" not in str(told(desk))


def test_a_second_factor_is_forgotten_with_its_codes(desk: DeskAtWork) -> None:
    anna = person(desk)
    assert not team.forget_second_factor(desk.database, anna.id, by=5, now=desk.clock())

    def set_up(connection: Connection) -> None:
        connection.execute(update(technicians).values(sealed_totp="sealed", totp_step=5))
        rows = [{"technician_id": whose, "code_hash": "hash"} for whose in (anna.id, anna.id + 1)]
        connection.execute(insert(recovery_codes), rows)

    desk.database.write(set_up)
    assert team.forget_second_factor(desk.database, anna.id, by=5, now=desk.clock())
    with desk.database.read() as connection:
        query = select(technicians.c.sealed_totp, technicians.c.totp_step).order_by(technicians.c.id).limit(2)
        rows = connection.execute(query).all()
        codes = connection.execute(select(recovery_codes.c.technician_id)).scalars().all()
    assert [tuple(row) for row in rows] == [(None, None), ("sealed", 5)]
    assert list(codes) == [anna.id + 1]
    assert told(desk) == [(5, "second_factor.turned_off", ANNA, {})]


def test_sessions_are_ended_one_by_one_and_all_together(desk: DeskAtWork) -> None:
    anna = person(desk)
    secrets = []
    for _ in range(3):
        secrets.append(log_in_as(desk))
        desk.clock.advance(minutes=1)
    bens = log_in_as(desk, "ben@example.com")
    with desk.database.read() as connection:
        newest, *_others = sessions_of(connection, anna.id)
    team.end_session(desk.database, anna.id, newest.public_id, by=5, now=desk.clock())
    assert [is_in(desk, secret) for secret in secrets] == [True, True, False]
    with pytest.raises(team.NotThere):
        team.end_session(desk.database, anna.id, newest.public_id, by=5, now=desk.clock())
    assert team.end_sessions(desk.database, anna.id, by=5, now=desk.clock()) == 2
    assert team.end_sessions(desk.database, anna.id, by=5, now=desk.clock()) == 0
    assert not any(is_in(desk, secret) for secret in secrets)
    assert is_in(desk, bens)
    assert [row[3] for row in told(desk)] == [{"sessions": 1}, {"sessions": 2}]


def test_nobody_else_s_session_can_be_ended_through_somebody(desk: DeskAtWork) -> None:
    bens = log_in_as(desk, "ben@example.com")
    with desk.database.read() as connection:
        (session,) = sessions_of(connection, person(desk, "ben@example.com").id)
    with pytest.raises(team.NotThere):
        team.end_session(desk.database, person(desk).id, session.public_id, by=5, now=desk.clock())
    assert is_in(desk, bens)


LOSE = [
    lambda desk, who, by: team.disable_technician(desk.database, who, by=by, now=desk.clock()),
    lambda desk, who, by: team.change_technician(desk.database, who, by=by, now=desk.clock(), role=Role.SUPERVISOR),
    lambda desk, who, by: invite(desk.database, who, by=by, now=desk.clock(), without_password=True),
]
ON_ONESELF = [
    *LOSE[1:],
    lambda desk, who, by: team.forget_second_factor(desk.database, who, by=by, now=desk.clock()),
]


@pytest.mark.parametrize("act", ON_ONESELF)
def test_an_administrator_does_not_do_it_to_themselves(desk: DeskAtWork, act: Callable[..., object]) -> None:
    dora, before = person(desk, DORA), told(desk)
    with pytest.raises(team.OnOneself):
        act(desk, dora.id, dora.id)
    assert (person(desk, DORA), told(desk)) == (dora, before)
    act(desk, dora.id, None)


@pytest.mark.parametrize("lose", LOSE)
def test_the_last_administrator_who_can_log_in_stays(desk: DeskAtWork, lose: Callable[..., object]) -> None:
    dora, anna = person(desk, DORA), person(desk)
    team.change_technician(desk.database, anna.id, by=None, now=desk.clock(), role=Role.ADMINISTRATOR)
    desk.database.write(lambda connection: end_password(connection, anna.id))
    before = told(desk)
    with pytest.raises(team.LastAdministrator):
        lose(desk, dora.id, anna.id)
    assert person(desk, DORA) == dora
    assert told(desk) == before
    desk.database.write(lambda connection: set_password_hash(connection, ANNA, "hash"))
    lose(desk, dora.id, anna.id)
    assert len(told(desk)) == len(before) + 1


@pytest.mark.slow
@pytest.mark.parametrize("lose", LOSE)
def test_the_command_line_may_take_the_last_one_away(desk: DeskAtWork, lose: Callable[..., object]) -> None:
    lose(desk, person(desk, DORA).id, None)
    assert told(desk)[-1][0] is None


def test_somebody_without_that_role_is_never_the_last(desk: DeskAtWork) -> None:
    for email in (ANNA, "sven@example.com"):
        team.disable_technician(desk.database, person(desk, email).id, by=5, now=desk.clock())


def test_two_administrators_who_take_the_role_from_each_other_at_once_never_both_succeed(desk: DeskAtWork) -> None:
    dora, anna = person(desk, DORA), person(desk)
    for _round in range(8):
        for one in (dora, anna):
            team.change_technician(desk.database, one.id, by=None, now=desk.clock(), role=Role.ADMINISTRATOR)
        gone = at_once(
            lambda: team.change_technician(desk.database, anna.id, by=dora.id, now=desk.clock(), role=Role.TECHNICIAN),
            lambda: team.disable_technician(desk.database, dora.id, by=anna.id, now=desk.clock()),
        )
        assert sorted(gone) == ["LastAdministrator", "done"]
        team.disable_technician(desk.database, dora.id, by=None, now=desk.clock(), disabled=False)
