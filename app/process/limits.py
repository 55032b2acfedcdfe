"""Rates. Every hit is counted in this process's memory and, where configured, in Redis for all processes.

Either may refuse. So a Redis that is killed or flushed within a window resets no client: this process still has its own
count, and only the counts of other processes are lost.
"""

import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Network

from limits import RateLimitItem, RateLimitItemPerSecond, parse
from limits.errors import StorageError
from limits.storage import RedisStorage

from app.core.client import Client, is_in

POLLS = parse("60/minute")  # of one status, by one client
PICTURES = parse("40/10 minutes")  # added to requests' forms, by one client
LIVE_READS = parse("600/minute")  # of one conversation, by one client
LIVE_POSTS = parse("400/minute")  # the same, of any kind: of lines and signals the ticket itself takes fewer
SESSIONS_OF_ACCOUNT = parse("600/minute")  # New Session API, by one account key
SHARE_OF_ACCOUNT = parse("300/minute")  # of these, by one client
SESSIONS_OF_CLIENT = parse("600/minute")  # New Session API, by one client, with any key
CALLS_BY_FORM = parse("60/10 minutes")  # the same by form, but for the site's own servers
SERVER_REQUESTS = parse("600/minute")  # JSON, by one site's own servers
WRONG_SECRETS = parse("10/minute")  # by one client
TRIED_AGAIN = parse("6/10 minutes")  # retries of a parked request, by its customer
CHECKS_ANSWERED = parse("10/10 minutes")  # answers to the check of one request
LINKS_MADE_ANEW = parse("20/10 minutes")  # start links of one request, by its customer
WRONG_INVITATIONS = parse("30/10 minutes")  # by one client; a valid link is never refused
_REDIS_PAUSE = 5.0  # seconds without asking Redis after it failed
_SWEEP_EVERY = 60.0  # seconds between removals of expired windows
CHECKS_A_SECOND = 10  # of passwords, by all processes together
_OF_STRANGERS = 8  # the part of these for networks without an earlier log-in of the account
_LONGEST_WAIT = 2.0  # seconds to wait for a turn
_REDIS_TELLS_AFTER = 0.1  # seconds between two questions to Redis for a turn


REQUESTS_IN_TEN_MINUTES = 60
UNCHECKED_IN_TEN_MINUTES = 6  # before a check is required
TRUSTED_FACTOR = 10


@cache
def _so_many(item: RateLimitItem, amount: int) -> RateLimitItem:
    """The same time for another amount."""
    return type(item)(amount, item.multiples, item.namespace)


@cache
def site_rate(n: int) -> RateLimitItem:
    """`n` hand-offs in one second: a site's share of calls to its vendor. Raises ValueError below 1."""
    if n < 1:
        raise ValueError("a rate is at least 1 a second")
    return RateLimitItemPerSecond(n)


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """How many requests one client may make in ten minutes; ten times as many from trusted networks."""

    trusted: tuple[IPv4Network | IPv6Network, ...]

    def requests(self, address: str) -> int:
        """Limit of all requests."""
        return REQUESTS_IN_TEN_MINUTES * self._factor(address)

    def unchecked(self, address: str) -> int:
        """Limit of requests without a solved check."""
        return UNCHECKED_IN_TEN_MINUTES * self._factor(address)

    def is_trusted(self, address: str) -> bool:
        """Whether the address is in a trusted network."""
        return is_in(address, self.trusted)

    def _factor(self, address: str) -> int:
        return TRUSTED_FACTOR if self.is_trusted(address) else 1


class Rates:
    """Counts hits. Redis, where given, is asked with short time limits, and its faults never fail a request."""

    def __init__(self, redis_url: str) -> None:
        self._seen = _Windows()
        self._shared = _redis(redis_url) if redis_url else None
        self._redis_again_at = 0.0
        self._redis_failed = False

    @property
    def alone(self) -> bool:
        """Whether this process counts alone: there is no Redis, or it did not answer the last time."""
        return self._shared is None or self._redis_failed

    def retry_after(self, item: RateLimitItem, *who: str) -> int | None:
        """Count one hit; whole seconds to wait when it exceeds the rate, else None."""
        key = item.key_for(*who)
        wait = self._seen.left(key, item.amount) or self._shared_wait(item, key)
        if wait is None:
            wait = self._seen.hit(key, item.amount, item.get_expiry())
        return None if wait is None else int(wait) + 1

    def client_retry_after(self, item: RateLimitItem, address: str, *who: str) -> int | None:
        """Count one hit of the client at this address, and of its /48 with ten times the amount; whole seconds to wait
        when that was one too many, else None."""
        counted = [(_so_many(item, amount), network) for network, amount in Client.at(address).limits(item.amount)]
        for each, network in reversed(counted):  # a full /48 begins no windows for its 65,536 clients
            if left := self._seen.left(each.key_for(*who, network), each.amount):
                return int(left) + 1
        for each, network in counted:
            if wait := self.retry_after(each, *who, network):
                return wait
        return None

    def first_of_all(self, key: str, amount: int, seconds: int) -> bool:
        """Whether Redis counts this among the first `amount` of all processes in any `seconds`; True without Redis."""
        if self._shared is None or not self._may_ask_redis():
            return True
        try:
            passes = self._shared.acquire_entry(key, amount, seconds)
        except (StorageError, OSError):
            self._redis_failed = True
            self._redis_again_at = time.monotonic() + _REDIS_PAUSE
            return True
        self._redis_failed = False
        return passes

    def _shared_wait(self, item: RateLimitItem, key: str) -> float | None:
        """Count the hit in Redis; seconds to wait when it exceeds the rate of all processes together."""
        if self._shared is None or not self._may_ask_redis():
            return None
        try:
            if self._shared.incr(key, item.get_expiry()) <= item.amount:
                self._redis_failed = False
                return None
            wait = max(0.0, self._shared.get_expiry(key) - time.time())
        except (StorageError, OSError):
            self._redis_failed = True
            self._redis_again_at = time.monotonic() + _REDIS_PAUSE
            return None
        self._redis_failed = False
        # Redis's answer is remembered, so that a client over its rate causes no more round trips. Redis tells whole
        # seconds only, so a window about to end is not remembered: that would prolong it.
        if wait > 1:
            self._seen.close(key, item.amount, wait)
        return wait

    def _may_ask_redis(self) -> bool:
        """Whether Redis may be asked now. After a failure one thread tries, and the others do not wait with it."""
        now = time.monotonic()
        if now < self._redis_again_at:
            return False
        if self._redis_failed:
            self._redis_again_at = now + _REDIS_PAUSE
        return True


