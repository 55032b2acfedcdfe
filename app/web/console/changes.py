"""The stream that tells a page to reload its content."""

from flask import Response, abort, request

from app.actions.log_in import session_hash
from app.edge.this_app import running
from app.process.changes import LENGTH, Listener
from app.web.console.frame import EVENTS, console_pages, me, my_session, technicians_only

pages = console_pages("changes")


@pages.get("/changes")
@technicians_only
def changes() -> Response:
    """Server-sent events: one whenever something has changed.

    204 where this server cannot stream, 503 when there are too many streams; pages then poll every two seconds.
    """
    streams = running().changes
    sock = request.environ.get("gunicorn.socket")
    asked = request.method == "GET" and request.headers.get("Accept") == EVENTS
    if not asked or not streams.is_open or sock is None:
        return Response(status=204)
    who = Listener(me().id, session_hash(my_session()))
    if not streams.has_room(who.technician):
        abort(503)
    response = Response("retry: 3000\n\n", mimetype=EVENTS)
    response.headers["X-Accel-Buffering"] = "no"
    response.headers["Content-Length"] = str(LENGTH + len(response.data))
    response.call_on_close(lambda: streams.expect(sock, who))
    return response
