"""Rates that are counted per process in memory, or in Redis for all of them; memory takes over when Redis is away."""

import time
from functools import cache

from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter

POLLS = parse("60/minute")  # of one status, by one client
SESSIONS_OF_ACCOUNT = parse("600/minute")  # New Session API, by one account key
SESSIONS_OF_CLIENT = parse("600/minute")  # the same, by one client, whatever key it sends
SERVER_REQUESTS = parse("600/minute")  # JSON, by one site's own servers
WRONG_SECRETS = parse("10/minute")  # by one client
TRIED_AGAIN = parse("6/10 minutes")  # a parked request, by its customer
_REDIS_PAUSE = 5.0  # seconds without asking Redis after it failed


@cache
def site_rate(calls: int) -> RateLimitItem:
    """A site's calls a second."""
    return parse(f"{calls}/second")


class Rates:
    """Counts hits. Redis, where given, is asked with short time limits and never fails a request."""

    def __init__(self, redis_url: str) -> None:
        self._memory = FixedWindowRateLimiter(MemoryStorage())
        self._shared = FixedWindowRateLimiter(_redis(redis_url)) if redis_url else None
        self._redis_again_at = 0.0

    def retry_after(self, item: RateLimitItem, *who: str) -> int | None:
        """Count one hit; whole seconds to wait when that was one too many, else None."""
        limiter = self._shared if self._shared and time.monotonic() >= self._redis_again_at else self._memory
        try:
            return _hit(limiter, item, who)
        except (StorageError, OSError):
            self._redis_again_at = time.monotonic() + _REDIS_PAUSE
            return _hit(self._memory, item, who)


def _hit(limiter: FixedWindowRateLimiter, item: RateLimitItem, who: tuple[str, ...]) -> int | None:
    if limiter.hit(item, *who):
        return None
    return max(1, int(limiter.get_window_stats(item, *who).reset_time - time.time()) + 1)


def _redis(url: str) -> Storage:
    return RedisStorage(url, socket_timeout=0.5, socket_connect_timeout=0.5, wrap_exceptions=True)
