"""Requests of all backends: the state of their hand-offs, and actions of an operator."""

from typing import Any

from flask import Response, abort, flash, request

from app.actions.operate import (
    MOST_AT_ONCE,
    Operator,
    dismiss_suspects,
    may_open_anew,
    open_anew,
    park,
    release_suspects,
    retry,
)
from app.core.backend import Start
from app.core.declaration import declared
from app.core.request import CustomerRequest, RequestState, written_reference
from app.core.role import Role
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.process.signed_links import STATUS_LIFE
from app.store.backlog import MOST_COUNTED, load_backlog
from app.store.pictures import pictures_of_request
from app.store.request_list import Wanted, is_reference, newest_requests
from app.store.requests import request_by_reference
from app.store.tickets import earlier_tickets
from app.web.console.frame import console_page, console_pages, me, supervisors_only
from app.web.console.request_filter import LIST, list_address, older_address, place_here, wanted_here
from app.web.console.why_words import why_words
from app.web.words import _, ngettext

pages = console_pages("requests")


@pages.get("/requests")
@supervisors_only
def listing() -> Response:
    """The requests, newest first, filtered by state, site, backend, reference, mail address or number."""
    return _listing()


@pages.post("/requests")
@supervisors_only
def judge() -> Response:
    """Release or dismiss several suspect requests at once."""
    references = {written_reference(text) for text in request.form.getlist("reference")}
    acts = {"release": release_suspects, "dismiss": dismiss_suspects}
    if request.form.get("act") not in acts:
        abort(400)
    if not references or len(references) > MOST_AT_ONCE or not all(map(is_reference, references)):
        return _listing(_("Please tick one request or more."), 422)
    here, back = running(), _here_again()
    done = acts[request.form["act"]](here.database, references, by=_operator(), now=here.clock())
    here.hand_offs.wake()
    _say_judged(request.form["act"], done, len(references) - done)
    return see_other(back)


@pages.get("/requests/<reference>")
@supervisors_only
def one(reference: str) -> Response:
    """All data of one request, and the possible actions."""
    found = _found(reference)
    with running().database.read() as connection:
        earlier = earlier_tickets(connection, found.reference)
        pictures = pictures_of_request(connection, found.reference)
    return console_page(
        "console/request.html",
        found=_shown(found),
        pictures=pictures,
        here_url=f"{LIST}/{found.reference}",
        acts=_acts(found),
        earlier=[ticket.number for ticket in earlier],
        anew_url=f"{LIST}/{found.reference}/anew" if may_open_anew(found) else None,
        back_url=LIST,
    )


@pages.post("/requests/<reference>")
@supervisors_only
def act(reference: str) -> Response:
    """Retry or park a request, or release or dismiss a suspect one."""
    found = _found(reference)
    here = running()
    by, now = _operator(), here.clock()
    match request.form.get("act"):
        case "retry":
            done = retry(here.database, found.reference, by=by, now=now)
            said = _("It is on its way again.")
        case "park":
            done = park(here.database, found.reference, by=by, now=now)
            said = _("It is parked until somebody starts it again.")
        case "release":
            done = release_suspects(here.database, [found.reference], by=by, now=now) == 1
            said = _("It is on its way.")
        case "dismiss":
            done = dismiss_suspects(here.database, [found.reference], by=by, now=now) == 1
            said = _("It has ended.")
        case _other:
            abort(400)
    here.hand_offs.wake()
    flash(said if done else _moved_on())
    return see_other(f"{LIST}/{found.reference}")


@pages.get("/requests/<reference>/anew")
@supervisors_only
def ask_anew(reference: str) -> Response:
    """Explain what another session means for this request, and ask for confirmation."""
    found = _found(reference)
    if not may_open_anew(found):
        flash(_moved_on())
        return see_other(f"{LIST}/{found.reference}")
    return console_page(
        "console/request_anew.html",
        found=_shown(found),
        page_is_gone=found.created_at + STATUS_LIFE < running().clock(),
        url=f"{LIST}/{found.reference}/anew",
        back_url=f"{LIST}/{found.reference}",
    )


@pages.post("/requests/<reference>/anew")
@supervisors_only
def anew(reference: str) -> Response:
    """Open another session for the request; only once when the button is pressed repeatedly."""
    found = _found(reference)
    attempts = request.form.get("attempts", type=int)
    here = running()
    done = attempts is not None and open_anew(
        here.database, found.reference, attempts, by=_operator(), now=here.clock()
    )
    here.hand_offs.wake()
    flash(_("Another session is on its way. Ask the customer to reload their page.") if done else _moved_on())
    return see_other(f"{LIST}/{found.reference}")


