"""Ask_customer_info: the vendor's table for every set of elements, and every site's policy."""

from itertools import product

import pytest

from app.core.customer import ELEMENTS
from app.core.customer_info import AskPolicy, InfoMode, info_mode, should_ask
from app.core.new_session import NewSessionRequest
from tests.asking import asking

FILLED = {
    "customer_name": "Zoë",
    "customer_email": "z@example.com",
    "customer_number": "C-1",
    "problem_description": "It broke",
}
ALL_SETS = [dict(zip(ELEMENTS, chosen, strict=True)) for chosen in product((True, False), repeat=4)]

# (any element sent?, the flag as sent or None) -> the applet's mode; protocol.md, Ask_customer_info.
TABLE = {
    (False, None): InfoMode.ASK,
    (False, "0"): InfoMode.ASK,
    (False, "1"): InfoMode.ASK,
    (False, "yes"): InfoMode.ASK,
    (True, None): InfoMode.HIDDEN,
    (True, "0"): InfoMode.HIDDEN,
    (True, "yes"): InfoMode.HIDDEN,
    (True, "1"): InfoMode.EDITABLE,
}


def sent(chosen: dict[str, bool], blank: str | None = None) -> dict[str, str]:
    """The chosen elements filled in, the others left out or blank."""
    values = {name: FILLED[name] for name in ELEMENTS if chosen[name]}
    return values if blank is None else dict.fromkeys(ELEMENTS, blank) | values


def test_the_four_elements_are_the_vendors() -> None:
    assert ELEMENTS == ("customer_name", "customer_email", "customer_number", "problem_description")


@pytest.mark.parametrize("flag", [None, "0", "yes", "1"])
@pytest.mark.parametrize("blank", [None, "", "  \t"])
@pytest.mark.parametrize("chosen", ALL_SETS)
def test_the_applet_does_what_the_vendors_table_says(
    chosen: dict[str, bool], blank: str | None, flag: str | None
) -> None:
    parameters = sent(chosen, blank)
    if flag is not None:
        parameters["ask_customer_info"] = flag
    assert info_mode(NewSessionRequest.from_form(parameters)) is TABLE[any(chosen.values()), flag]


def test_department_and_technician_are_no_customer_elements() -> None:
    assert info_mode(NewSessionRequest(department="10", tech="a@example.com")) is InfoMode.ASK


@pytest.mark.parametrize("ticked", [True, False])
@pytest.mark.parametrize("chosen", ALL_SETS)
def test_each_policy_asks_when_it_says(chosen: dict[str, bool], ticked: bool) -> None:
    request = asking(**sent(chosen))  # type: ignore[arg-type]
    asks = {policy: should_ask(policy, request, ticked=ticked) for policy in AskPolicy}
    assert asks == {
        AskPolicy.NEVER: False,
        AskPolicy.ALWAYS: True,
        AskPolicy.INCOMPLETE: not all(chosen.values()),
        AskPolicy.CUSTOMER: ticked,
    }
