"""The stream that tells a page to reload its content."""

from flask import Response, abort, request

from app.edge.this_app import running
from app.process.changes import LENGTH
from app.web.console.frame import EVENTS, console_pages, me, technicians_only

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
    who = me().id
    if not streams.has_room(who):
        abort(503)
    response = Response("retry: 3000\n\n", mimetype=EVENTS)
    response.headers["X-Accel-Buffering"] = "no"
    response.headers["Content-Length"] = str(LENGTH + len(response.data))
    response.call_on_close(lambda: streams.expect(sock, who))
    return response
