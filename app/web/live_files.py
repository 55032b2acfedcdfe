"""Files of a conversation over HTTP, for both sides: begun by JSON, sent in pieces, and read as attachments."""

from flask import Response, abort, jsonify, request

from app.actions import live_files as actions
from app.actions.live_files import Arrival, Sender
from app.core.bodies import MAX_BODY, BadBody, json_object
from app.core.kept_file import CHUNK
from app.core.live import NotTaken, Refusal, Speaker
from app.core.live_file import is_file_id, read_new_file
from app.core.ticket import Ticket
from app.edge.incoming import JSON_TYPE, body
from app.edge.this_app import running
from app.process.limits import LIVE_POSTS, LIVE_READS
from app.store.files import find_file
from app.store.live_files import file_by_id
from app.web.kept_file import send_kept_file
from app.web.live_json import within

_PIECE_TYPE = "application/octet-stream"


def sender_of(ticket: Ticket, speaker: Speaker) -> Sender:
    """The speaker as one who sends a file."""
    here = running()
    within(LIVE_POSTS, ticket)
    return Sender(here.database, ticket.number, speaker, here.settings.files_max, here.clock())


def begun(ticket: Ticket, speaker: Speaker) -> Response:
    """Begin a file, or go on with it."""
    sender = sender_of(ticket, speaker)
    try:
        sent = json_object(_body(JSON_TYPE))
    except BadBody:
        raise NotTaken(Refusal.FIELD) from None
    return _told(actions.begin(sender, read_new_file(sent)))


def taken_piece(ticket: Ticket, speaker: Speaker, file_id: str) -> Response:
    """Take the piece of a file that begins at the byte `at`."""
    sender, at = sender_of(ticket, speaker), request.args.get("at", "")
    if not (at.isascii() and at.isdecimal() and len(at) < 10):
        raise NotTaken(Refusal.FIELD)
    return _told(actions.take(sender, _id(file_id), int(at), _body(_PIECE_TYPE, CHUNK)))


def given_up(ticket: Ticket, speaker: Speaker, file_id: str) -> Response:
    """Remove a file that is still on its way."""
    actions.give_up(sender_of(ticket, speaker), _id(file_id))
    return jsonify(id=None)


def sent_file(ticket: Ticket, file_id: str) -> Response:
    """A file of the conversation as an attachment; pages show pictures, which were drawn anew. 404 without one."""
    within(LIVE_READS, ticket)
    here = running()
    with here.database.read() as connection:
        file = file_by_id(connection, ticket.number, _id(file_id))
        kept = find_file(connection, file.kept) if file and file.line is not None else None
    if file is None or kept is None:
        abort(404)
    return send_kept_file(here.database, kept, file.name, file.type)


def _told(arrival: Arrival) -> Response:
    """`id` is the line's, null until the file is whole; `at` is the byte with which to go on."""
    return jsonify(id=arrival.line, file=arrival.id, at=arrival.at)


def _id(text: str) -> str:
    if not is_file_id(text):
        raise NotTaken(Refusal.GONE)
    return text


def _body(media_type: str, most: int = MAX_BODY) -> bytes:
    if request.mimetype != media_type:
        raise NotTaken(Refusal.FIELD)
    try:
        return body(most)
    except BadBody as bad:
        raise NotTaken(Refusal.TOO_LARGE if bad.status == 413 else Refusal.FIELD) from None
