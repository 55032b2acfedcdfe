"""Ready answers: who keeps them, and which texts a ticket's conversation offers."""

import pytest
from flask import Flask

from app.actions.ticket import open_ticket
from app.core.ready_answer import MOST_ANSWERS, ReadyAnswer
from app.process.running import Running
from app.store.audit import acts
from app.store.ready_answers import add_answer
from tests.asking import asking
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, BEN, DORA, csrf_of, log_in, ticket

DESK, OWN = "/console/desk/answers", "/console/account/answers"
TYPED = {"name": "Hello", "text": "Hello {name}, about {reference}:", "text-de": "Guten Tag {name},"}


def seat(app: Flask, email: str) -> PageClient:
    log_in(client := PageClient(app), email)
    return client


def send(client: PageClient, path: str, **typed: str) -> Answer:
    """Fill in the form at this address and send it."""
    page = client.get(path)
    form = page.select(f'form[action="{path}"]')
    shown = {str(field["name"]): str(field.get("value") or field.get_text().strip()) for field in form.select("[name]")}
    return client.post(path, {**shown, **typed})


def opened(here: Running, clock: StandingClock, **asked: object) -> int:
    """A ticket whose applet shows the customer their details."""
    request = asking(customer_name="Zoë", ask_customer_info=True, **asked)
    return open_ticket(here.database, here.desk.staff, "default", request, now=clock()).number


def names(client: PageClient, path: str) -> list[str]:
    return [tag.get_text() for tag in client.get(path).page.select(".answers th a")]


def offered(client: PageClient, number: int) -> dict[str, str]:
    return {each["name"]: each["text"] for each in client.get(f"/console/tickets/{number}/answers").json["answers"]}


@pytest.mark.slow
def test_an_administrator_keeps_the_desk_s_and_everybody_their_own(app_on_both: Flask, clock: StandingClock) -> None:
    here: Running = app_on_both.extensions["handbell"]
    dora, anna, ben = (seat(app_on_both, email) for email in (DORA, ANNA, BEN))
    assert send(dora, f"{DESK}/add", **TYPED).location == DESK
    assert send(anna, f"{OWN}/add", name="Mine", text="Only Anna's").location == OWN
    assert (names(dora, DESK), names(anna, OWN), names(ben, OWN)) == (["Hello"], ["Mine"], [])
    number = opened(here, clock)
    assert offered(anna, number) == {"Hello": f"Hello Zoë, about {number}:", "Mine": "Only Anna's"}
    assert list(offered(ben, number)) == ["Hello"]
    one = str(anna.get(OWN).select(".answers a")["href"])
    assert send(anna, one, name="Ours", text="Changed").status == 303
    assert send(anna, one).status == 303, "nothing differs"
    for other in (ben, dora):
        assert other.get(one).status == 404
        assert other.post(f"{one}/remove", {"csrf_token": csrf_of(other.get(OWN))}).status == 404
    assert anna.post(f"{one}/remove", {"csrf_token": csrf_of(anna.get(one))}).location == OWN
    assert names(anna, OWN) == []
    with here.database.read() as connection:
        told = [(act.who, act.act, act.about, act.detail) for act in acts(connection) if act.act.startswith("answer")]
    ids = {t.email: t.id for t in here.desk.staff.technicians.values()}
    assert told == [
        (ids[ANNA], "answer.removed", "Ours", {"of": "technician", "languages": ""}),
        (
            ids[ANNA],
            "answer.changed",
            "Ours",
            {"of": "technician", "languages": "", "name": ["Mine", "Ours"], "changed": "any"},
        ),
        (ids[ANNA], "answer.added", "Mine", {"of": "technician", "languages": ""}),
        (ids[DORA], "answer.added", "Hello", {"of": "desk", "languages": "de"}),
    ]


def test_a_customer_gets_their_language_and_no_name_that_is_hidden(
    app: Flask, here: Running, clock: StandingClock
) -> None:
    answer = ReadyAnswer("Hello", {"": "Hello {name},", "de": "Guten Tag {name},", "pt_BR": "Olá {name},"})
    here.database.write(lambda connection: add_answer(connection, answer))
    anna = seat(app, ANNA)
    for language, text in (
        ("de-AT", "Guten Tag Zoë,"),
        ("pt-PT", "Hello Zoë,"),
        ("pt-BR", "Olá Zoë,"),
        ("", "Hello Zoë,"),
    ):
        number = opened(here, clock, language=language or None)
        assert offered(anna, number) == {"Hello": text}, language
    assert offered(anna, ticket(here, clock, customer_name="Zoë")) == {"Hello": "Hello,"}, "details are hidden"


def test_the_answers_of_a_ticket_are_for_those_who_see_it(app: Flask, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock, department="10")
    ben = seat(app, BEN)
    for n in (number, 0, 2**63, 10**300):
        assert ben.get(f"/console/tickets/{n}/answers").status == 404
        assert ben.get(f"{OWN}/{n}").status == 404


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": " ", "text": "x"}, "name"),
        ({"name": "x", "text": " \n"}, "text"),
        ({"name": "x", "text": "x" * 2001}, "text"),
        ({"name": "x", "text": "x", "text-de": "\x00"}, "text-de"),
    ],
)
def test_what_is_refused_comes_back_with_its_field_named(typed: dict[str, str], field: str, app: Flask) -> None:
    page = send(seat(app, ANNA), f"{OWN}/add", **typed)
    assert page.status == 422
    assert page.page.select(f'.summary a[href="#{field}"]')
    assert page.select(f"[id='{field}']")["aria-invalid"] == "true"
    assert page.select("[id='text']").get_text().strip() == typed["text"].strip()


@pytest.mark.slow
def test_two_who_change_an_answer_at_once_lose_nothing(app: Flask, here: Running) -> None:
    number = here.database.write(lambda connection: add_answer(connection, ReadyAnswer("Hello", {"": "1"})))
    dora = seat(app, DORA)
    path = f"{DESK}/{number}"
    assert send(dora, path, text="2").status == 303
    late = send(dora, path, text="3", version="1")
    assert (late.status, late.select("#text").get_text().strip()) == (422, "3")
    assert "Somebody else has changed it" in late.text
    again = {
        str(field["name"]): str(field.get("value") or field.get_text().strip())
        for field in late.page.select("form.card [name]")
    }
    assert dora.post(path, again).status == 303
    assert dora.get(path).select("#text").get_text().strip() == "3"


@pytest.mark.slow
def test_no_more_than_can_be_kept(app: Flask, here: Running) -> None:
    def fill(connection) -> None:  # type: ignore[no-untyped-def]
        for n in range(MOST_ANSWERS):
            add_answer(connection, ReadyAnswer(f"No. {n}", {"": "x"}))

    here.database.write(fill)
    dora = seat(app, DORA)
    assert "Add an answer" not in dora.get(DESK).select(".head").get_text()
    assert "Remove one first." in send(dora, f"{DESK}/add", name="x", text="x").text
