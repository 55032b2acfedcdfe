"""The clock that all parts of one process are given."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The current time, as aware UTC."""
    return datetime.now(UTC)
