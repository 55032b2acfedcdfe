"""Pictures of requests, for those who may see the request or its ticket."""

from flask import Response, abort

from app.core.live_file import is_file_id
from app.edge.this_app import running
from app.store.files import find_file
from app.store.pictures import picture_by_id
from app.store.request_list import is_reference
from app.web.console.frame import console_pages, supervisors_only, technicians_only
from app.web.console.live_session import seen_ticket
from app.web.kept_file import send_kept_file

pages = console_pages("pictures")


@pages.get("/requests/<reference>/pictures/<picture_id>")
@supervisors_only
def of_request(reference: str, picture_id: str) -> Response:
    """A picture of a request, as an attachment."""
    return _sent(reference, picture_id)


@pages.get("/tickets/<int:number>/pictures/<picture_id>")
@technicians_only
def of_ticket(number: int, picture_id: str) -> Response:
    """A picture of the request that a ticket is for, as an attachment."""
    return _sent(seen_ticket(number).reference or "", picture_id)


def _sent(reference: str, picture_id: str) -> Response:
    here = running()
    if not (is_reference(reference) and is_file_id(picture_id)):
        abort(404)
    with here.database.read() as connection:
        picture = picture_by_id(connection, reference, picture_id)
        kept = find_file(connection, picture.kept) if picture else None
    if picture is None or kept is None:
        abort(404)
    return send_kept_file(here.database, kept, picture.name, picture.type)
