"""Rules about notices, the test of each, and the outbox, in the console."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from app.core.notice import NoticeState
from app.core.notice_rule import USUAL
from app.process.running import Running
from app.settings import Settings
from app.store.audit import acts
from app.store.notices import Listed, add_notices, claim_notices, finish, list_notices
from tests.actions.outbox import parked
from tests.conftest import PASSWORD, StandingClock
from tests.mail_server import Mailbox, mailing
from tests.page_client import Answer, PageClient
from tests.waiting import until
from tests.web.console_client import ANNA, DORA, csrf_of, log_in, ticket

PAGE = "/console/notices"
OUTBOX = "/console/desk/notices"


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def box(here: Running) -> Iterator[Mailbox]:
    """A mail server that is set."""
    with mailing() as one:
        here.settings = Settings(
            data_dir=here.settings.data_dir, smtp_url=one.url, mail_from="Help <help@example.com>", port=8000
        )
        yield one
        here.telling.stop()


@pytest.fixture
def dora(client: PageClient) -> PageClient:
    log_in(client, DORA)
    return client


@pytest.fixture
def anna(app: Flask) -> PageClient:
    client = PageClient(app)
    log_in(client, ANNA)
    return client


def post(client: PageClient, path: str = "", **fields: object) -> Answer:
    return client.post(f"{PAGE}{path}", {"csrf_token": csrf_of(client.get(PAGE)), **fields})


def rows(client: PageClient, heading: str = "desk") -> list[str]:
    found = client.get(PAGE).page.select(f"section[aria-labelledby={heading}] tbody tr")
    return [" ".join(row.get_text(" ").split()) for row in found]


def kept(here: Running) -> list[Listed]:
    with here.database.read() as connection:
        return list_notices(connection)


@pytest.mark.slow
@pytest.mark.usefixtures("box")
def test_everybody_sees_the_usual_rules_and_administrators_change_them(
    dora: PageClient, anna: PageClient, here: Running
) -> None:
    usual = [
        "Waits for too long 10 min Technicians who may take it Mail Always Test",
        "Call-back due Technicians who may take it Mail Always Test",
        "Call-back late Technicians who may take it Mail Always Test",
        "Call-back late Supervisors Mail Always Test",
        "Parked Supervisors Mail Always Test",
    ]
    assert rows(anna) == usual
    assert rows(dora) == [f"{row} Remove" for row in usual]
    added = post(dora, "/rules", event="request.closed", to="its", when="closed", minutes="5")
    assert added.status == 303
    assert rows(anna)[-1] == "Closed The technician who has it Mail Only outside opening hours Test"
    assert post(dora, "/rules/remove", rule=USUAL[0].mark).status == 303
    assert len(rows(anna)) == len(usual)
    with here.database.read() as connection:
        assert [act.act for act in acts(connection)[:2]] == ["notices.changed"] * 2
    assert post(dora, "/usual").status == 303
    assert rows(anna) == usual
    assert post(anna, "/rules", event="request.closed", to="its").status == 403
    assert post(dora, "/rules/remove", rule="none").status == 404


@pytest.mark.slow
def test_a_rule_may_tell_by_push_also_without_a_mail_server(dora: PageClient) -> None:
    assert post(dora, "/rules", event="request.received", to="may_take", by="push").status == 303
    assert rows(dora)[-1] == "New request Technicians who may take it Push to browsers Always Test Remove"
    mark = dora.get(PAGE).page.select(".rules input[name=rule]")[-1]["value"]
    assert post(dora, "/test", rule=str(mark)).status == 303
    assert "None of your browsers is told" in dora.get(PAGE).text
    assert post(dora, "/rules", event="request.received", to="may_take", by="pigeon").status == 422


def test_the_sent_page_is_at_home_under_notices(dora: PageClient) -> None:
    assert dora.get(OUTBOX).select("#places [aria-current]").get_text() == "Notices"


@pytest.mark.slow
def test_without_a_mail_server_the_page_says_so(anna: PageClient) -> None:
    assert "HANDBELL_SMTP_URL" in anna.get(PAGE).text
    assert rows(anna)[-1] == "Parked Supervisors Mail not set up Always"
    assert post(anna, "/test", rule=USUAL[0].mark).status == 404


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong", [{"event": "pigeon"}, {"to": "everybody"}, {"to": "place:7"}, {"when": "never"}, {"minutes": "0"}]
)
def test_what_is_no_rule_comes_back_with_what_was_typed(dora: PageClient, wrong: dict[str, str]) -> None:
    fields = {"event": "request.waiting", "to": "may_take", "when": "always", "minutes": "7"} | wrong
    page = post(dora, "/rules", **fields)
    assert page.status == 422
    assert page.select(f"#{next(iter(wrong))}-problem")
    assert page.select("#minutes")["value"] == fields["minutes"]


@pytest.mark.slow
def test_one_s_own_rules_and_quiet_hours(anna: PageClient, dora: PageClient, here: Running) -> None:
    fields = {"my_event": "request.waiting", "my_when": "always", "my_minutes": "3"}
    assert post(anna, "/mine", **fields).status == 303
    assert rows(anna, "mine") == ["Waits for too long 3 min Me Mail not set up Always Remove"]
    assert rows(dora, "mine") == []
    assert post(anna, "/quiet", quiet="22:00-07:00").status == 303
    assert anna.get(PAGE).select("#quiet")["value"] == "22:00-07:00"
    refused = post(anna, "/quiet", quiet="at night")
    assert (refused.status, refused.select("#quiet")["value"]) == (422, "at night")
    book = here.desk.notices
    (own,) = (book.people[1].rules or ())[:1]
    assert post(anna, "/mine/remove", rule=own.mark).status == 303
    assert rows(anna, "mine") == []


@pytest.mark.slow
def test_a_rule_is_tried_by_a_mail_to_oneself_in_one_s_language(
    app: Flask, anna: PageClient, box: Mailbox, here: Running, clock: StandingClock
) -> None:
    assert post(anna, "/test", rule=USUAL[-1].mark).status == 303
    assert until(lambda: box.got)
    assert (box.to, box.got[0]["Subject"]) == (["anna@example.com"], "This is a test: Example Help")
    assert here.desk.notices.people[1].language == "en"
    german = {"Accept-Language": "de"}
    again = PageClient(app)
    fields = {"csrf_token": csrf_of(again.get("/console/login")), "email": ANNA, "password": PASSWORD}
    assert again.open("POST", "/console/login", data=fields, headers=german).status == 303
    assert here.desk.notices.people[1].language == "de"
    clock.advance(seconds=1)
    assert post(again, "/test", rule=USUAL[-1].mark).status == 303
    assert until(lambda: len(box.got) == 2)
    assert box.got[1]["Subject"] == "Das ist ein Test: Example Help"


@pytest.mark.slow
def test_who_may_take_it_gets_a_mail_for_what_waits_too_long(
    here: Running, clock: StandingClock, box: Mailbox, dora: PageClient
) -> None:
    number = ticket(here, clock, department="10", customer_name="Zoë", problem_description="It <b>broke</b>.")
    here.tell_now()
    clock.advance(minutes=11)
    here.tell_now()
    assert until(lambda: box.got)
    assert box.to == ["anna@example.com"]
    assert box.got[0]["Subject"] == f"Waits for too long: #{number}"
    (text,) = box.texts()
    assert f"http://127.0.0.1:8000/console/tickets/{number}" in text
    assert "Zoë" not in text
    assert "broke" not in text
    assert post(dora, "/details", details="1").status == 303
    ticket(here, clock, department="10", customer_name="Zoë", problem_description="It <b>broke</b>.")
    here.tell_now()
    clock.advance(minutes=11)
    here.tell_now()
    assert until(lambda: len(box.got) == 2)
    assert "Customer: Zoë\nProblem: It <b>broke</b>." in box.texts()[1]


@pytest.mark.slow
def test_what_was_claimed_before_the_mail_went_is_dropped(
    here: Running, clock: StandingClock, box: Mailbox, anna: PageClient
) -> None:
    box.data = "451 later"
    number = ticket(here, clock, department="10")
    clock.advance(minutes=11)
    here.tell_now()
    assert until(lambda: [one.why for one in kept(here)] == ["status 451"])
    box.data = "250 OK"
    page = anna.get(f"/console/tickets/{number}")
    fields = {str(field["name"]): str(field["value"]) for field in page.select("form[action$=claim]").select("input")}
    assert anna.post(f"/console/tickets/{number}/claim", fields).status == 303
    clock.advance(minutes=1)
    here.tell_now()
    assert until(lambda: [one.state for one in kept(here)] == [NoticeState.DROPPED])
    assert box.got == []


@pytest.mark.slow
def test_the_outbox_shows_how_each_went_and_sends_it_again(dora: PageClient, anna: PageClient, here: Running) -> None:
    now = here.clock()
    new = [replace(parked("default", number, now), reference=f"7K3M-Q{number:03}") for number in range(60)]
    here.database.write(lambda connection: add_notices(connection, new))
    for one in here.database.write(lambda c: claim_notices(c, ("webhook",), now, 2, now)):
        here.database.write(lambda c, one=one: finish(c, one, NoticeState.GIVEN_UP, "status 500", now))
    page = dora.get(OUTBOX)
    assert len(page.page.select("tbody tr")) == 50
    older = dora.get(str(page.select(".more a")["href"]))
    assert len(older.page.select("tbody tr")) == 10
    given_up = dora.get(f"{OUTBOX}?state=given_up")
    shown = [" ".join(row.get_text(" ").split()) for row in given_up.page.select("tbody tr")]
    assert len(shown) == 2
    assert "Given up status 500 Send again" in shown[0]
    its_id = str(given_up.page.select("tbody input[name=notice]")[0]["value"])
    fields = {"csrf_token": csrf_of(given_up), "notice": its_id}
    assert dora.post(f"{OUTBOX}/again", fields).status == 303
    assert len(dora.get(f"{OUTBOX}?state=given_up").page.select("tbody tr")) == 1
    assert dora.post(f"{OUTBOX}/again", {"csrf_token": csrf_of(given_up)}).status == 303
    assert len(dora.get(f"{OUTBOX}?state=given_up").page.select("tbody tr")) == 0
    assert dora.post(f"{OUTBOX}/again", {"csrf_token": csrf_of(page), "notice": "msg_x"}).status == 404
    assert dora.get(f"{OUTBOX}?state=odd").status == 404
    assert dora.get(f"{OUTBOX}?before=odd").status == 404
    assert anna.get(OUTBOX).status == 403
