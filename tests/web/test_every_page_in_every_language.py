"""Every page, in every state and language: valid (checked by the client), fully translated, with labels that fit."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4.element import NavigableString
from flask import Flask
from sqlalchemy import update

from app.core.customer_info import AskPolicy
from app.core.request import RequestState
from app.core.site import Site
from app.core.ticket import TicketState
from app.files.resources import languages
from app.process.running import Running
from app.store.requests import list_requests
from app.store.tables import requests, tickets
from app.store.tickets import list_tickets, ticket_history
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.web.catalogues import messages
from tests.web.console_client import log_in

pytestmark = pytest.mark.slow


ChangeSite = Callable[..., Site]
Look = Callable[..., None]
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36"
NAMES = {
    "Handbell",
    "Example Help",
    "+1 555 0100",
    "help@example.com",
    "Computers",
    "Billing",
    "Anna A",
    "Dora D",
    "Zoë",
}
NAMES |= {
    "Windows",
    "macOS",
    "Linux",
    "Mac",
    "PIN",
    "ask_customer_info",
    "No sound",
    "anna@example.com",
    "dora@example.com",
}

OURS = {"kbd", "code", "script", "style"}  # keys and programs are the same in every language
NUMBER = re.compile(
    r"https?://\S+|[0-9A-Z]{4}-[0-9A-Z]{4}|[0-9a-f]{32}|[0-9:-]+ [0-9:]+ UTC"
)  # references, and dates with times


OTHER_PAGES = {
    "/console/account": "Your account",
    "/console/account/second-factor": "Set up a second factor",
    "/console/codes": "Session codes",
    "/console/requests": "Requests",
    "/console/requests?state=suspect": "Requests",
    "/console/requests/{reference}": "Request",
    "/console/requests/{reference}/anew": "Open a new session",
    "/console/figures": "Figures",
    "/console/sites": "Sites",
    "/console/sites/default": "Example Help",
    "/console/sites/default/look": "Example Help",
    "/console/sites/default/fields": "Example Help",
    "/console/sites/default/websites": "Example Help",
    "/console/sites/default/website-check": "Example Help",
    "/console/sites/default/backend": "Example Help",
    "/console/sites/default/start-api": "Example Help",
    "/console/team": "Team",
    "/console/team/1": "Anna A",
    "/console/team/add": "Add a technician",
    "/console/team/departments/10": "Computers",
    "/console/team/departments/add": "Add a department",
    "/console/data": "Personal data",
    "/console/desk": "Desk",
    "/console/audit": "Audit log",
}


# People, departments and the site, alone or with additions.
CALLED = re.compile(
    r"(Start API – |\w+ · )?(Anna A|Ben B|Carl C|Dora D|Sven S|Computers|Billing|Closed|Example Help)"
    r"( \([^ ]+\))?( – Handbell)?"
    r"|[a-z]+@example\.com|embedded|take-control\S*|default|en|\*\.swi-rc\.com\s[\s\S]+"
    r"|CSV|JSON|PHP|Python|C#|curl(, JSON)?|Tech|Department|Customer_\w+|Problem_description|Ask_customer_info = 1"
    r"|(Websites|Sites|Team)( – Handbell)?"  # the same in some languages
)


TOLD = {"title", "aria-label", "data-busy", "data-left", "data-over", "data-next", "data-many"}
TOLD_BY_MAIN = {"data-starting", "data-started", "data-waiting", "data-active", "data-joined"}


def longest_label(english: str) -> float:
    """The most characters that a button has room for."""
    return max(28, 2.2 * len(english))


def as_pattern(text: str) -> re.Pattern[str]:
    """A pattern for a text after its placeholders are filled in."""
    return re.compile(re.sub(r"%\\\(\w+\\\)s", ".+", re.escape(text)) + ":?")


def labels(page: Answer) -> list[str]:
    """The texts of a page's buttons, before and after they are pressed."""
    elements = page.page.find_all(True)
    pressed = [one for one in elements if one.name == "summary" or "button" in one.get_attribute_list("class")]
    found = [str(button.get_text(strip=True)) for button in pressed]
    return found + [str(one["data-busy"]) for one in elements if one.has_attr("data-busy")]


def sentences(page: Answer) -> set[str]:
    """All texts for people, in the page and in its attributes, except numbers and signs."""
    texts = [text for text in page.page.find_all(string=True) if type(text) is NavigableString]
    found = {text.strip() for text in texts if text.parent and text.parent.name not in OURS}
    for element in page.page.find_all(True):
        told = TOLD | TOLD_BY_MAIN if element.name == "main" else TOLD
        found |= {str(element[attribute]) for attribute in element.attrs.keys() & told}
    return {text for text in found if any(sign.isalpha() for sign in text)}


@pytest.fixture(params=languages()[1:])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def look(client: PageClient, language: str) -> Look:
    """Check one page in English and in the test's language."""
    same = [as_pattern(str(message.id)) for message in messages(language) if message.id == message.string]

    tag = language.replace("_", "-")

    def check(
        path: str, heading: str, *, by: PageClient = client, method: str = "GET", agent: str = "", data: object = None
    ) -> None:
        english, translated = (
            by.open(method, path, data=data, headers={"Accept-Language": accepted, "User-Agent": agent})
            for accepted in ("en", tag)
        )
        assert heading in english.select("h1").get_text(), f"{path} is another page than this test means"
        assert translated.status == english.status
        assert translated.select("html")["lang"] == tag
        left = (sentences(english) & sentences(translated)) - NAMES
        assert not {text for text in left if not any(pattern.fullmatch(text) for pattern in (NUMBER, CALLED, *same))}
        for before, after in zip(labels(english), labels(translated), strict=True):
            assert len(after) <= longest_label(before), before

    return check


