"""The embedded desk's applet: a page on which the customer waits, or the operator's own program."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

import structlog
from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    make_response,
    render_template,
    request,
    send_file,
)

from app.actions.applet_program import Program, find_program, platforms_with_program
from app.actions.ticket import NotAllowed, TicketOver, TooOften, cancel, note_applet_opened, save_details
from app.core.call_back import LONGEST_TO
from app.core.customer import ELEMENTS
from app.core.customer_info import InfoMode
from app.core.links import Link, Purpose, new_link_id
from app.core.live import End, Kind, may_be_answered
from app.core.new_session import LIMITS, form_parameters
from app.core.outlook import Outlook
from app.core.platform import chosen_platform
from app.core.routing import QueueKind
from app.core.security_event import Limit
from app.core.staff import Staff
from app.core.standing import queue_of
from app.core.text import Invalid, normal_newlines, without_control
from app.core.ticket import Ticket, TicketState
from app.edge.access import Who, open_to
from app.edge.headers import ATTACHMENT, JSON, LIVE, with_headers
from app.edge.incoming import client_address, form_body, see_other
from app.edge.security_log import limited
from app.edge.this_app import running
from app.process.database_faults import note_database_fault
from app.process.limits import POLLS
from app.store.database import DATABASE_FAULTS
from app.store.live import load_session, newest_lines
from app.store.live_files import files_by_id
from app.store.requests import request_by_reference
from app.store.tickets import is_left, later_reference, place_in_queue, ticket_by_applet_id
from app.web import call_back
from app.web.customer_form import asked_of
from app.web.fault_text import sentences
from app.web.links import PLATFORM_NAMES, asked_platform, gone, is_only_looking, link_or_abort
from app.web.live_code import code_of
from app.web.live_forms import FORMS, Unsaid, take_form
from app.web.live_json import helper_of
from app.web.live_words import fact_words, file_problems, source_words, written
from app.web.outlook_words import outlook_words
from app.web.request_form import not_recorded_sentence
from app.web.words import _, speak_for

PAGE = "page"  # asks for the page where the applet is a program; with START it begins the download
START = "start"
pages = Blueprint("applet", __name__)
log = structlog.get_logger()


@pages.get("/applet/<token>")
@open_to(Who.LINK_HOLDERS)
def applet(token: str) -> Response:
    """The operator's program for this platform if there is one, else the page on which the customer waits. With
    `?page` it is the page in any case, and the program beside it.

    A ticket whose request was opened anew redirects to the request's status page, which leads to the next ticket.
    """
    here = running()
    ticket = ticket_of_link(token)
    if page := moved_to(ticket):
        return see_other(page)
    if ticket.is_open and not is_only_looking():
        note_applet_opened(here.database, ticket, now=here.clock())
    program = _program() if ticket.is_open and PAGE not in request.args else None
    if program:
        return _attachment(program, ticket)
    editing = "edit" in request.args or ticket.details_saved_at is None
    values = {name: value or "" for name, value in ticket.customer.values().items()}
    return _page(token, ticket, form_open=editing, values=values, problems={})


@pages.get("/applet/<token>/state")
@open_to(Who.LINK_HOLDERS)
def state(token: str) -> Response:
    """The values that change while the customer waits, for the page's script; 429 when polled too often."""
    here = running()
    link = link_or_abort(Purpose.APPLET, token)
    if wait := here.rates.client_retry_after(POLLS, client_address(), "applet", link.id):
        limited(Limit.POLLS)
        return with_headers(Response(status=429, headers={"Retry-After": str(wait)}), JSON)
    ticket = _found(link)
    if ticket is None:
        return with_headers(jsonify(state="moved", place=None, helper=None, queue_label=None), JSON)
    staff = here.desk.staff
    answer = jsonify(
        state="moved" if moved_to(ticket) else ticket.state,
        place=None if call_back.promise_of(ticket) else _place(ticket),
        helper=helper_of(ticket, staff),
        queue_label=queue_label(ticket, staff),
    )
    return with_headers(answer, JSON)


@pages.post("/applet/<token>")
@open_to(Who.LINK_HOLDERS)
def change(token: str) -> Response:
    """Cancel the ticket, take a form of the conversation, or change the details where Ask_customer_info allows it (else
    403)."""
    here = running()
    ticket = ticket_of_link(token)
    try:
        parameters = form_parameters(form_body())
    except Invalid as invalid:
        return _refused(token, ticket, {}, sentences(invalid.problems))
    action = parameters.get("action")
    if action == "cancel":
        cancel(here.database, ticket.number, now=here.clock())
        return _back(token)
    if action in call_back.FORMS:
        refused = call_back.take(ticket, parameters)
        return _back(token) if refused is None else _call_back_again(token, ticket, refused, parameters)
    if action in FORMS:
        done = take_form(ticket, action, parameters)
        return _back(token, done) if isinstance(done, str) else said_again(token, ticket, done)
    if ticket.info_mode is InfoMode.HIDDEN:
        abort(403)
    values = {name: normal_newlines(parameters.get(name, "")) for name in ELEMENTS}
    return _saved(token, ticket, values)