class Turns:
    """Limits password checks: 10 per second in all processes, of them 8 for tries from networks in which the account's
    owner has never logged in. Without Redis each process has its share.

    A try without a turn waits for one, at most 2 s and only beside few others, as threads are there for customers.
    """

    def __init__(self, rates: Rates, processes: int, waiting: int) -> None:
        self._rates = rates
        self._processes = processes
        self._lock = threading.Lock()
        self._all, self._strangers = _Recent(), _Recent()
        self._places = {familiar: threading.BoundedSemaphore(max(1, waiting)) for familiar in (True, False)}

    def take(self, familiar: bool) -> int | None:
        """Wait for a turn; None when it came, whole seconds after which to try again when there was none within 2 s."""
        wait = self._seconds_left(familiar)
        if wait is None:
            return None
        places = self._places[familiar]
        if not places.acquire(blocking=False):
            return math.ceil(wait)
        try:
            return self._waited(familiar, wait)
        finally:
            places.release()

    def _waited(self, familiar: bool, wait: float) -> int | None:
        until = time.monotonic() + _LONGEST_WAIT
        left: float | None = wait
        while left is not None and time.monotonic() + left <= until:
            time.sleep(left)
            left = self._seconds_left(familiar)
        return None if left is None else math.ceil(left)

    def _seconds_left(self, familiar: bool) -> float | None:
        """Take a turn and return None, or return the seconds until it is worth asking again."""
        with self._lock:
            everybody, strangers = self._shares()
            left = self._all.left(*everybody)
            if not familiar:
                left = max(left, self._strangers.left(*strangers))
            if left > 0:
                return left
            if not self._redis_agrees(familiar):
                return _REDIS_TELLS_AFTER
            self._all.add()
            if not familiar:
                self._strangers.add()
        return None

    def _redis_agrees(self, familiar: bool) -> bool:
        if not familiar and not self._rates.first_of_all("log-in strangers", _OF_STRANGERS, 1):
            return False
        return self._rates.first_of_all("log-in", CHECKS_A_SECOND, 1)

    def _shares(self) -> tuple[tuple[int, float], tuple[int, float]]:
        """This process's share of turns for all tries and for strangers, each as (number, seconds)."""
        if not self._rates.alone:
            return (CHECKS_A_SECOND, 1.0), (_OF_STRANGERS, 1.0)
        share = CHECKS_A_SECOND // self._processes
        if share > 1:
            return (share, 1.0), (max(1, share * _OF_STRANGERS // CHECKS_A_SECOND), 1.0)
        apart = max(1.0, self._processes / CHECKS_A_SECOND)
        return (1, apart), (1, 2 * apart)


class _Recent:
    """Times of the last turns."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=CHECKS_A_SECOND)

    def add(self) -> None:
        """Add one turn, now."""
        self._times.append(time.monotonic())

    def left(self, amount: int, seconds: float) -> float:
        """Seconds until there are fewer than `amount` in the last `seconds`."""
        if len(self._times) < amount:
            return 0.0
        return self._times[-amount] + seconds - time.monotonic()


class _Windows:
    """Fixed windows in memory: for each key the number of hits in its window, and the window's end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        self._sweep_at = time.monotonic() + _SWEEP_EVERY

    def left(self, key: str, amount: int) -> float | None:
        """Seconds until the key's window ends, if it is full."""
        window = self._windows.get(key)
        if window is None or window[0] < amount:
            return None
        left = window[1] - time.monotonic()
        return left if left > 0 else None

    def hit(self, key: str, amount: int, seconds: float) -> float | None:
        """Count a hit in a window of that length; if it was full before, the seconds until it ends."""
        now = time.monotonic()
        with self._lock:
            if now >= self._sweep_at:
                self._sweep(now)
            count, ends = self._windows.get(key, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + seconds
            if count >= amount:
                return ends - now
            self._windows[key] = (count + 1, ends)
        return None

    def close(self, key: str, amount: int, seconds: float) -> None:
        """Treat the key's window as full for `seconds`, for any count so far."""
        with self._lock:
            self._windows[key] = (amount, time.monotonic() + seconds)

    def _sweep(self, now: float) -> None:
        self._windows = {key: window for key, window in self._windows.items() if window[1] > now}
        self._sweep_at = now + _SWEEP_EVERY


def _redis(url: str) -> RedisStorage:
    return RedisStorage(url, socket_timeout=0.5, socket_connect_timeout=0.5, wrap_exceptions=True)
