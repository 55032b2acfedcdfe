"""The conversation on the technician's side, for the ticket page's script.

A technician who may see the ticket may read it; its owner and supervisors who joined may write.
"""

from flask import Response, abort

from app.actions.live_view import View
from app.core.kept_file import CHUNK
from app.core.live import Side, Speaker
from app.core.role import Role
from app.core.ticket import Ticket
from app.edge.stream import stream
from app.web.console.frame import console_pages, listener, me, only, sees, technicians_only
from app.web.console.ticket import find_ticket
from app.web.live_files import begun, given_up, sent_file, taken_piece
from app.web.live_json import STREAM_RETRY, answers_in_json, own_page, relays, taken, told

pages = answers_in_json(console_pages("live_session", json=True))


@pages.get("/tickets/<int:number>/live")
@technicians_only
def news(number: int) -> Response:
    """What the page has not seen of the conversation, and how things stand."""
    ticket = seen_ticket(number)
    return told(ticket, speaker(), _own)


@pages.post("/tickets/<int:number>/live")
@technicians_only
def write(number: int) -> Response:
    """A line, a signal, or what only the moment needs; answers with its id."""
    return taken(seen_ticket(number), speaker())


@pages.get("/tickets/<int:number>/stream")
@technicians_only
def listen(number: int) -> Response:
    """Server-sent events: `changed` whenever there are news. The page is there while its stream lasts."""
    return stream(listener(own_page(seen_ticket(number), speaker())), retry=STREAM_RETRY)


@pages.get("/tickets/<int:number>/ice")
@technicians_only
def ice(number: int) -> Response:
    """Through which servers the browsers find each other."""
    return relays(seen_ticket(number), speaker())


@pages.post("/tickets/<int:number>/files")
@technicians_only
def send_file(number: int) -> Response:
    """Begin a file."""
    return begun(seen_ticket(number), speaker())


@pages.post("/tickets/<int:number>/files/<file_id>")
@only(Role.TECHNICIAN, largest=CHUNK)
def send_piece(number: int, file_id: str) -> Response:
    """A piece of a file."""
    return taken_piece(seen_ticket(number), speaker(), file_id)


@pages.post("/tickets/<int:number>/files/<file_id>/cancel")
@technicians_only
def give_up_file(number: int, file_id: str) -> Response:
    """Remove a file that is still on its way."""
    return given_up(seen_ticket(number), speaker(), file_id)


@pages.get("/tickets/<int:number>/files/<file_id>")
@technicians_only
def file(number: int, file_id: str) -> Response:
    """A file of the conversation, also after its end, until the ticket's data is erased."""
    return sent_file(seen_ticket(number), file_id)


def speaker() -> Speaker:
    """The technician as one who speaks."""
    return Speaker(Side.TECHNICIAN, str(me().id), may_join=me().role.includes(Role.SUPERVISOR))


def seen_ticket(number: int) -> Ticket:
    """The ticket; 404 when the technician may not see it, 410 when its data is erased."""
    ticket = find_ticket(number)
    if ticket is None or not sees(ticket):
        abort(404)
    if ticket.erased_at is not None:
        abort(410)
    return ticket


def _own(view: View) -> dict[str, object]:
    session = view.session
    return {
        "mine": view.takes_part,
        "unread": view.unread,
        "facts": session.facts,
        "helped": session.helped,
        "helped_said": session.helped_said,
    }
