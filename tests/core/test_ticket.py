"""The state changes of a ticket."""

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.ticket import OPEN_STATES, TicketState, may_move, states_before

WAITING, ACTIVE, CLOSED, CANCELLED, EXPIRED = (
    TicketState.WAITING,
    TicketState.ACTIVE,
    TicketState.CLOSED,
    TicketState.CANCELLED,
    TicketState.EXPIRED,
)
ALLOWED = {
    (WAITING, ACTIVE),
    (WAITING, CLOSED),
    (WAITING, CANCELLED),
    (WAITING, EXPIRED),
    (ACTIVE, WAITING),
    (ACTIVE, CLOSED),
    (ACTIVE, CANCELLED),
    (CLOSED, WAITING),
    (CLOSED, ACTIVE),
    (EXPIRED, WAITING),
    (EXPIRED, ACTIVE),
}


@pytest.mark.parametrize(("old", "new"), list(product(TicketState, repeat=2)))
def test_a_ticket_moves_as_its_states_allow(old: TicketState, new: TicketState) -> None:
    assert may_move(old, new) is ((old, new) in ALLOWED)


@pytest.mark.parametrize("new", TicketState)
def test_a_state_is_reached_from_those_that_may_move_there(new: TicketState) -> None:
    assert set(states_before(new)) == {old for old, then in ALLOWED if then is new}


def test_waiting_and_active_tickets_are_open() -> None:
    assert set(OPEN_STATES) == {WAITING, ACTIVE}


@pytest.mark.slow
@given(st.lists(st.sampled_from(list(TicketState)), max_size=12))
@settings(max_examples=100, deadline=None)
def test_what_the_customer_cancelled_stays_cancelled(wishes: list[TicketState]) -> None:
    path = [WAITING]
    for wish in wishes:
        if may_move(path[-1], wish):
            path.append(wish)
    assert CANCELLED not in path[:-1]
    assert all(old is not new for old, new in pairwise(path))