def said_again(token: str, ticket: Ticket, unsaid: Unsaid, **more: object) -> Response:
    """The page with what was wrong with a form of the conversation."""
    typed = {**{name: without_control(value) for name, value in unsaid.shown.items()}, **more}
    closed = ticket.details_saved_at is not None
    values = {name: value or "" for name, value in ticket.customer.values().items()}
    response = _page(token, ticket, form_open=not closed, values=values, problems={}, status=unsaid.status, typed=typed)
    if unsaid.retry_after is not None:
        response.headers["Retry-After"] = str(unsaid.retry_after)
    return response


def _call_back_again(token: str, ticket: Ticket, refused: call_back.Refused, parameters: Mapping[str, str]) -> Response:
    names = ("call_back_at", "call_back_to")
    typed = {name: without_control(parameters.get(name, ""))[:LONGEST_TO] for name in names}
    back = call_back.part_of(ticket, outlook_of(ticket), call_back.promise_of(ticket), typed, refused.sentence)
    return said_again(token, ticket, Unsaid(refused.status, {}, refused.retry_after), back=back)


def _saved(token: str, ticket: Ticket, values: dict[str, str]) -> Response:
    here = running()
    details = asked_of(values)
    if isinstance(details, dict):
        return _refused(token, ticket, values, details)
    try:
        save_details(here.database, ticket.number, details, now=here.clock())
    except NotAllowed:
        abort(403)
    except TicketOver:
        return _back(token)
    except TooOften as often:
        limited(Limit.DETAILS)
        wait = {"form": _("Please wait a moment and try again.")}
        response = _refused(token, ticket, values, wait, 429)
        response.headers["Retry-After"] = str(often.retry_after)
        return response
    except DATABASE_FAULTS as error:
        note_database_fault(error, "details", ticket=str(ticket.number))
        return _refused(token, ticket, values, {"form": not_recorded_sentence()}, 503)
    return _back(token, "?saved")


def ticket_of_link(token: str) -> Ticket:
    """The ticket of an applet link; answers 404 for a forged one, 410 for one that is over or went on elsewhere."""
    ticket = found_ticket(token)
    return ticket or abort(_went_elsewhere())


def found_ticket(token: str) -> Ticket | None:
    """The ticket as `ticket_of_link`; None when its page went on elsewhere."""
    return _found(link_or_abort(Purpose.APPLET, token))


def _found(link: Link) -> Ticket | None:
    here = running()
    with here.database.read() as connection:
        ticket = ticket_by_applet_id(connection, link.id)
        went_elsewhere = ticket is None and is_left(connection, link.id)
    if ticket is None and not went_elsewhere:
        abort(gone(here.desk.site("default")))
    return ticket


def _went_elsewhere() -> Response:
    speak_for(running().desk.site("default"))
    html = render_template(
        "message.html",
        site=running().desk.site("default"),
        title=_("This page went on elsewhere"),
        lines=[_("You opened it on another device. Nobody sees this page any more, and you can close it.")],
        actions=[],
    )
    return make_response(html, 410)


def moved_to(ticket: Ticket) -> str | None:
    """The status page of a request that has a newer ticket; None for a ticket that is current."""
    here = running()
    if ticket.is_open or (reference := later_reference(ticket.reference)) is None:
        return None
    with here.database.read() as connection:
        found = request_by_reference(connection, reference)
    return f"/r/{here.links.status_token(found.status_id, found.created_at)}" if found else None


def _page(
    token: str,
    ticket: Ticket,
    *,
    form_open: bool,
    values: dict[str, str],
    problems: dict[str, str],
    status: int = 200,
    typed: Mapping[str, object] | None = None,
) -> Response:
    here = running()
    outlook, promise = outlook_of(ticket), call_back.promise_of(ticket)
    staff = here.desk.staff
    speak_for(here.desk.sites.get(ticket.site))
    hidden = ticket.info_mode is InfoMode.HIDDEN
    missing = _missing(ticket) if not problems else []
    html = render_template(
        "applet.html",
        site=here.desk.sites.get(ticket.site),
        number=ticket.number,
        reference=ticket.reference,
        state=ticket.state,
        place=None if promise else _place(ticket),
        outlook=outlook_words(outlook),
        outlook_key=outlook.key + call_back.key_of(promise),
        has_nobody=outlook.has_nobody,
        queue_label=queue_label(ticket, staff),
        helper=helper_of(ticket, staff),
        mode=ticket.info_mode,
        form_open=form_open and not hidden,
        values={} if hidden else {name: without_control(value) for name, value in values.items()},
        problems=problems,
        missing=missing,
        given=[name for name in ELEMENTS if name not in missing],
        limits={name: LIMITS[name] for name in ELEMENTS},
        saved="saved" in request.args and ticket.details_saved_at is not None,
        base_url=f"/applet/{token}",
        action=_page_url(token),
        state_url=f"/applet/{token}/state",
        refresh_url=_page_url(token),
        watch_url=_page_url(token, "?watch"),
        edit_url=_page_url(token, "?edit"),
        platform=asked_platform(),
        program_url=f"/applet/{token}?for={asked_platform()}" if ticket.is_open and _program() else None,
        starting=request.args.get(PAGE) == START,
        platforms=_other_programs(token) if ticket.is_open else [],
        request_url=f"/s/{ticket.site}",
        **_conversation(ticket),
        code=code_of(ticket) if "code" in request.args and ticket.is_open else None,
        **{"back": call_back.part_of(ticket, outlook, promise), **(typed or {})},
    )
    # An ended ticket's address keeps working, but the customer can do nothing there.
    return with_headers(make_response(html, 410 if status == 200 and not ticket.is_open else status), LIVE)


