"""Five hundred hostile texts in every field of a ticket, opened in the console: they are shown as plain text."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.customer import LIMITS, Customer
from app.core.customer_info import InfoMode
from app.core.routing import QueueKind, Reason
from app.core.ticket import Ticket, TicketEvent, TicketState
from app.store.database import Database
from app.store.tickets import add_event, insert_ticket
from tests.browser.conftest import NewPage
from tests.browser.journeys import log_in
from tests.hostile_texts import HOSTILE
from tests.live_server import LiveServer
from tests.profile import FULL, PROFILE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
_LOOK = """page => ({
  base: page.baseURI === location.href,
  tags: [...page.querySelectorAll('main *')].map(e => e.localName),
  handlers: [...page.querySelectorAll('body *')].flatMap(
    e => e.getAttributeNames().filter(n => n.startsWith('on') || n === 'style' || n === 'srcdoc')),
  elsewhere: [...page.querySelectorAll('[href], [src], [action]')]
    .map(e => e.href || e.src || e.action)
    .filter(u => !u.startsWith(location.origin) && !u.startsWith('data:image/svg')),
})"""
_LOOK_AT_SHOWN = f"""() => ({{
  ...({_LOOK})(document),
  ran: document.body.dataset.ran ?? null,
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
}})"""
# What a parsed page would show, without showing it: a tenth of the time.
_LOOK_AT_PARSED = f"""async number => {{
  const html = await (await fetch(`/console/tickets/${{number}}`)).text();
  const page = new DOMParser().parseFromString(html, 'text/html');
  return {{...({_LOOK})(page), said: page.querySelector('.said').textContent}};
}}"""
_SHOWN = 10  # every tenth is shown, in `make full` each


def _ticket(text: str, n: int) -> Ticket:
    return Ticket(
        number=0,
        session_id=f"{n:032x}",
        pin=f"{100_000_000 + n}",
        site="default",
        reference=None,
        state=TicketState.WAITING,
        queue_kind=QueueKind.GENERAL,
        department_id=None,
        technician_id=None,
        asked_department=text[:64],
        asked_tech=text[:254],
        reason=Reason.BOTH_WRONG,
        ask_customer_info=True,
        info_mode=InfoMode.ASK,
        language="en",
        applet_id=f"hostile-{n}",
        created_at=datetime.now(UTC),
        customer=Customer.of({name: text[:limit] for name, limit in LIMITS.items()}),
        more=((text[:64], text[:255]),),
    )


@pytest.fixture(scope="module")
def numbers(live: LiveServer) -> list[int]:
    """One ticket for each text, and a plain one at the end for comparison."""
    database = Database(f"sqlite:///{live.data_dir / 'handbell.sqlite3'}")

    def fill(connection) -> list[int]:  # type: ignore[no-untyped-def]
        made = []
        for n, text in enumerate((*HOSTILE, "plain")):
            number = insert_ticket(connection, _ticket(text, n)).number
            now = datetime.now(UTC)
            changes = {"customer_name": [text, text[::-1]], "problem_description": [None, text]}
            add_event(connection, number, TicketEvent(now, "customer", "details_changed", changes))
            add_event(connection, number, TicketEvent(now, "1", "note", {"text": [None, text]}))
            made.append(number)
        return made

    made = database.write(fill)
    database.close()
    return made


def _split(found: dict[str, Any]) -> tuple[dict[str, object], Counter[str]]:
    return {name: value for name, value in found.items() if name != "tags"}, Counter(found["tags"])


CLEAN: dict[str, object] = {"base": True, "handlers": [], "elsewhere": []}
CLEAN_SHOWN = CLEAN | {"ran": None, "wide": False}


def test_every_ticket_is_text(new_page: NewPage, live: LiveServer, numbers: list[int]) -> None:
    page = new_page(locale="en-US", viewport={"width": 360, "height": 740})
    log_in(page, live)
    page.goto(f"/console/tickets/{numbers[-1]}")
    found, plain = _split(page.evaluate(_LOOK_AT_SHOWN))
    assert found == CLEAN_SHOWN
    # Our own pages may not parse text, so one without their policy does.
    page.route("**/blank", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto("/blank")
    for number, text in zip(numbers, HOSTILE, strict=False):
        found, tags = _split(page.evaluate(_LOOK_AT_PARSED, number))
        assert found == CLEAN | {"said": text[: LIMITS["problem_description"]]}, repr(text)
        assert tags == plain, f"{text!r}: {tags - plain} {plain - tags}"


@pytest.mark.full
def test_a_shown_ticket_is_text(new_page: NewPage, live: LiveServer, numbers: list[int]) -> None:
    page = new_page(locale="en-US", viewport={"width": 360, "height": 740})
    log_in(page, live)
    shown = list(zip(numbers, HOSTILE, strict=False))[:: 1 if PROFILE is FULL else _SHOWN]
    for number, text in shown:
        page.goto(f"/console/tickets/{number}", wait_until="domcontentloaded")
        found, _tags = _split(page.evaluate(_LOOK_AT_SHOWN))
        assert found == CLEAN_SHOWN, repr(text)
        assert page.locator(".said").first.text_content() == text[: LIMITS["problem_description"]], repr(text)


def test_every_line_of_the_queue_is_text(new_page: NewPage, live: LiveServer, numbers: list[int]) -> None:
    page = new_page(locale="en-US", viewport={"width": 360, "height": 740})
    log_in(page, live)
    page.goto("/console/?queue=general")
    seen = 0
    while True:
        found, _tags = _split(page.evaluate(_LOOK_AT_SHOWN))
        assert found == CLEAN_SHOWN
        seen += page.locator("table.queue tbody tr").count()
        assert page.locator("h1").count() == 1
        older = page.locator(".more a")
        if older.count() == 0:
            break
        page.goto(str(older.get_attribute("href")))
    assert seen >= len(numbers)
