"""A trial call of the API: what is sent, and that it is shown without its key."""

import json
from urllib.parse import parse_qsl

import pytest

from app.core.trial_call import FLAVOURS, FORM_CALL, FORM_JSON, HIDDEN_KEY, REST_CALL, TrialCall

UID = "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77"
VALUES = {"Department": "id_10", "Tech": "", "Customer_name": "Zoë & *", "Ask_customer_info": "1", "x": "y"}
SENT = {"Department": "id_10", "Customer_name": "Zoë & *", "Ask_customer_info": "1"}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_it_is_shown_as_it_is_sent_but_for_the_key(flavour: str) -> None:
    call = TrialCall(flavour, VALUES)
    shown = call.shown("support.example.com")
    assert UID not in shown
    headers = "".join(f"{name}: {value}\n" for name, value in call.headers(UID))
    sent = f"POST {call.path} HTTP/1.1\nHost: support.example.com\n{headers}\n{call.body(UID).decode()}"
    assert sent.count(UID) == 1
    assert sent.replace(UID, HIDDEN_KEY) == shown


@pytest.mark.parametrize("flavour", [FORM_CALL, FORM_JSON])
def test_what_is_empty_is_not_sent(flavour: str) -> None:
    assert dict(parse_qsl(TrialCall(flavour, VALUES).body(UID).decode())) == {"UID": UID, **SENT}
    assert TrialCall(flavour).body(UID) == f"UID={UID}".encode()
    assert TrialCall(flavour, {"Tech": "X"}).body("X*") == b"UID=X*&Tech=X"


def test_json_has_its_own_names_and_the_key_in_a_header() -> None:
    call = TrialCall(REST_CALL, {**VALUES, "Tech": "anna@example.com"})
    assert json.loads(call.body(UID)) == {
        "department_id": "id_10",
        "technician_username": "anna@example.com",
        "customer_name": "Zoë & *",
        "ask_customer_info": "1",
    }
    assert dict(call.headers(UID))["INTEGRATION-KEY"] == UID


@pytest.mark.parametrize(
    ("flavour", "text"),
    [
        (
            FORM_CALL,
            (
                "POST /integration/integration_api.php HTTP/1.1\nHost: support.example.com\n"
                "Content-Type: application/x-www-form-urlencoded\nAccept: */*\n\n"
                "UID=********&Customer_name=Zo%C3%AB&Ask_customer_info=1"
            ),
        ),
        (
            FORM_JSON,
            (
                "POST /integration/integration_api.php HTTP/1.1\nHost: support.example.com\n"
                "Content-Type: application/x-www-form-urlencoded\nAccept: application/json\n\n"
                "UID=********&Customer_name=Zo%C3%AB&Ask_customer_info=1"
            ),
        ),
        (
            REST_CALL,
            (
                "POST /rest/session HTTP/1.1\nHost: support.example.com\n"
                "INTEGRATION-KEY: ********\nContent-Type: application/json\n\n"
                '{"customer_name": "Zoë", "ask_customer_info": "1"}'
            ),
        ),
    ],
)
def test_the_whole_call_is_shown_as_the_vendor_documents_it(flavour: str, text: str) -> None:
    call = TrialCall(flavour, {"Customer_name": "Zoë", "Ask_customer_info": "1"})
    assert call.shown("support.example.com") == text
