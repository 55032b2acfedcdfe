"""Which console sessions have ended while their streams of changes were open.

Looked at soon after anybody has written, and with every look for changes, as a session also ends by its age; but not
more often than needed, as on PostgreSQL nobody can tell cheaply whether anybody has written.
"""

import math
from collections.abc import Callable, Collection

LOOK_EVERY = 3.0  # seconds at the least


class SessionWatch:
    """When to look, on the monotonic clock. `live` tells which of some sessions, by their hashes, have not ended."""

    def __init__(self, live: Callable[[Collection[str]], Collection[str]]) -> None:
        self._live = live
        self._looked = -math.inf
        self.due = math.inf

    def at_once(self) -> None:
        """There is a new stream: its session may have ended since it was asked for."""
        self.due = -math.inf

    def soon(self) -> None:
        """Sessions may have ended."""
        self.due = min(self.due, self._looked + LOOK_EVERY)

    def ended(self, sessions: Collection[str], now: float) -> Collection[str]:
        """Those of the sessions that have ended. What `live` raises is raised, and looked at again later."""
        self._looked, self.due = now, now + LOOK_EVERY
        gone = set(sessions) - set(self._live(sessions)) if sessions else ()
        self.due = math.inf
        return gone
