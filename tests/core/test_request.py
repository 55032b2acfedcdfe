"""References that can be read out, and the state changes of a request."""

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.request import RequestState, may_move, new_reference, states_before, written_reference

W, O, D, P, S, E = (  # noqa: E741 - the table below uses these letters
    RequestState.WAITING,
    RequestState.OPENING,
    RequestState.OPENED,
    RequestState.PARKED,
    RequestState.SUSPECT,
    RequestState.ENDED,
)
ALLOWED = {(W, O), (W, P), (W, E), (O, D), (O, W), (O, P), (O, E), (D, E), (P, W), (P, E), (S, W), (S, E), (E, D)}


@pytest.mark.parametrize(("old", "new"), list(product(RequestState, repeat=2)))
def test_a_request_moves_as_its_states_allow(old: RequestState, new: RequestState) -> None:
    assert may_move(old, new) is ((old, new) in ALLOWED)


@pytest.mark.parametrize("new", RequestState)
def test_a_state_is_reached_from_those_that_may_move_there(new: RequestState) -> None:
    assert set(states_before(new)) == {old for old, then in ALLOWED if then is new}


def test_a_request_that_has_ended_is_never_handed_off_again() -> None:
    assert [new for new in RequestState if may_move(RequestState.ENDED, new)] == [RequestState.OPENED]


def test_references_have_no_letter_that_is_misread() -> None:
    references = {new_reference() for _ in range(2000)}
    assert len(references) == 2000
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", found) for found in references)


def test_every_place_of_a_reference_is_as_random_as_the_others() -> None:
    letters = zip(*(new_reference().replace("-", "") for _ in range(2000)), strict=True)
    assert [len(set(place)) for place in letters] == [32] * 8


@pytest.mark.slow
@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_reference_is_found_however_it_is_typed(data: st.DataObject) -> None:
    reference = new_reference()
    typed = data.draw(
        st.sampled_from([reference, reference.lower(), reference.replace("-", " "), reference.replace("-", "")])
    )
    typed = typed.replace("0", data.draw(st.sampled_from("0Oo"))).replace("1", data.draw(st.sampled_from("1IiLl")))
    spaced = data.draw(st.sampled_from([typed, f"  {typed}\n", " ".join(typed)]))
    assert written_reference(spaced) == reference


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_text_is_some_spelling(text: str) -> None:
    assert "-" in written_reference(text)
