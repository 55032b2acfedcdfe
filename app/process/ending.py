"""gunicorn's threaded worker, which ends in two steps.

It goes on serving for some seconds after SIGTERM, so that proxies notice (`leaving.py`), and then refuses new
connections at once. gunicorn leaves them unanswered until the last request is done, and then resets them.
"""

import selectors
import time
from types import FrameType
from typing import Any

from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker

from app.process.leaving import LEAVES_FOR

_BACKLOG = 2048  # connections that the kernel holds for a listener, gunicorn's default


class EndingInSteps(ThreadWorker):  # type: ignore[misc]
    """As gthread, except for its end."""

    _ends_at = float("inf")

    def notify(self) -> None:
        """Heartbeat of the main loop: once a second, and at each event."""
        super().notify()
        if time.monotonic() >= self._ends_at:
            super().handle_exit(0, None)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End some seconds after the first SIGTERM. systemd sends one to each process, and the master another."""
        self._ends_at = min(self._ends_at, time.monotonic() + LEAVES_FOR)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """End at once. gunicorn shuts its threads down first, in this signal handler: it never returns when the signal
        interrupted the main thread as that started another one, with the lock that both take."""
        Worker.handle_quit(self, sig, frame)

    @property
    def is_to_end(self) -> bool:
        """Whether it was asked to end."""
        return self._ends_at != float("inf")

    def is_parent_alive(self) -> bool:
        """Whether gunicorn's master runs. This process ends with it, at once."""
        if super().is_parent_alive():
            return True
        self.alive = False
        return False

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept new connections or not. At the end, take those that have come and refuse others."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                self._accept_last(listener)
                listener.close()

    def _accept_last(self, listener: Any) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(listener, selectors.EVENT_READ)
            for _ in range(_BACKLOG):
                if not waiting.select(0):
                    return
                self.accept(listener)
