"""The conversation on the customer's side: for the applet page's script, below its address."""

from dataclasses import asdict

from flask import Blueprint, Response, abort, jsonify, request

from app.actions.live_move import offer_move
from app.actions.live_view import View
from app.core.live import CUSTOMER_SPEAKS
from app.core.security_event import SecurityEvent
from app.core.ticket import Ticket
from app.edge.access import Who, open_to
from app.edge.incoming import MULTIPART, is_foreign_post
from app.edge.security_log import tell
from app.edge.stream import stream
from app.edge.this_app import running
from app.process.streams import Listener, Room, of_link
from app.web.applet import found_ticket, moved_to, outlook_of, queue_label, ticket_of_link
from app.web.call_back import key_of, promise_of
from app.web.live_code import shown_code
from app.web.live_files import begun, given_up, sent_file, taken_piece
from app.web.live_json import STREAM_RETRY, answers_a_form, answers_in_json, own_page, relays, taken, told
from app.web.live_upload import sent_by_form

pages = answers_in_json(Blueprint("live", __name__))


@pages.get("/applet/<token>/live")
@open_to(Who.LINK_HOLDERS)
def news(token: str) -> Response:
    """What the page has not seen of the conversation, and how things stand."""
    ticket = found_ticket(token)
    if ticket is not None and ticket.erased_at is not None:
        abort(410)
    if ticket is None or moved_to(ticket):
        return jsonify(state={"ticket": "moved"})
    staff = running().desk.staff

    def own(view: View) -> dict[str, object]:
        promise = promise_of(ticket)
        return {
            "place": None if promise else view.place,
            "queue_label": queue_label(ticket, staff),
            "outlook": outlook_of(ticket).key + key_of(promise),
        }

    return told(ticket, CUSTOMER_SPEAKS, own)


@pages.post("/applet/<token>/live")
@open_to(Who.LINK_HOLDERS)
def write(token: str) -> Response:
    """A line, a signal, or what only the moment needs; answers with its id."""
    return taken(_own_ticket(token), CUSTOMER_SPEAKS)


@pages.post("/applet/<token>/code")
@open_to(Who.LINK_HOLDERS)
def code(token: str) -> Response:
    """A new code that opens the page on another device, which ends this one."""
    here, ticket = running(), _own_ticket(token)
    return jsonify(asdict(shown_code(offer_move(here.database, ticket, now=here.clock()))))


@pages.post("/applet/<token>/files")
@open_to(Who.LINK_HOLDERS)
def send_file(token: str) -> Response:
    """Begin a file by JSON; a form without script sends it whole."""
    if request.mimetype == MULTIPART:
        answers_a_form()
        return sent_by_form(token, _own_ticket(token))
    return begun(_own_ticket(token), CUSTOMER_SPEAKS)


@pages.post("/applet/<token>/files/<file_id>")
@open_to(Who.LINK_HOLDERS)
def send_piece(token: str, file_id: str) -> Response:
    """A piece of a file."""
    return taken_piece(_own_ticket(token), CUSTOMER_SPEAKS, file_id)


@pages.post("/applet/<token>/files/<file_id>/cancel")
@open_to(Who.LINK_HOLDERS)
def give_up_file(token: str, file_id: str) -> Response:
    """Remove a file that is still on its way."""
    return given_up(_own_ticket(token), CUSTOMER_SPEAKS, file_id)


@pages.get("/applet/<token>/files/<file_id>")
@open_to(Who.LINK_HOLDERS)
def file(token: str, file_id: str) -> Response:
    """A file of the conversation, also after its end, until the ticket's data is erased."""
    ticket = ticket_of_link(token)
    if ticket.erased_at is not None:
        abort(410)
    return sent_file(ticket, file_id)


def _own_ticket(token: str) -> Ticket:
    """The ticket for a post by our own page."""
    if is_foreign_post(running().settings):
        tell(SecurityEvent.ORIGIN_REFUSED)
        abort(403)
    ticket = ticket_of_link(token)
    if ticket.erased_at is not None:
        abort(410)
    return ticket


@pages.get("/applet/<token>/ice")
@open_to(Who.LINK_HOLDERS)
def ice(token: str) -> Response:
    """Through which servers the browsers find each other."""
    return relays(ticket_of_link(token), CUSTOMER_SPEAKS)


@pages.get("/applet/<token>/stream")
@open_to(Who.LINK_HOLDERS)
def listen(token: str) -> Response:
    """Server-sent events: `changed` whenever there are news. The page is there while its stream lasts."""
    ticket = ticket_of_link(token)
    if not ticket.is_open:
        abort(410)
    page = own_page(ticket, CUSTOMER_SPEAKS)
    return stream(Listener(Room.CUSTOMERS, ticket.number, of_link(ticket.applet_id), page), retry=STREAM_RETRY)
