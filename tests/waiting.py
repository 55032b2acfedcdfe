"""Waits for a condition that becomes true a moment later, in another thread or process."""

import threading
import time
from collections.abc import Callable


def until(true: Callable[[], object], within: float = 30.0, every: float = 0.02) -> bool:
    """Whether the condition becomes true within `within` seconds; checks it every `every` seconds."""
    end = time.monotonic() + within
    pause = threading.Event()
    while not (is_true := bool(true())) and time.monotonic() < end:
        pause.wait(every)
    return is_true