def _missing(ticket: Ticket) -> list[str]:
    """The elements that the customer left empty, where others are there to be shown (New Session API,
    Ask_customer_info); none once they asked to change them all, and none where the applet asks for all four."""
    if ticket.info_mode is not InfoMode.EDITABLE or "edit" in request.args:
        return []
    return [name for name in ELEMENTS if name not in ticket.customer.elements]


def _conversation(ticket: Ticket) -> dict[str, object]:
    """The template's values for the conversation, with its newest lines only."""
    here = running()
    with here.database.read() as connection:
        session = load_session(connection, ticket.number)
        lines = newest_lines(connection, ticket.number)
        files = files_by_id(connection, [line.file for line in lines if line.file])
    return {
        "lines": written(lines, files, here.desk.staff),
        "fact_words": fact_words().items(),
        "file_problems": file_problems().items(),
        "source_words": source_words(),
        "watching": "watch" in request.args,
        "say_key": new_link_id(),
        "file_key": new_link_id(),
        "ended_by_me": bool(lines) and (lines[-1].kind, lines[-1].body) == (Kind.END, End.CUSTOMER),
        "may_answer": may_be_answered(ticket),
        "answered": session.helped,
    }


def _refused(
    token: str,
    ticket: Ticket,
    values: dict[str, str],
    problems: dict[str, str],
    status: int = 422,
) -> Response:
    if ticket.info_mode is InfoMode.HIDDEN:
        abort(403)
    return _page(token, ticket, form_open=True, values=values, problems=problems, status=status)


def _back(token: str, query: str = "") -> Response:
    return see_other(_page_url(token, query))


def _page_url(token: str, query: str = "") -> str:
    """The address of the page, also where the applet is a program; `query` may have a fragment."""
    path = f"/applet/{token}"
    if not _program():
        return f"{path}{query}"
    return f"{path}?{PAGE}&{query[1:]}" if query.startswith("?") else f"{path}?{PAGE}{query}"


def start_url(applet_id: str, created_at: datetime) -> str:
    """Where a customer's browser begins: the page, which begins the download of the operator's program, if there is
    one."""
    path, chosen = running().links.applet_path(applet_id, created_at), chosen_platform(request.args.get("for", ""))
    query = {**({PAGE: START} if _program() else {}), **({"for": chosen} if chosen else {})}
    return f"{path}?{urlencode(query)}" if query else path


def _program() -> Program | None:
    return find_program(running().settings.applets_dir, asked_platform())


def _other_programs(token: str) -> list[dict[str, object]]:
    """The systems that there is a program for, when the customer may want another than that of their browser."""
    mine = asked_platform()
    there = platforms_with_program(running().settings.applets_dir)
    return [
        {"label": PLATFORM_NAMES[each], "url": f"/applet/{token}?{PAGE}={START}&for={each}", "current": each is mine}
        for each in (there if set(there) - {mine} else ())
    ]


def _place(ticket: Ticket) -> int | None:
    if ticket.state is not TicketState.WAITING:
        return None
    with running().database.read() as connection:
        return place_in_queue(connection, ticket)


def outlook_of(ticket: Ticket) -> Outlook:
    """What a waiting customer may expect now; nothing for any other ticket."""
    here = running()
    site = here.desk.sites.get(ticket.site)
    if site is None or ticket.state is not TicketState.WAITING:
        return Outlook(None)
    return here.outlooks.of_queue(here.desk, site, queue_of(ticket))


def queue_label(ticket: Ticket, staff: Staff) -> str:
    """The name of the queue in which the customer waits."""
    if ticket.queue_kind is QueueKind.TECHNICIAN:
        technician = staff.technician(ticket.technician_id)
        return technician.name if technician else _("our team")
    department = staff.departments.get(ticket.department_id or -1)
    return department.name if department else _("our team")


def _attachment(program: Program, ticket: Ticket) -> Response:
    response = send_file(
        program.path,
        mimetype=program.media_type,
        as_attachment=True,
        download_name=program.name_for(ticket.number),
        conditional=True,
        etag=True,
        max_age=0,
    )
    return with_headers(response, ATTACHMENT)
