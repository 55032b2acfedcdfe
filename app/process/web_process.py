"""gunicorn's threaded worker; it releases a connection once its answer has become a stream of changes.

Such a connection then costs the process a socket and no thread. gunicorn itself would block a thread, of eight, for as
long as the stream lasts.
"""

import contextlib
from http import HTTPStatus
from typing import Any

import structlog
from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

from app.core.client import client_network
from app.log import OnceAMinute, frames
from app.process.server_log import status_of

log = structlog.get_logger()
_malformed = OnceAMinute()
_GIVEN_AWAY = object()


class WebProcess(ThreadWorker):  # type: ignore[misc]
    """As gthread, except for streams of changes."""

    def load_wsgi(self) -> None:
        """Load the application, and tell it that streams are possible in this process."""
        super().load_wsgi()
        here = getattr(self.wsgi, "extensions", {}).get("handbell")
        self._changes = here.changes if here else None
        if self._changes:
            self._changes.open()

    def notify(self) -> None:
        """Heartbeat of the main loop: once a second, and at each event."""
        super().notify()
        if self._changes:
            self._changes.tick()

    def handle(self, conn: Any) -> Any:
        """Handle one request. Its connection is given away if the answer began a stream."""
        result = super().handle(conn)
        return _GIVEN_AWAY if self._changes and self._changes.take(conn.sock) else result

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer a request that could not be read, or failed below the application, without repeating any of it."""
        status = status_of(exc)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("server_error", error=type(exc).__name__, at=frames(exc))
        elif times := _malformed():
            log.warning("malformed_request", error=type(exc).__name__, client=client_network(addr[0]), times=times)
        with contextlib.suppress(Exception):
            util.write_error(client, status.value, status.phrase, "")

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep the connection or close it, unless it was given away."""
        if not fs.cancelled() and fs.exception() is None and fs.result() is _GIVEN_AWAY:
            self.nr_conns -= 1
            return
        super().finish_request(conn, fs)
