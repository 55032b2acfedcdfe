"""Ask_customer_info over HTTP: what the applet shows and asks, in every flavour, on both databases."""

import re

import pytest
from flask import Flask

from app.core.customer import ELEMENTS, NAMES
from app.core.customer_info import InfoMode
from tests.api.calls import FORM_PATH, REST_PATH, Flavour, applet_of, call, history, newest
from tests.conftest import UID
from tests.page_client import HOST, Answer, PageClient

# Texts that occur nowhere else on a page, each with characters that HTML has to escape.
SENT = {
    "customer_name": "Zoë <b>Quixotic</b> & Söhne 株式会社",
    "customer_email": "quixotic@zebra.example",
    "customer_number": 'QX-"77123"',
    "problem_description": "It broke <script>alert('Quixotic')</script>.\nTwice \N{PILE OF POO}.",
}
SECRETS = (b"Quixotic", "株式会社".encode(), b"zebra", b"77123", b"It broke", "\N{PILE OF POO}".encode())
CHANGED = {
    "customer_name": "Zoë Zweig",
    "customer_email": "zweig@example.com",
    "customer_number": "",
    "problem_description": "Now it works\nonly sometimes.",
}
NOT_ONE = ("0", "", "true", "yes", "11", "1.0", "01")
flavours = pytest.mark.parametrize("flavour", Flavour)


def blank_free(values: dict[str, str]) -> dict[str, str | None]:
    """The values as a ticket stores them."""
    return {name: values.get(name, "") or None for name in NAMES}


def form_values(page: Answer) -> dict[str, str]:
    """The values in the applet's form."""
    values = {}
    for name in ELEMENTS:
        field = page.select(f"[name={name}]")
        values[name] = field.get_text().removeprefix("\n") if field.name == "textarea" else field["value"]
    return values


def assert_nothing_reaches_the_customer(client: PageClient, applet: str) -> None:
    """No answer for this link contains any of the four elements, or a field for one."""
    answers = [
        client.get(applet),
        client.get(f"{applet}?edit"),
        client.get(f"{applet}?saved&edit=1"),
        client.get(f"{applet}/state"),
        client.post(applet, CHANGED),
        client.post(applet, {"action": "save", **SENT}),
        client.post(applet, {"customer_name": ["a", "b"]}),
        client.post(applet, {"action": "cancel"}),
        client.get(applet),
        client.get(f"{applet}/state"),
    ]
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 403, 403, 403, 303, 410, 200]
    for answer in answers:
        everything = answer.body + str(answer.headers).encode()
        assert not [secret for secret in SECRETS if secret in everything]
        assert not [name for name in ELEMENTS if name.encode() in answer.body]


def asking_applet(app: Flask, client: PageClient, flavour: Flavour, **parameters: str) -> str:
    """Check that a call without any element gets an applet with the empty form; returns the applet's path."""
    applet = applet_of(call(client, flavour, **parameters))
    ticket = newest(app)
    assert (ticket.info_mode, ticket.customer.values()) == (InfoMode.ASK, blank_free({}))
    assert form_values(client.get(applet)) == dict.fromkeys(ELEMENTS, "")
    return applet


@pytest.mark.slow
@flavours
def test_nothing_sent_the_applet_asks_for_the_four_elements(app_on_both: Flask, flavour: Flavour) -> None:
    client = PageClient(app_on_both)
    asking_applet(app_on_both, client, flavour)
    asking_applet(app_on_both, client, flavour, ask_customer_info="1")
    # Blank elements count as not sent.
    blank = {"customer_name": " \t\n ", "customer_email": "", "problem_description": "\u3000\u2003"}
    asking_applet(app_on_both, client, flavour, ask_customer_info="1", **blank)
    applet = asking_applet(app_on_both, client, flavour, ask_customer_info="0", **blank)
    saved = client.post(applet, {"action": "save", **CHANGED})
    assert saved.status == 303
    ticket = newest(app_on_both)
    assert ticket.customer.values() == blank_free(CHANGED)
    (change,) = [event for event in history(app_on_both, ticket) if event.what == "details_changed"]
    assert change.detail == {name: [None, CHANGED[name]] for name in ELEMENTS if CHANGED[name]}


