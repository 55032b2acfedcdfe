"""gunicorn's threaded worker, which lets go of a connection once its answer is a stream of changes.

Such a connection then costs the process a socket, and no thread. gunicorn itself would hold one for as long as the
stream lasts, eight in all.
"""

from typing import Any

from gunicorn.workers.gthread import ThreadWorker

_GIVEN_AWAY = object()


class WebProcess(ThreadWorker):  # type: ignore[misc]
    """Like gthread in everything else."""

    def load_wsgi(self) -> None:
        """The application, told that streams can be had here."""
        super().load_wsgi()
        here = getattr(self.wsgi, "extensions", {}).get("handbell")
        self._changes = here.changes if here else None
        if self._changes:
            self._changes.open()

    def notify(self) -> None:
        """The main loop is alive: once a second, and with everything that comes."""
        super().notify()
        if self._changes:
            self._changes.tick()

    def handle(self, conn: Any) -> Any:
        """One request. Its connection is given away if the answer began a stream."""
        result = super().handle(conn)
        return _GIVEN_AWAY if self._changes and self._changes.take(conn.sock) else result

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep the connection or close it, unless it is somebody else's by now."""
        if not fs.cancelled() and fs.exception() is None and fs.result() is _GIVEN_AWAY:
            self.nr_conns -= 1
            return
        super().finish_request(conn, fs)
