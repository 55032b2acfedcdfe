"""Links with which a technician chooses a password."""

from functools import partial

import pytest
from sqlalchemy import func, select

from app.actions import team
from app.actions.invitations import (
    Disabled,
    InvitationOver,
    PasswordRefused,
    UnknownInvitation,
    choose_password,
    invite,
    invited,
)
from app.actions.log_in import WrongLogin, current_session, hashed_password, log_in, prove
from app.actions.own_account import change_password
from app.actions.tries import Unbounded
from app.store import tables
from app.store.staff import accounts, set_technician_disabled
from tests.actions.desk import DeskAtWork
from tests.actions.people import ANNA, is_in, log_in_as, person, told
from tests.at_once import at_once
from tests.conftest import PASSWORD

CHOSEN = "lamp-river-forty"


def link_for(desk: DeskAtWork, email: str = ANNA, *, without_password: bool = False) -> str:
    return invite(desk.database, person(desk, email).id, by=5, now=desk.clock(), without_password=without_password)


def can_log_in(desk: DeskAtWork, password: str, email: str = ANNA) -> bool:
    try:
        log_in(desk.database, email, password, "192.0.2.7", now=desk.clock())
    except WrongLogin:
        return False
    return True


@pytest.mark.slow
def test_a_link_sets_a_password_once(desk: DeskAtWork) -> None:
    secret, session = link_for(desk), log_in_as(desk)
    for _look in range(3):
        assert invited(desk.database, secret, now=desk.clock()).email == ANNA
    assert choose_password(desk.database, secret, CHOSEN, now=desk.clock()).name == "Anna A"
    assert can_log_in(desk, CHOSEN)
    assert not can_log_in(desk, PASSWORD)
    assert not is_in(desk, session)
    with pytest.raises(InvitationOver):
        choose_password(desk.database, secret, "another-lamp-river", now=desk.clock())
    assert can_log_in(desk, CHOSEN)
    assert told(desk) == [
        (5, "technician.invited", ANNA, {"password_ended": False}),
        (person(desk).id, "technician.password_chosen", ANNA, {}),
    ]


def test_neither_the_link_nor_the_password_is_in_the_database(desk: DeskAtWork) -> None:
    secret = link_for(desk)
    choose_password(desk.database, secret, CHOSEN, now=desk.clock())
    with desk.database.read() as connection:
        for table in (tables.invitations, tables.technicians, tables.audit):
            rows = str(connection.execute(select(table)).all())
            assert secret not in rows
            assert CHOSEN not in rows


def test_a_link_ends_after_24_hours(desk: DeskAtWork) -> None:
    secret = link_for(desk)
    desk.clock.advance(hours=23, minutes=59)
    assert invited(desk.database, secret, now=desk.clock()).email == ANNA
    desk.clock.advance(minutes=1)
    with pytest.raises(InvitationOver):
        choose_password(desk.database, secret, CHOSEN, now=desk.clock())
    assert not can_log_in(desk, CHOSEN)


def test_a_newer_link_ends_the_older_ones_of_that_person_alone(desk: DeskAtWork) -> None:
    old, bens, new = link_for(desk), link_for(desk, "ben@example.com"), link_for(desk)
    with pytest.raises(InvitationOver):
        invited(desk.database, old, now=desk.clock())
    assert invited(desk.database, new, now=desk.clock()).email == ANNA
    assert invited(desk.database, bens, now=desk.clock()).email == "ben@example.com"


def test_a_used_link_is_over_for_whoever_began_before_it_was_used(desk: DeskAtWork) -> None:
    """The password is hashed between reading the clock and using the link, on a host whose clock may be slow."""
    secret, began = link_for(desk), desk.clock()
    desk.clock.advance(minutes=5)
    choose_password(desk.database, secret, CHOSEN, now=desk.clock())
    with pytest.raises(InvitationOver):
        choose_password(desk.database, secret, f"{CHOSEN} of a thief", now=began)
    assert can_log_in(desk, CHOSEN)


def test_the_link_of_somebody_who_is_disabled_is_dead(desk: DeskAtWork) -> None:
    secret = link_for(desk)
    desk.database.write(lambda connection: set_technician_disabled(connection, ANNA, True))
    with pytest.raises(InvitationOver):
        choose_password(desk.database, secret, CHOSEN, now=desk.clock())
    with pytest.raises(Disabled):
        link_for(desk)


@pytest.mark.parametrize("secret", ["", "x", "A" * 43, "A" * 5000, "é" * 43, "\udcff"])
def test_a_link_that_was_made_up_is_unknown(desk: DeskAtWork, secret: str) -> None:
    link_for(desk)
    with pytest.raises(UnknownInvitation):
        invited(desk.database, secret, now=desk.clock())


