"""gunicorn's threaded worker; it releases a connection once its answer has become a stream of changes.

Such a connection then costs the process a socket and no thread. gunicorn itself would block a thread, of eight, for as
long as the stream lasts.
"""

from typing import Any

from gunicorn.workers.gthread import ThreadWorker

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

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep the connection or close it, unless it was given away."""
        if not fs.cancelled() and fs.exception() is None and fs.result() is _GIVEN_AWAY:
            self.nr_conns -= 1
            return
        super().finish_request(conn, fs)