@pytest.mark.slow
@flavours
def test_sent_without_the_flag_the_applet_shows_and_asks_nothing(app_on_both: Flask, flavour: Flavour) -> None:
    client = PageClient(app_on_both)
    applet = applet_of(call(client, flavour, **SENT))
    ticket = newest(app_on_both)
    assert (ticket.info_mode, ticket.ask_customer_info) == (InfoMode.HIDDEN, False)
    assert ticket.customer.given() == SENT
    assert_nothing_reaches_the_customer(client, applet)
    assert newest(app_on_both).customer.given() == SENT
    assert "details_changed" not in [event.what for event in history(app_on_both, ticket)]


@pytest.mark.slow
@flavours
def test_one_element_is_enough_and_only_1_is_the_flag(app: Flask, flavour: Flavour) -> None:
    client = PageClient(app)
    modes = {}
    for name in ELEMENTS:
        for flag in (None, *NOT_ONE, "1"):
            applet = applet_of(
                call(client, flavour, **{name: SENT[name]}, **({} if flag is None else {"ask_customer_info": flag}))
            )
            modes[name, flag] = newest(app).info_mode
            page = app.test_client().get(applet, headers={"Host": HOST}).data
            assert all((f'name="{field}"'.encode() in page) is (flag == "1") for field in ELEMENTS), (name, flag)
    assert modes == {
        (name, flag): InfoMode.EDITABLE if flag == "1" else InfoMode.HIDDEN
        for name in ELEMENTS
        for flag in (None, *NOT_ONE, "1")
    }


@pytest.mark.slow
@flavours
def test_sent_with_the_flag_the_customer_sees_and_changes_it(app_on_both: Flask, flavour: Flavour) -> None:
    client = PageClient(app_on_both)
    applet = applet_of(call(client, flavour, **SENT, ask_customer_info="1"))
    assert newest(app_on_both).info_mode is InfoMode.EDITABLE
    page = client.get(applet)
    assert form_values(page) == SENT
    assert b"<script>alert" not in page.body
    assert b"<b>Quixotic" not in page.body
    saved = client.post(applet, {"action": "save", **CHANGED, "problem_description": "Now it works\r\nonly sometimes."})
    assert saved.status == 303
    assert client.get(saved.location).status == 200
    ticket = newest(app_on_both)
    assert ticket.customer.values() == blank_free(CHANGED)
    (change,) = [event for event in history(app_on_both, ticket) if event.what == "details_changed"]
    assert change.who == "customer"
    assert change.detail == {name: [SENT[name], CHANGED[name] or None] for name in ELEMENTS}
    assert form_values(client.get(f"{applet}?edit")) == CHANGED


def test_a_change_beyond_a_limit_is_refused_with_the_text_still_there(app: Flask) -> None:
    client = PageClient(app)
    applet = applet_of(call(client, Flavour.FORM_POST, **SENT, ask_customer_info="1"))
    long = {**CHANGED, "customer_name": "n" * 129}
    refused = client.post(applet, {"action": "save", **long})
    assert refused.status == 422
    assert form_values(refused) == long
    assert newest(app).customer.given() == SENT


def test_the_flag_reads_in_any_case_of_its_name_and_as_a_number(app: Flask) -> None:
    client = PageClient(app)
    client.get(FORM_PATH, query_string={"UID": UID, "Customer_name": "a", "Ask_customer_info": "1"})
    assert newest(app).info_mode is InfoMode.EDITABLE
    client.post(REST_PATH, json={"customer_name": "a", "ask_customer_info": 1}, headers={"INTEGRATION-KEY": UID})
    assert newest(app).info_mode is InfoMode.EDITABLE
    client.post(REST_PATH, json={"customer_name": "a", "ask_customer_info": 0}, headers={"INTEGRATION-KEY": UID})
    assert newest(app).info_mode is InfoMode.HIDDEN


def test_the_envelope_and_the_redirect_bear_no_customer_data(app: Flask) -> None:
    for flavour in Flavour:
        answer = call(PageClient(app), flavour, **SENT)
        everything = answer.body + str(answer.headers).encode()
        assert not [secret for secret in SECRETS if secret in everything]
        assert re.fullmatch(r"/applet/[A-Za-z0-9_.=-]+", applet_of(answer))
