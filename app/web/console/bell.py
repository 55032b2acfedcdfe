"""What rings on every page of the console: requests that its technician may take, and what their customers write."""

from flask import Response, jsonify

from app.edge.headers import JSON, with_headers
from app.edge.this_app import running
from app.store.call_backs import without_promised
from app.store.queues import for_viewer, newest_waiting
from app.store.unread import unread_for
from app.web.console.frame import console_pages, me, technicians_only, waiting_since
from app.web.console.live import unless_changed_with

pages = console_pages("bell", json=True)
MOST = 100  # waiting tickets that are told, the newest


def _unread() -> dict[int, int]:
    with running().database.read() as connection:
        return unread_for(connection, me().id)


@pages.get("/bell")
@technicians_only
@unless_changed_with(_unread)
def bell() -> Response:
    """JSON: `waiting`, `[ticket, reference]` of the newest 100 tickets that wait for this technician, call-backs once
    they are due; `unread`, customers' unread lines by ticket; and `who`, the technician. Nobody who is away is rung
    for a request."""
    here = running()
    waiting: list[tuple[int, str | None]] = []
    with here.database.read() as connection:
        if not me().away:
            mine = for_viewer(me(), here.desk.staff, waiting_since())
            waiting = newest_waiting(connection, without_promised(connection, mine, here.clock()), MOST)
    return with_headers(jsonify(who=me().email, waiting=waiting, unread=_unread()), JSON)
