"""Limits equal log lines: some at once, then one a second. A flood must not fill the disk."""

import threading
from dataclasses import dataclass

BURST = 10  # lines of one kind
EVERY = 1.0  # seconds between two lines of one kind, once the burst is used up


@dataclass(slots=True)
class _Kind:
    """How many lines may be written at `seen_at`, and how many were left out since the last one."""

    seen_at: float
    lines: float = BURST
    left_out: int = 0


class Thinning:
    """Of one process; safe to use from every thread. There are as many kinds as the caller has words."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: dict[str, _Kind] = {}

    def passes(self, kind: str, now: float) -> int | None:
        """None to leave this line out; else the number left out since the last one of its kind. `now` is in seconds."""
        with self._lock:
            known = self._kinds.setdefault(kind, _Kind(now))
            known.lines = min(BURST, known.lines + (now - known.seen_at) / EVERY)
            known.seen_at = now
            if known.lines < 1:
                known.left_out += 1
                return None
            known.lines -= 1
            left_out, known.left_out = known.left_out, 0
            return left_out
