"""The JSON of conversations, for the pages of both sides, and its errors."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, g, jsonify, make_response, request

from app.actions.live import count_path, note_here, post
from app.actions.live_view import Asked, View, look
from app.core.bodies import BadBody, json_object
from app.core.links import new_link_id
from app.core.live import (
    DESK,
    Kind,
    Line,
    NotTaken,
    Refusal,
    Side,
    Signal,
    Speaker,
    TooMany,
    is_key,
    read_post,
    takes_part,
)
from app.core.live_file import LiveFile, file_facts
from app.core.moment import iso
from app.core.relay import credentials, ice_servers
from app.core.security_event import Limit
from app.core.staff import Staff
from app.core.ticket import Ticket, TicketState
from app.edge.headers import JSON, with_headers
from app.edge.incoming import JSON_TYPE, body, client_address
from app.edge.security_log import limited
from app.edge.this_app import running
from app.process.limits import LIVE_POSTS, LIVE_READS
from app.store.live import load_session
from app.store.live_here import Spot

_STATUS = {
    Refusal.NOT_YOURS: 403,
    Refusal.NOT_NOW: 409,
    Refusal.GONE: 410,
    Refusal.TOO_LONG: 413,
    Refusal.TOO_LARGE: 413,
    Refusal.FULL: 413,
    Refusal.NO_ROOM: 413,
    Refusal.FIELD: 422,
    Refusal.EMPTY: 422,
    Refusal.PICTURE: 422,
    Refusal.HEIC: 422,
}
_CODES = {
    400: "csrf",
    401: "logged_out",
    403: "not_yours",
    404: "not_found",
    410: "gone",
    413: "too_long",
    415: "field",
    429: "too_many",
    503: "away",
}
_LARGEST = 10**18
STREAM_RETRY = 1000  # milliseconds from the end of a stream to the next one


def answers_in_json(pages: Blueprint) -> Blueprint:
    """Let all errors of these addresses be `{"error": code}`, but for forms' (`answers_a_form`)."""
    pages.register_error_handler(NotTaken, _not_taken)
    pages.register_error_handler(TooMany, _too_many)
    pages.after_request(_in_json)
    return pages


def told(ticket: Ticket, speaker: Speaker, own: Callable[[View], Mapping[str, object]]) -> Response:
    """The answer to a page's question for news; `own` are the members of `state` that only this side has."""
    here = running()
    within(LIVE_READS, ticket)
    asked = _asked()
    view = look(here.database, ticket, speaker, asked, now=here.clock())
    if view.wants_beat:
        note_here(here.database, Spot(ticket.number, speaker.who, asked.peer), now=here.clock())
    staff = here.desk.staff
    state = {**_state(view, ticket, speaker, staff), **own(view)}
    return jsonify(
        lines=[_line(line, ticket, speaker, staff, view.files) for line in view.lines],
        more=view.more,
        signals=[_signal(signal) for signal in view.signals],
        signal=view.signal,
        state=state,
    )


def own_page(ticket: Ticket, speaker: Speaker) -> Spot:
    """The page that asks for a stream, by the id that it gave itself (`peer`)."""
    within(LIVE_READS, ticket)
    peer = request.args.get("peer", "")
    if not is_key(peer):
        raise NotTaken(Refusal.FIELD)
    return Spot(ticket.number, speaker.who, peer)


def relays(ticket: Ticket, speaker: Speaker) -> Response:
    """The servers through which the two sides' browsers find each other, for those in the session and while it is."""
    here = running()
    within(LIVE_READS, ticket)
    with here.database.read() as connection:
        session = load_session(connection, ticket.number)
    if not takes_part(ticket, session, speaker):
        raise NotTaken(Refusal.NOT_YOURS)
    if ticket.state is not TicketState.ACTIVE:
        raise NotTaken(Refusal.NOT_NOW)
    site, settings = here.desk.sites.get(ticket.site), here.settings
    relay_only = bool(site and site.relay_only)
    allowed = credentials(settings.turn_secret, new_link_id(), here.clock()) if settings.turn else None
    servers = ice_servers(settings.stun, settings.turn, allowed, relay_only=relay_only)
    return jsonify(servers=servers, relay_only=relay_only)


