"""Mails to customers, where the site wants them, and the link for a new technician by mail."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from app.actions.hours import set_hours
from app.actions.work import Work, claim, close
from app.core.hours_rules import DESK
from app.core.hours_text import read_week
from app.core.notice import MOST_TO_ADDRESS, NoticeState
from app.core.site import Site
from app.core.standing import Standing
from app.core.ticket import Outcome
from app.process.running import Running
from app.settings import Settings
from app.store.notices import list_notices
from app.store.tickets import list_tickets
from tests.conftest import StandingClock
from tests.mail_server import Mailbox, mailing
from tests.page_client import Answer, PageClient
from tests.waiting import until
from tests.web.console_client import DORA, csrf_of, log_in

TYPED = {"customer_name": "Zoë <b>", "problem_description": "Visit http://spam.example", "department": "10"}
BASE = "http://127.0.0.1:8000"


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def box(here: Running, change_site: Callable[..., Site]) -> Iterator[Mailbox]:
    """A mail server that is set, and a site that wants mails to customers."""
    change_site(mail_customers=True)
    with mailing() as one:
        here.settings = Settings(
            data_dir=here.settings.data_dir, smtp_url=one.url, mail_from="Help <help@example.com>", port=8000
        )
        yield one
        here.telling.stop()


def submit(client: PageClient, clock: StandingClock, **fields: str) -> Answer:
    token = client.form_token()
    clock.advance(seconds=3)
    given = {"customer_email": "zoe@example.com", **TYPED, **fields}
    return client.post("/s/default", {"form_token": token, **given})


def arrived(here: Running, box: Mailbox, many: int) -> bool:
    here.tell_now()
    return until(lambda: len(box.got) >= many)


def as_seen(here: Running) -> Work:
    """The only ticket, as Anna sees it."""
    with here.database.read() as connection:
        (found,) = list_tickets(connection)
    return Work(found.number, Standing.of(found), by=1, now=here.clock())


def links(box: Mailbox) -> list[str]:
    return [line.strip() for text in box.texts() for line in text.splitlines() if line.startswith(BASE)]


@pytest.mark.slow
def test_a_customer_gets_a_receipt_a_word_when_it_begins_and_the_conversation(
    client: PageClient, here: Running, clock: StandingClock, box: Mailbox
) -> None:
    submit(client, clock)
    assert arrived(here, box, 1)
    claim(here.database, as_seen(here))
    assert arrived(here, box, 2)
    close(here.database, as_seen(here), Outcome.SOLVED)
    assert arrived(here, box, 3)
    assert box.to == ["zoe@example.com"] * 3
    subjects = [str(mail["Subject"]) for mail in box.got]
    assert subjects == ["We have your request", "Your technician is ready", "Your conversation with us"]
    for mail in box.got:
        whole = mail.as_string() + "".join(box.texts())
        assert "Zoë" not in whole
        assert "Zo=C3=AB" not in whole
        assert "spam" not in whole
    first, second, third = links(box)
    clock.advance(hours=1)
    assert client.get(first.removeprefix(BASE)).status == 200
    assert client.get(second.removeprefix(BASE)).status == 200
    assert third.startswith(f"{BASE}/applet/")
    assert client.get(third.removeprefix(BASE)).status == 410, "it shows the conversation of a session that is over"


@pytest.mark.slow
def test_mails_are_in_the_customer_s_language(
    client: PageClient, here: Running, clock: StandingClock, box: Mailbox
) -> None:
    token = client.form_token()
    clock.advance(seconds=3)
    fields = {"form_token": token, "customer_email": "zoe@example.com", **TYPED}
    client.open("POST", "/s/default?lang=de", data=fields, headers={"Accept-Language": "de"})
    assert arrived(here, box, 1)
    assert "Ihre Anfrage" in str(box.got[0]["Subject"])
    assert box.got[0]["Content-Language"] == "de"


@pytest.mark.slow
def test_without_the_option_or_an_address_no_mail_goes(
    client: PageClient, here: Running, clock: StandingClock, box: Mailbox, change_site: Callable[..., Site]
) -> None:
    submit(client, clock, customer_email="")
    submit(client, clock, customer_email="no address")
    change_site(mail_customers=False)
    submit(client, clock)
    here.tell_now()
    with here.database.read() as connection:
        assert list_notices(connection) == []


def test_a_refused_address_gets_nothing_more(
    client: PageClient, here: Running, clock: StandingClock, box: Mailbox
) -> None:
    box.rcpt = "550 no such mailbox"
    submit(client, clock)
    here.tell_now()

    def states() -> list[NoticeState]:
        with here.database.read() as connection:
            return [one.state for one in list_notices(connection)]

    assert until(lambda: states() == [NoticeState.GIVEN_UP])
    submit(client, clock, customer_email="ZOE@example.com", problem_description="Another")
    here.tell_now()
    assert states() == [NoticeState.GIVEN_UP]


@pytest.mark.slow
def test_one_address_gets_few_mails_a_day(
    client: PageClient, here: Running, clock: StandingClock, box: Mailbox
) -> None:
    for number in range(MOST_TO_ADDRESS + 2):
        other = PageClient(client._client.application, address=f"198.51.{number}.7")
        submit(other, clock, problem_description=f"Number {number}")
        here.tell_now()
    with here.database.read() as connection:
        assert len(list_notices(connection)) == MOST_TO_ADDRESS


@pytest.mark.slow
def test_a_link_to_choose_a_password_goes_by_mail(app: Flask, client: PageClient, here: Running, box: Mailbox) -> None:
    log_in(client, DORA)
    page = client.post("/console/team/1/invitation", {"csrf_token": csrf_of(client.get("/console/team/1"))})
    form = page.select('form[action$="/invitation/mail"]')
    fields = {str(field["name"]): str(field["value"]) for field in form.select("input")}
    assert client.post("/console/team/2/invitation/mail", fields).status == 404, "another one's"
    assert client.post("/console/team/1/invitation/mail", {**fields, "link": "x"}).status == 404
    assert client.post("/console/team/1/invitation/mail", fields).status == 303
    assert until(lambda: box.got)
    assert box.to == ["anna@example.com"]
    (link,) = links(box)
    assert link == f"{BASE}/console/invitation/{fields['link']}"
    with here.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM notices").mappings().all()
    assert fields["link"] not in str([dict(row) for row in rows])
    assert PageClient(app).get(link.removeprefix(BASE)).status == 200


def test_without_a_mail_server_no_link_is_sent(client: PageClient) -> None:
    log_in(client, DORA)
    page = client.post("/console/team/1/invitation", {"csrf_token": csrf_of(client.get("/console/team/1"))})
    assert "/invitation/mail" not in page.text
    fields = {"csrf_token": csrf_of(page), "link": "x"}
    assert client.post("/console/team/1/invitation/mail", fields).status == 404


@pytest.mark.slow
def test_the_mail_of_a_call_back_has_its_time_in_the_customers_language_and_no_typed_text(
    client: PageClient, here: Running, clock: StandingClock, box: Mailbox
) -> None:
    set_hours(here.database, DESK, "Europe/Berlin", read_week("mo-fr 09:00-17:00"), by=None, now=clock())
    token = client.form_token()
    clock.advance(seconds=3)
    given = {"form_token": token, "customer_email": "zoe@example.com", **TYPED}
    sent = client.post("/s/default", given, headers={"Accept-Language": "de"})
    status = client.get(sent.location)
    page = client.get(str(status.page.select("a[data-start]")[0]["href"])).location
    assert arrived(here, box, 1)
    options = [str(option["value"]) for option in client.get(page).page.select("#call_back_at option")]

    def choose(at: str) -> None:
        client.post(page, {"action": "call_back", "call_back_at": at, "call_back_to": "http://spam.example/+49 30 1"})
        client.post(page, {"action": "call_back", "call_back_at": at, "call_back_to": "+49 30 123456"})

    choose(options[0])
    assert arrived(here, box, 2)
    clock.advance(seconds=1)
    choose(options[1])
    clock.advance(seconds=1)
    choose(options[2])
    assert arrived(here, box, 3)
    first, last = box.got[1:]
    assert str(first["Subject"]) == "Wir rufen Sie zurück"
    assert "Mo., 2. März, 09:00–09:30 (Europe/Berlin)" in box.texts()[1]
    assert "Mo., 2. März, 11:00–11:30 (Europe/Berlin)" in box.texts()[2]
    assert "spam" not in "".join(box.texts())
    assert "123456" not in "".join(box.texts())
    link = links(box)[2].removeprefix(BASE)
    clock.advance(hours=30)
    assert "11:00–11:30" in client.get(link).page.select("#call-back")[0].get_text(), "its link lasts until then"
    assert last["To"] == "zoe@example.com"
