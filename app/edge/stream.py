"""Answers that begin a stream of events; the process then takes their sockets over."""

from flask import Response, abort, request

from app.edge.this_app import running
from app.process.streams import Listener

EVENTS = "text/event-stream"


def stream(who: Listener, *, retry: int) -> Response:
    """Server-sent events; a browser comes back `retry` milliseconds after one ends.

    204 where this server cannot stream, 503 when there are too many streams; pages then poll every two seconds.
    """
    streams = running().changes
    sock = request.environ.get("gunicorn.socket")
    asked = request.method == "GET" and request.headers.get("Accept") == EVENTS
    if not asked or not streams.is_open or sock is None or (who.page and streams.is_deaf):
        return Response(status=204)
    if not streams.reserve(who):
        abort(503)
    response = Response(f"retry: {retry}\n\n", mimetype=EVENTS)
    response.headers["X-Accel-Buffering"] = "no"
    response.headers["Content-Length"] = str(who.length + len(response.data))
    response.call_on_close(lambda: streams.expect(sock, who))
    return response