def taken(ticket: Ticket, speaker: Speaker) -> Response:
    """Take what a page posts, and answer with its id."""
    here = running()
    within(LIVE_POSTS, ticket)
    if request.mimetype != JSON_TYPE:
        raise NotTaken(Refusal.FIELD)
    try:
        sent = read_post(json_object(body()))
    except BadBody as bad:
        raise NotTaken(Refusal.TOO_LONG if bad.status == 413 else Refusal.FIELD) from None
    if sent.kind is Kind.PATH:
        count_path(here.database, ticket, speaker, sent)
        return jsonify(id=None)
    return jsonify(id=post(here.database, ticket.number, speaker, sent, now=here.clock()))


def shown_name(line: Line, ticket: Ticket, speaker: Speaker, staff: Staff) -> str | None:
    """The name of who wrote the line. A customer's name is shown to technicians only: it may be hidden from the
    customer's side (Ask_customer_info)."""
    if line.is_customers:
        return ticket.customer.name if speaker.side is Side.TECHNICIAN else None
    technician = staff.technician(int(line.who)) if line.who.isdecimal() else None
    return technician.name if technician else None


def helper_of(ticket: Ticket, staff: Staff) -> str | None:
    """The name of the technician who has the ticket; None while it waits, even in a technician's queue."""
    owner = staff.technician(ticket.owner_id) if ticket.state is TicketState.ACTIVE else None
    return owner.name if owner else None


def within(rate: Any, ticket: Ticket) -> None:
    """Count a call of this client for the ticket. Raises TooMany."""
    if wait := running().rates.client_retry_after(rate, client_address(), "live", str(ticket.number)):
        raise TooMany(wait)


def _asked() -> Asked:
    values, peer = request.args, request.args.get("peer", "")
    if peer and not is_key(peer):
        raise NotTaken(Refusal.FIELD)
    signals = _number(values["signals"]) if "signals" in values else None
    return Asked(_number(values.get("after", "0")), peer, signals)


def _number(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and int(written[:20]) < _LARGEST):
        raise NotTaken(Refusal.FIELD)
    return int(written)


def _state(view: View, ticket: Ticket, speaker: Speaker, staff: Staff) -> dict[str, object]:
    is_active, other = ticket.state is TicketState.ACTIVE, _other(speaker.side)
    writes = ticket.is_open if speaker.side is Side.CUSTOMER else view.takes_part and is_active
    return {
        "ticket": ticket.state,
        "helper": helper_of(ticket, staff),
        "may_write": writes,
        "may_screen": view.takes_part and is_active,
        "screen": view.session.screen,
        "other": {
            "here": view.other.here,
            "since": iso(view.other.since),
            "typing": view.session.is_typing(other, running().clock()),
            "read": view.session.read_by(other),
        },
    }


def _other(side: Side) -> Side:
    return Side.TECHNICIAN if side is Side.CUSTOMER else Side.CUSTOMER


def _line(
    line: Line, ticket: Ticket, speaker: Speaker, staff: Staff, files: Mapping[str, LiveFile]
) -> dict[str, object]:
    mine, file = line.who == speaker.who, files.get(line.file or "")
    return {
        "id": line.id,
        "at": iso(line.at),
        "who": line.who if line.is_customers or line.who == DESK else Side.TECHNICIAN,
        "name": shown_name(line, ticket, speaker, staff),
        "mine": mine,
        "kind": line.kind,
        "body": line.body,
        "key": line.key if mine else None,
        "file": told_file(file) if file else None,
    }


def told_file(file: LiveFile) -> dict[str, object]:
    """What a page needs of a file; its bytes are at `files/<id>`."""
    return {**file_facts(file), "picture": file.is_picture}


def _signal(signal: Signal) -> dict[str, object]:
    return {"id": signal.id, "from": signal.sender, "kind": signal.kind, "body": signal.body}


def _not_taken(refused: NotTaken) -> Response:
    return make_response(jsonify(error=refused.why), _STATUS[refused.why])


def _too_many(many: TooMany) -> Response:
    limited(Limit.LIVE)
    response = make_response(jsonify(error="too_many"), 429)
    response.headers["Retry-After"] = str(many.retry_after)
    return response


def answers_a_form() -> None:
    """Let the answer to this request be a page."""
    g.answers_a_form = True


def _in_json(response: Response) -> Response:
    if g.get("answers_a_form"):
        return response
    if response.status_code < 400 or response.mimetype == JSON_TYPE:
        return with_headers(response, JSON) if response.mimetype == JSON_TYPE else response
    code = _CODES.get(response.status_code, "fault")
    answer = make_response(jsonify(error=code), response.status_code)
    for name in ("Retry-After", "Allow"):
        if name in response.headers:
            answer.headers[name] = response.headers[name]
    return with_headers(answer, JSON)
