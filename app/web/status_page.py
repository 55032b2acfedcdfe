"""A request's status page, which starts its session."""

from typing import Any

from flask import Blueprint, Response, abort, jsonify, make_response, render_template
from werkzeug.exceptions import TooManyRequests

from app.actions.applet_program import platforms_with_program
from app.actions.follow import Followed, Progress, follow
from app.actions.hand_off import release
from app.actions.show_person import show_person
from app.actions.start_link import ensure_start_link
from app.core.backend import Start
from app.core.links import Purpose
from app.core.moment import iso
from app.core.new_session import form_parameters
from app.core.request import RequestState
from app.core.security_event import Limit
from app.core.text import is_blank
from app.edge.access import Who, open_to
from app.edge.headers import JSON, with_headers
from app.edge.incoming import client_address, form_body, see_other
from app.edge.intake import a_check, solved_check
from app.edge.security_log import limited
from app.edge.this_app import running
from app.process.limits import CHECKS_ANSWERED, LINKS_MADE_ANEW, POLLS, TRIED_AGAIN
from app.web.links import PLATFORM_NAMES, asked_platform, gone, link_or_abort
from app.web.outlook_words import outlook_words
from app.web.words import _, speak_for

pages = Blueprint("status_page", __name__)


@pages.get("/r/<token>")
@open_to(Who.LINK_HOLDERS)
def status(token: str) -> Response:
    """The page after the form; it starts the session by itself the first time it can."""
    return _page(token, _followed(token))


def _page(token: str, followed: Followed, problem: str = "", status: int = 200) -> Response:
    here = running()
    request = followed.request
    site = here.desk.sites.get(request.site)
    speak_for(site)
    by_vendor = request.start not in (None, Start.DESK)
    programs = [] if by_vendor else platforms_with_program(here.settings.applets_dir)
    platform = asked_platform()
    go_url = _go_url(followed)
    helper = here.desk.staff.technician(followed.helper_id)
    outlook = here.outlooks.of_site(here.desk, site) if site and not by_vendor and not helper else None
    may_start = followed.progress in (Progress.READY, Progress.STARTED)
    html = render_template(
        "status.html",
        site=site,
        reference=request.reference,
        state=followed.progress,
        ticket_number=request.ticket_number or request.vendor_ticket,
        slow=request.attempts > 1,
        go_url=go_url if may_start else None,
        auto_start=followed.progress is Progress.READY and not (site and site.one_time_links),
        opened_at=iso(request.opened_at) if may_start else None,
        state_url=f"/api/v1/requests/{token}",
        refresh_url=f"/r/{token}",
        again_url=f"/r/{token}" if may_start or followed.progress is Progress.PARKED else None,
        helper=helper.name if helper else None,
        told=followed.told,
        outlook=outlook_words(outlook) if outlook else None,
        follows=not by_vendor,
        program=by_vendor or platform in programs,
        platform=platform,
        platforms=[
            {"key": p, "label": PLATFORM_NAMES[p], "url": f"{go_url}?for={p}", "current": p is platform}
            for p in programs
            if go_url
        ],
        request_url=f"/s/{request.site}",
        return_to=request.return_to,
        **_check(token, followed, problem),
    )
    return make_response(html, status)


@pages.post("/r/<token>")
@open_to(Who.LINK_HOLDERS)
def again(token: str) -> Response:
    """Make a new start link while the request is open; try a parked request again; let a suspect one go on."""
    here = running()
    followed = _followed(token)
    reference = followed.request.reference
    if followed.progress is Progress.HELD:
        return _shown_person(token, followed)
    if followed.request.state is RequestState.OPENED:
        if wait := here.rates.retry_after(LINKS_MADE_ANEW, "start link", reference):
            limited(Limit.START_LINKS)
            raise TooManyRequests(retry_after=wait)
        ensure_start_link(here.database, reference, now=here.clock())
    elif followed.request.state is RequestState.PARKED and not here.rates.retry_after(TRIED_AGAIN, "again", reference):
        release(here.database, reference, now=here.clock())
        here.hand_offs.wake()
    return see_other(f"/r/{token}")


@pages.get("/r/<token>/check")
@open_to(Who.LINK_HOLDERS)
def check(token: str) -> Response:
    """`{"check": …}`: what the page's script solves for a suspect request; null for any other."""
    followed = _followed(token)
    if running().rates.client_retry_after(POLLS, client_address(), "check", followed.request.reference):
        limited(Limit.POLLS)
        return with_headers(jsonify(check=None), JSON)
    asked = a_check(followed.request.site) if followed.progress is Progress.HELD else None
    return with_headers(jsonify(check=asked), JSON)


def _check(token: str, followed: Followed, problem: str) -> dict[str, Any]:
    """The template's values for a request that waits for a sign that its sender is a person."""
    if followed.progress is not Progress.HELD:
        return {}
    request = followed.request
    return {
        "check_url": f"/r/{token}/check",
        "check_problem": problem,
        "question": running().keys.puzzles.question(request.status_id),
        "for_number": request.why is not None and request.why.for_number_alone,
    }


def _shown_person(token: str, followed: Followed) -> Response:
    """Let the request go on after a solved check or a right answer; else ask again."""
    here = running()
    found = followed.request
    if here.rates.retry_after(CHECKS_ANSWERED, "check", found.reference):
        limited(Limit.CHECKS)
        return _page(token, followed, _("Please wait a moment and try again."), 429)
    sent = form_parameters(form_body())
    solution, answer = sent.get("check", ""), sent.get("answer", "")
    solved = solved_check(found.site, solution) if solution else None
    answered = here.keys.puzzles.is_answered(found.status_id, answer)
    if not (solved or answered) or not show_person(here.database, found.reference, solved, now=here.clock()):
        return _page(token, followed, _wrong_answer(answer), 422)
    here.hand_offs.wake()
    return see_other(f"/r/{token}")


def _wrong_answer(answer: str) -> str:
    return _("Please answer the question.") if is_blank(answer) else _("That is not right. Please count again.")


def _followed(token: str) -> Followed:
    here = running()
    link = link_or_abort(Purpose.STATUS, token)
    followed = follow(here.database, here.desk.sites, link.id, now=here.clock())
    if followed is None:
        abort(gone(here.desk.site("default")))
    return followed


def _go_url(followed: Followed) -> str | None:
    if followed.start is None:
        return None
    return f"/go/{running().links.token(Purpose.GO, followed.start.id, followed.start.expires_at)}"