@pytest.mark.parametrize("password", ["", "short", "x" * 1025, "password1234", "anna@example.com"])
def test_a_password_that_will_not_do_leaves_the_link_as_it_was(desk: DeskAtWork, password: str) -> None:
    secret = link_for(desk)
    with pytest.raises(PasswordRefused):
        choose_password(desk.database, secret, password, now=desk.clock())
    assert can_log_in(desk, PASSWORD)
    assert choose_password(desk.database, secret, CHOSEN, now=desk.clock()).email == ANNA


@pytest.mark.slow
def test_the_old_password_goes_on_until_the_new_one_is_chosen_unless_it_is_ended(desk: DeskAtWork) -> None:
    session = log_in_as(desk)
    link_for(desk)
    assert current_session(desk.database, session, now=desk.clock())
    assert can_log_in(desk, PASSWORD)
    secret = link_for(desk, without_password=True)
    assert not is_in(desk, session)
    assert not can_log_in(desk, PASSWORD)
    choose_password(desk.database, secret, CHOSEN, now=desk.clock())
    assert can_log_in(desk, CHOSEN)


@pytest.mark.slow
def test_whoever_knew_the_old_password_is_a_stranger_everywhere(desk: DeskAtWork) -> None:
    def known() -> int:
        with desk.database.read() as connection:
            return connection.execute(select(func.count()).select_from(tables.known_networks)).scalar_one()

    for way in ("chosen", "ended", "set"):
        log_in_as(desk)
        log_in_as(desk, "ben@example.com")
        assert known() == 2
        secret = link_for(desk, without_password=way == "ended")
        if way == "chosen":
            choose_password(desk.database, secret, PASSWORD, now=desk.clock())
        else:
            team.set_password(desk.database, person(desk).id, hashed_password(PASSWORD), by=None, now=desk.clock())
        assert known() == 1, way


@pytest.mark.slow
def test_who_changes_their_own_password_ends_their_link(desk: DeskAtWork) -> None:
    secret, session = link_for(desk), log_in_as(desk)
    proof = prove(desk.database, ANNA, PASSWORD, "192.0.2.7", now=desk.clock())
    change_password(desk.database, proof, CHOSEN, (), session, now=desk.clock(), turns=Unbounded())
    with pytest.raises(InvitationOver):
        invited(desk.database, secret, now=desk.clock())


@pytest.mark.slow
def test_of_two_who_use_a_link_at_once_one_sets_the_password(desk: DeskAtWork) -> None:
    secret = link_for(desk)
    ends = at_once(
        lambda: choose_password(desk.database, secret, "lamp-river-first", now=desk.clock()),
        lambda: choose_password(desk.database, secret, "lamp-river-second", now=desk.clock()),
    )
    assert sorted(ends) == ["InvitationOver", "done"]
    assert can_log_in(desk, "lamp-river-first") != can_log_in(desk, "lamp-river-second")


@pytest.mark.slow
def test_a_link_that_is_used_while_its_technician_is_disabled_leaves_nobody_in(desk: DeskAtWork) -> None:
    anna = person(desk)
    for _round in range(4):
        ends = at_once(
            partial(choose_password, desk.database, link_for(desk), CHOSEN, now=desk.clock()),
            partial(team.disable_technician, desk.database, anna.id, by=5, now=desk.clock()),
        )
        assert "done" in ends
        assert set(ends) <= {"done", "InvitationOver"}
        assert not can_log_in(desk, CHOSEN)
        team.disable_technician(desk.database, anna.id, by=5, now=desk.clock(), disabled=False)
        desk.clock.advance(minutes=6)


def test_an_account_tells_how_somebody_can_log_in(desk: DeskAtWork) -> None:
    anna, now = person(desk), desk.clock()
    link_for(desk)
    with desk.database.read() as connection:
        found = accounts(connection, [anna.id], now)[anna.id]
        assert (found.has_password, found.second_factor) == (True, False)
        assert found.invited_until is not None
        assert (found.invited_until - now).total_seconds() == 24 * 3600
        desk.clock.advance(days=2)
        assert accounts(connection, [anna.id], desk.clock())[anna.id].invited_until is None


def test_links_that_are_over_are_told_so_for_a_month(desk: DeskAtWork) -> None:
    old = link_for(desk)
    desk.clock.advance(days=20)
    link_for(desk, "ben@example.com")
    with pytest.raises(InvitationOver):
        invited(desk.database, old, now=desk.clock())
    desk.clock.advance(days=20)
    link_for(desk, "ben@example.com")
    with pytest.raises(UnknownInvitation):
        invited(desk.database, old, now=desk.clock())
