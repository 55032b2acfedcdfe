"""Time that this disk needs for a durable write."""

import os
import statistics
import time
from pathlib import Path

_WRITES = 200
_PAGE = b"\0" * 4096


def fsync_us(folder: Path) -> int:
    """Median microseconds to append one page and have it on disk."""
    took = []
    file = os.open(folder / "fsync", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for _ in range(_WRITES):
            began = time.perf_counter_ns()
            os.write(file, _PAGE)
            os.fdatasync(file)
            took.append(time.perf_counter_ns() - began)
    finally:
        os.close(file)
    return round(statistics.median(took) / 1000)