@pytest.fixture
def started(client: PageClient) -> Callable[..., tuple[str, str]]:
    """A request whose session was started: the paths of its status page and its applet."""

    def start(**fields: str) -> tuple[str, str]:
        status = client.submit(customer_name="Zoë", **fields).location
        return status, client.get(go_of(client, status)).location

    return start


def go_of(client: PageClient, status: str) -> str:
    return str(client.get(status).page.select("a[data-start]")[0]["href"])


def put(here: Running, **values: object) -> None:
    here.database.write(lambda connection: connection.execute(update(requests).values(**values)).rowcount)


def put_ticket(here: Running, **values: object) -> None:
    here.database.write(lambda connection: connection.execute(update(tickets).values(**values)).rowcount)


def test_the_request_page(client: PageClient, look: Look, change_site: ChangeSite) -> None:
    change_site(required=("customer_name",), ask_customer_info=AskPolicy.CUSTOMER, mail="help@example.com")
    look("/", "Get support")
    wrong = {"customer_email": "x", "customer_number": "1" * 40, "problem_description": "1\x01"}
    look("/s/default", "Get support", method="POST", data={"form_token": client.form_token(), **wrong})
    change_site(required=(), mail="help@example.com", phone=None)
    look("/s/default", "Get support", method="POST", data={"form_token": "forged", "customer_name": "Zoë"})


def test_the_status_page(client: PageClient, look: Look, here: Running, tmp_path: Path, clock: StandingClock) -> None:
    path = client.submit(customer_name="Zoë").location
    look(path, "Your session is ready")
    put(here, state=RequestState.WAITING)
    look(path, "We have your request")
    put(here, attempts=3)
    look(path, "We have your request")
    put(here, state=RequestState.PARKED)
    look(path, "Sorry")
    put(here, state=RequestState.OPENED)
    program = tmp_path / "data" / "applets" / "windows" / "help.exe"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"MZ")
    look(path, "Your session is ready", agent=WINDOWS)
    client.get(go_of(client, path), headers={"User-Agent": WINDOWS})
    look(path, "Your session has been started", agent=WINDOWS)
    program.unlink()
    look(path, "Your session has been started")
    put(here, state=RequestState.ENDED)
    look(path, "This request has ended")
    clock.advance(hours=25)
    look(path, "This link has expired")


def test_the_start_page(client: PageClient, look: Look, change_site: ChangeSite, clock: StandingClock) -> None:
    change_site(one_time_links=True)
    path = go_of(client, client.submit(customer_name="Zoë").location)
    look(path, "Your session is ready")
    clock.advance(hours=1)
    look(path, "This link has expired")


def test_the_applet(client: PageClient, look: Look, here: Running, started: Callable[..., tuple[str, str]]) -> None:
    _, applet = started()
    look(applet, "You are in line")
    look(applet, "You are in line", method="POST", data={"action": "save", "customer_email": "x"})
    client.post(applet, {"action": "save", "customer_name": "Zoë"})
    look(f"{applet}?saved", "You are in line")
    look(f"{applet}?edit", "You are in line")
    put_ticket(here, state=TicketState.ACTIVE)
    look(applet, "Your technician is here")
    for state, heading in (
        (TicketState.CLOSED, "Your session has ended"),
        (TicketState.CANCELLED, "Your request is cancelled"),
        (TicketState.EXPIRED, "This page is no longer in use"),
    ):
        put_ticket(here, state=state)
        look(applet, heading)


def test_the_applet_that_asks_for_everything(client: PageClient, look: Look) -> None:
    look(client.get(go_of(client, client.submit().location)).location, "You are in line")


def test_errors(look: Look, client: PageClient) -> None:
    look("/nothing-here", "There is nothing here")
    look("/r/forged", "There is nothing here")
    look("/", "This does not work here", method="POST")
    look("/console/nothing-here", "There is nothing here")
    look("/console/login", "Log in")
    look("/console/login", "Log in", method="POST", data={"email": "x"})


def test_the_console(
    app: Flask, client: PageClient, look: Look, here: Running, started: Callable[..., tuple[str, str]]
) -> None:
    anna = PageClient(app)
    log_in(anna)
    look("/console/", "Queue", by=anna)
    _, applet = started(department="10", problem_description="No sound")
    client.post(applet, {"action": "save", "customer_name": "Zoë", "customer_number": "1"})
    look("/console/?queue=departments", "Queue", by=anna)
    with here.database.read() as connection:
        (ticket,) = list_tickets(connection)
        assert ticket_history(connection, ticket.number)
    look(f"/console/tickets/{ticket.number}", "Ticket", by=anna)
    for state in TicketState:
        put_ticket(here, state=state)
        look(f"/console/tickets/{ticket.number}", "Ticket", by=anna)


def test_the_console_s_other_pages(app: Flask, client: PageClient, look: Look, here: Running) -> None:
    client.submit(customer_name="Zoë", problem_description="No sound")
    with here.database.read() as connection:
        (request,) = list_requests(connection)
    dora = PageClient(app)
    log_in(dora, "dora@example.com")
    for path, heading in OTHER_PAGES.items():
        look(path.format(reference=request.reference), heading, by=dora)
    look("/pin", "Enter your PIN")