def _listing(problem: str | None = None, status: int = 200) -> Response:
    wanted, before = wanted_here(), place_here()
    here = running()
    with here.database.read() as connection:
        counts = load_backlog(connection, here.clock()).counts
        page = newest_requests(connection, wanted, before)
    return console_page(
        "console/requests.html",
        status=status,
        problem=problem,
        tabs=_tabs(wanted, counts),
        rows=[_row(found) for found in page.requests],
        suspects=wanted.state is RequestState.SUSPECT,
        wanted={"q": wanted.text, "site": wanted.site or "", "backend": wanted.backend or ""},
        state=wanted.state,
        sites=[("", _("All sites")), *((site.slug, site.name) for site in here.desk.sites.values())],
        backends=[("", _("All backends")), *((known.name, known.name) for known in declared())],
        first_url=list_address(wanted) if before else None,
        older_url=older_address(wanted, page.older),
        post_url=_here_again(),
        exports=_exports(wanted) if me().role is Role.ADMINISTRATOR else [],
        refresh_url=LIST,
    )


def _here_again() -> str:
    before = request.args.get("before", "")
    return list_address(wanted_here(), before=before) if before else list_address(wanted_here())


def _exports(wanted: Wanted) -> list[tuple[str, str]]:
    return [(kind.upper(), list_address(wanted, f"{LIST}.{kind}")) for kind in ("csv", "json")]


def _tabs(wanted: Wanted, counts: dict[RequestState, int]) -> list[dict[str, Any]]:
    states: list[RequestState | None] = [None, *RequestState]
    return [
        {
            "label": state_words(state) if state else _("All"),
            "url": list_address(Wanted(state, wanted.site, wanted.backend, wanted.text)),
            "count": _count(counts.get(state)) if state else None,
            "current": state is wanted.state,
        }
        for state in states
    ]


def _count(number: int | None) -> str | None:
    if number is None:
        return None
    return f"{MOST_COUNTED - 1}+" if number >= MOST_COUNTED else str(number)


def state_words(state: RequestState) -> str:
    """A state in words."""
    return {
        RequestState.WAITING: _("Waiting"),
        RequestState.OPENING: _("Being opened"),
        RequestState.OPENED: _("Opened"),
        RequestState.PARKED: _("Parked"),
        RequestState.SUSPECT: _("Suspect"),
        RequestState.ENDED: _("Ended"),
    }[state]


def _row(found: CustomerRequest) -> dict[str, Any]:
    return {
        "reference": found.reference,
        "url": f"{LIST}/{found.reference}",
        "site": found.site,
        "state": found.state,
        "state_words": state_words(found.state),
        "backend": found.backend,
        "attempts": found.attempts,
        "why": why_words(found.why) if found.why else None,
        "maybe_duplicate": found.maybe_duplicate,
        "next_try": found.due_at if found.state is RequestState.WAITING else None,
        "created_at": found.created_at,
    }


def _shown(found: CustomerRequest) -> dict[str, Any]:
    site = running().desk.sites.get(found.site)
    source = {
        "page": _("our request page"),
        "form": _("a form on a page of the site’s"),
        "api": _("the widget"),
        "server": _("the site’s server"),
    }
    facts = ("department", "tech", "ask_customer_info", "language", "more", "verified", "unsure", "lost")
    times = ("opened_at", "ended_at", "erased_at", "waiting_since")
    session = ("ticket_number", "vendor_ticket", "session_id", "client_address", "user_agent")
    return {
        **_row(found),
        **{name: getattr(found, name) for name in (*facts, *times, *session)},
        "customer": found.customer.values(),
        "site_name": site.name if site else found.site,
        "source": source.get(found.source, found.source),
        "start_words": _start_words(found.start),
        "suspected": found.state is RequestState.SUSPECT or (found.why is not None and found.why.suspected),
        "moves": found.state in (RequestState.WAITING, RequestState.OPENING),
        "ticket_url": f"/console/tickets/{found.ticket_number}" if found.ticket_number else None,
    }


def _start_words(start: Start | None) -> str | None:
    if start is None:
        return None
    return {
        Start.DESK: _("our own applet"),
        Start.LINK: _("the vendor’s link"),
        Start.FILE: _("a program that the vendor sent"),
        Start.BROWSER: _("a call of the customer’s browser"),
    }[start]


def _acts(found: CustomerRequest) -> list[tuple[str, str, str]]:
    """The actions possible now: name, button text and button kind."""
    if found.state is RequestState.SUSPECT:
        return [("release", _("This is a person"), ""), ("dismiss", _("Not a person"), "bad")]
    if found.state is RequestState.PARKED:
        return [("retry", _("Try again now"), "")]
    if found.state is RequestState.WAITING:
        return [("retry", _("Try again now"), ""), ("park", _("Park"), "quiet")]
    return []


def _found(reference: str) -> CustomerRequest:
    spelled = written_reference(reference)
    if not is_reference(spelled):
        abort(404)
    with running().database.read() as connection:
        found = request_by_reference(connection, spelled)
    if found is None:
        abort(404)
    return found


def _operator() -> Operator:
    return Operator(me().id, me().name)


def _say_judged(act: str, done: int, late: int) -> None:
    if done and act == "release":
        flash(ngettext("%(num)d request is on its way.", "%(num)d requests are on their way.", done))
    elif done:
        flash(ngettext("%(num)d request has ended.", "%(num)d requests have ended.", done))
    if late:
        flash(ngettext("%(num)d had changed meanwhile.", "%(num)d had changed meanwhile.", late))


def _moved_on() -> str:
    return _("Nothing was changed: it has moved on meanwhile. This is how it stands now.")
