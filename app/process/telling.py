"""Delivers the outbox's notices in threads of its own. A receiver that hangs holds up none but its own notices.

A *lane* is what notices share that one receiver can hold up: a webhook, a chat's address, the mail server. Each lane
has two tries under way at most, and rests for a while when its receiver gave no answer.
"""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from app.actions.tell import LEASE, Teller
from app.core.notice import TryResult
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS
from app.store.notices import Notice, any_due, claim_notices

log = structlog.get_logger()
THREADS = 16  # in each process
PER_LANE = 2
_FIRST_REST = 5.0  # seconds; doubled by every further failure
_LONGEST_REST = 60.0


@dataclass(slots=True)
class _Lane:
    """One lane's tries under way, its failures in a row, and until when it rests, on the monotonic clock."""

    flying: int = 0
    failures: int = 0
    rests_until: float = -math.inf


class Telling:
    """Claims due notices while threads are free. Safe in every thread; nothing runs before the first `look`."""

    def __init__(self, teller: Callable[[], Teller]) -> None:
        """`teller` answers with what is needed to deliver now."""
        self._teller = teller
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._stopping = False

    def look(self) -> None:
        """Begin to deliver what is due, and return at once; each try that ends looks again."""
        teller = self._teller()
        try:
            with self._lock:
                for notice in () if self._stopping else self._claim(teller):
                    self._begin(teller, notice)
        except DATABASE_FAULTS as fault:
            note_database_fault(fault, "notices")

    def stop(self) -> None:
        """Claim nothing more; returns when the tries under way are recorded."""
        with self._lock:
            self._stopping = True
            threads = self._threads
        if threads:
            threads.shutdown()

    def _claim(self, teller: Teller) -> list[Notice]:
        now, moment = teller.clock(), time.monotonic()
        free = THREADS - sum(lane.flying for lane in self._lanes.values())
        full = {name for name, lane in self._lanes.items() if lane.flying >= PER_LANE or lane.rests_until > moment}
        if free < 1:
            return []
        with teller.database.read() as connection:
            if not any_due(connection, teller.channels, now, full):
                return []
        flying = [name for name, lane in self._lanes.items() for _ in range(lane.flying)]
        flying += [name for name in full for _ in range(PER_LANE)]
        return teller.database.write(
            lambda connection: claim_notices(connection, teller.channels, now, free, now + LEASE, flying, PER_LANE)
        )

    def _begin(self, teller: Teller, notice: Notice) -> None:
        self._threads = self._threads or ThreadPoolExecutor(THREADS, thread_name_prefix="notices")
        self._lanes.setdefault(notice.lane, _Lane()).flying += 1
        self._threads.submit(self._run, teller, notice)

    def _run(self, teller: Teller, notice: Notice) -> None:
        result: TryResult | None = None
        try:
            result = teller.tell(notice)
        except DATABASE_FAULTS as fault:  # it is due again when its lease ends
            note_database_fault(fault, "notices")
        except Exception as fault:  # noqa: BLE001 - a thread must survive any fault
            log.error("notice_broke_off", id=notice.id, channel=notice.channel, error=type(fault).__name__)
        self._end(notice.lane, away=result is not None and result.away)
        self.look()

    def _end(self, name: str, *, away: bool) -> None:
        with self._lock:
            lane = self._lanes[name]
            lane.flying -= 1
            if away:
                rest = min(_LONGEST_REST, _FIRST_REST * 2**lane.failures)
                lane.failures = min(lane.failures + 1, 10)
                lane.rests_until = time.monotonic() + rest
            else:
                lane.failures = 0
                lane.rests_until = -math.inf
            if not lane.flying and not away:
                del self._lanes[name]
