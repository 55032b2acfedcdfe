"""The hand-off pool: threads that open the sessions of due requests, within each vendor's limits.

The requests' rows are the queue. A submit that finds a free thread takes its own request under a lease, without another
query; all other requests are claimed by one thread, which is woken when there may be work and looks every few seconds
for what other processes left.
"""

import math
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedLongEnough
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from app import metrics
from app.actions.hand_off import HandOffResult, Settled, call, note_parked, open_without_call, settle, take_back
from app.actions.submit import Lease, Submission, needs_hand_off, submit
from app.core.backend import Opened, Refused, SessionBackend, Unavailable
from app.core.breaker import Breaker, BreakerState
from app.core.request import CustomerRequest
from app.core.site import Site
from app.core.staff import Staff
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, Database, is_unknown
from app.store.hand_offs import claim_due, due_by_site, extend_leases, give_back, give_back_all
from app.store.why import in_english

log = structlog.get_logger()

THREADS = 32  # in each process
OWN_SHARE = 16  # calls in flight that each site may always have
KEPT_FREE = 4  # threads that no site takes beyond its share, so that other sites' first calls need not wait
PATIENCE = 1.0  # seconds that a submit waits for its session
LEASE = timedelta(seconds=30)
_RENEW_AFTER = 10.0  # seconds
_SWEEP_EVERY = (1.5, 3.0)  # seconds
_RATE_AGAIN_AFTER = 0.25
_AFTER_FAULT = 5.0  # seconds in which the holders of leases record what they could not while the database was away
_OUTCOMES: dict[type[HandOffResult], metrics.CallEnd] = {
    Opened: "opened",
    Refused: "refused",
    Unavailable: "unavailable",
}
_random = random.SystemRandom()


class Configuration(Protocol):
    """Sites and staff at one moment."""

    @property
    def sites(self) -> Mapping[str, Site]: ...

    @property
    def staff(self) -> Staff: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The parts of its process that the pool needs.

    `within_rate` counts one call of a site and returns whether it may be made now; `waiters` is how many submits may
    wait for their session at the same time; `tell` delivers waiting notices of the sites' channels; `clock_is_off`
    measures this host's clock and returns whether it must hand nothing off; `look_around` is called before requests are
    claimed, and `settled` now and then after outcomes were recorded.
    """

    database: Database
    clock: Callable[[], datetime]
    configuration: Callable[[], Configuration]
    open_backend: Callable[[Site], SessionBackend]
    within_rate: Callable[[Site], bool]
    waiters: int
    tell: Callable[[], object] = lambda: None
    clock_is_off: Callable[[], bool] = lambda: False
    look_around: Callable[[], object] = lambda: None
    settled: Callable[[], object] = lambda: None


@dataclass(slots=True)
class _Load:
    """One site's calls: how many are in flight, the breaker, and whether the last call was slow."""

    breaker: Breaker = field(default_factory=Breaker)
    in_flight: int = 0
    slow: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    """Permission for one call."""

    site: str
    lease: str
    probe: bool
    began: float


class HandOffPool:
    """Hands requests off; safe in every thread. Nothing runs before `start`."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._lock = threading.Lock()
        self._loads: dict[str, _Load] = {}
        self._slots: set[_Slot] = set()
        self._others_wait: frozenset[str] = frozenset()
        self._more = False
        self._clock_is_off = False
        self._has_settled = False
        self._fault_at = -math.inf
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._waiters = threading.BoundedSemaphore(max(1, around.waiters))
        self._threads: ThreadPoolExecutor | None = None
        self._telling: Future[object] | None = None
        self._dispatcher = threading.Thread(target=self._dispatch, name="hand-offs", daemon=True)

    def start(self) -> None:
        """Begin to claim due requests and to take submitted ones."""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hand-off")
        self._dispatcher.start()

    def stop(self) -> None:
        """Claim nothing more; returns when the calls in flight are settled."""
        self._stopping.set()
        self._wake.set()
        if self._threads:
            self._dispatcher.join()
            self._threads.shutdown()
            self._threads = None
            with suppress(*DATABASE_FAULTS):
                self._tell_settled()

    def take_in(self, submission: Submission, staff: Staff) -> CustomerRequest:
        """Record a request and hand it off; waits at most a second for its session. Raises what `submit` does.

        When this returns the request is on disk. It is returned as it was recorded.
        """
        around = self._around
        if submission.suspicion or not needs_hand_off(submission.site):
            return submit(around.database, staff, submission, now=around.clock())
        slot = self._reserve(submission.site)
        now = around.clock()
        lease = Lease(slot.lease, now + LEASE) if slot else None
        recorded = None
        try:
            recorded = submit(around.database, staff, submission, lease, now=now)
        except DATABASE_FAULTS as fault:
            if slot and is_unknown(fault) and self._threads:
                self._threads.submit(self._free, slot.lease)
            raise
        finally:
            if slot and (recorded is None or recorded.lease != slot.lease):
                self._give_up(slot)
                slot = None
        if slot:
            self._wait_for(self._begin(slot, recorded), submission.site.slug)
        elif recorded.lease is None and recorded.due_at is not None:
            self._more = True  # the next free slot goes to it
        return recorded

    def wake(self) -> None:
        """Look for due requests now."""
        self._wake.set()

    def breaker_states(self) -> dict[str, BreakerState]:
        """The breaker's state of each site that was called so far."""
        with self._lock:
            return {site: load.breaker.state for site, load in self._loads.items()}

    # Slots: permission for one call. Each reserved slot is either begun or given up.

    def _reserve(self, site: Site) -> _Slot | None:
        if self._threads is None or self._stopping.is_set() or self._clock_is_off:
            return None
        with self._lock:
            if self._room(site.slug, self._others_wait) < 1:
                return None
            slot = self._take_slot(site.slug, secrets.token_urlsafe(12))
        if self._around.within_rate(site):
            return slot
        self._give_up(slot)
        return None

    def _room(self, site: str, waiting: frozenset[str]) -> int:
        """How many more calls of this site may begin. Beyond its share only while no other site's requests wait."""
        load = self._loads.setdefault(site, _Load())
        free = THREADS - len(self._slots)
        share = OWN_SHARE if waiting - {site} else THREADS - KEPT_FREE
        room = min(free, max(OWN_SHARE - load.in_flight, min(share - load.in_flight, free - KEPT_FREE)))
        allowed = load.breaker.room(time.monotonic())
        return max(0, room if allowed is None else min(room, allowed))

    def _take_slot(self, site: str, lease: str) -> _Slot:
        load = self._loads[site]
        load.in_flight += 1
        metrics.in_flight(site, 1)
        slot = _Slot(site, lease, load.breaker.began(), time.monotonic())
        self._slots.add(slot)
        return slot

    def _free_slot(self, slot: _Slot) -> _Load:
        load = self._loads[slot.site]
        load.in_flight -= 1
        metrics.in_flight(slot.site, -1)
        self._slots.discard(slot)
        return load

    def _give_up(self, slot: _Slot) -> None:
        with self._lock:
            self._free_slot(slot).breaker.undone(time.monotonic(), probe=slot.probe)

    # One call.

    def _begin(self, slot: _Slot, request: CustomerRequest) -> "Future[Settled | None]":
        try:
            if self._threads is None:
                raise RuntimeError
            return self._threads.submit(self._hand_off, slot, request)
        except RuntimeError:  # the process is ending
            self._give_up(slot)
            self._not_called(slot, request)
            done: Future[Settled | None] = Future()
            done.set_result(None)
            return done

    def _not_called(self, slot: _Slot, request: CustomerRequest) -> None:
        around = self._around
        around.database.write(lambda c: give_back(c, request.reference, slot.lease, around.clock()))

    def _free(self, lease: str) -> None:
        """Let others claim the request of a submit whose outcome is unknown, if it is there: nobody calls under this
        lease."""
        around = self._around
        while not self._stopping.wait(_random.uniform(0.2, 0.6)):
            try:
                around.database.write(lambda c: give_back_all(c, lease, around.clock()))
            except DATABASE_FAULTS as fault:
                note_database_fault(fault, "outcome")
            else:
                self._wake.set()
                return

    def _hand_off(self, slot: _Slot, request: CustomerRequest) -> Settled | None:
        around = self._around
        outcome: HandOffResult | None = None
        try:
            configuration = around.configuration()
            site = configuration.sites[request.site]
            settled = open_without_call(around.database, configuration.staff, site, request, now=around.clock())
            if settled is None:
                outcome = call(around.open_backend, site, request)
                settled = self._settle(site, request, outcome)
            self._note(slot, request, settled)
            return settled
        except Exception as fault:  # noqa: BLE001 - a thread of the pool must survive any fault
            log.error("hand_off_broke_off", reference=request.reference, error=type(fault).__name__)
            return None
        finally:
            self._finish(slot, outcome)

    def _settle(self, site: Site, request: CustomerRequest, outcome: HandOffResult) -> Settled:
        """Record the outcome, for as long as the database is away: the vendor may have opened a session."""
        around = self._around
        while True:
            try:
                settled = settle(around.database, site, request, outcome, now=around.clock())
                self._has_settled = True
                return settled
            except DATABASE_FAULTS as fault:
                note_database_fault(fault, "outcome", reference=request.reference)
                if self._stopping.wait(_random.uniform(0.2, 0.6)):
                    raise

    def _note(self, slot: _Slot, request: CustomerRequest, settled: Settled) -> None:
        outcome = settled.outcome
        unsure = isinstance(outcome, Unavailable) and outcome.maybe_sent
        word = _OUTCOMES[type(outcome)] if settled.kept else "lost"
        metrics.handed_off(request.site, request.backend, word, time.monotonic() - slot.began, unsure)
        about = {"reference": request.reference, "site": request.site, "attempts": request.attempts}
        if not settled.kept:
            log.warning("lease_lost", outcome=type(outcome).__name__.lower(), **about)
        elif isinstance(outcome, Opened):
            log.info("session_opened", start=outcome.start, **about)
        else:
            log.warning("hand_off_failed", why=in_english(outcome.why), code=outcome.why.code.value, **about)
        if settled.parked:
            note_parked(settled.parked)

    def _finish(self, slot: _Slot, outcome: HandOffResult | None) -> None:
        now = time.monotonic()
        with self._lock:
            load = self._free_slot(slot)
            before = load.breaker.state
            load.slow = now - slot.began > PATIENCE
            _tell(load.breaker, outcome, now, probe=slot.probe)
            after = load.breaker.state
            more = self._more
        if after is not before:
            log.warning("breaker", site=slot.site, state=after)
            metrics.breaker(slot.site, after)
        if more or (after is BreakerState.CLOSED and before is not after):
            self._wake.set()

    def _wait_for(self, future: "Future[Settled | None]", site: str) -> None:
        """Wait for the session, so that the customer sees it at once; not for a slow vendor."""
        if self._loads[site].slow or not self._waiters.acquire(blocking=False):
            return
        try:
            future.result(PATIENCE)
        except WaitedLongEnough:
            self._loads[site].slow = True
        finally:
            self._waiters.release()

    # The one thread that claims.

    def _dispatch(self) -> None:
        swept_at = 0.0
        wait = 0.0
        while not self._stopping.is_set():
            self._wake.wait(wait)
            self._wake.clear()
            if self._stopping.is_set():
                return
            wait = _random.uniform(*_SWEEP_EVERY)
            try:
                self._around.look_around()
                if time.monotonic() - swept_at >= _SWEEP_EVERY[0]:
                    swept_at = time.monotonic()
                    self._sweep()
                if self._claim():
                    wait = _RATE_AGAIN_AFTER
            except DATABASE_FAULTS as fault:
                self._fault_at = time.monotonic()
                note_database_fault(fault, "claim")
            except Exception as fault:  # noqa: BLE001 - without this thread no request would be handed off any more
                log.error("claim_broke_off", error=type(fault).__name__)

    def _sweep(self) -> None:
        around = self._around
        self._clock_is_off = around.clock_is_off()
        now = time.monotonic()
        with self._lock:
            at_work = [slot.lease for slot in self._slots if now - slot.began > _RENEW_AFTER]
        if at_work:
            around.database.write(lambda connection: extend_leases(connection, at_work, around.clock() + LEASE))
        self._tell_settled()
        if now - self._fault_at > _AFTER_FAULT:
            take_back(around.database, around.configuration().sites.get, now=around.clock())
        if self._threads and (self._telling is None or self._telling.done()):
            self._telling = self._threads.submit(around.tell)

    def _tell_settled(self) -> None:
        if self._has_settled:
            self._has_settled = False
            self._around.settled()

    def _claim(self) -> bool:
        """Claim and begin as many requests as there is room for; returns whether some wait only for a site's rate."""
        around = self._around
        if self._clock_is_off:
            return False
        with around.database.read() as connection:
            due = due_by_site(connection, around.clock())
        with self._lock:
            self._others_wait = frozenset(due)
            self._more = False
        sites = around.configuration().sites
        held_by_rate = False
        for key in sorted(due, key=due.__getitem__):
            if site := sites.get(key):
                held_by_rate |= self._claim_of(site, due[key])
        return held_by_rate

    def _claim_of(self, site: Site, due: int) -> bool:
        around = self._around
        slots, held_by_rate = self._slots_for(site, due)
        if not slots:
            return held_by_rate
        now = around.clock()
        lease = slots[0].lease
        claimed: list[CustomerRequest] = []
        try:
            claimed = around.database.write(lambda c: claim_due(c, site.slug, len(slots), lease, now + LEASE, now))
        finally:
            for slot in slots[len(claimed) :]:
                self._give_up(slot)
        for slot, request in zip(slots, claimed, strict=False):
            self._begin(slot, request)
        return held_by_rate

    def _slots_for(self, site: Site, due: int) -> tuple[list[_Slot], bool]:
        """Up to `due` slots, and whether the site's rate allowed no more."""
        slots: list[_Slot] = []
        # One lease for the whole claim; each request is fenced by its reference and the lease together.
        lease = secrets.token_urlsafe(12)
        with self._lock:
            room = min(due, self._room(site.slug, self._others_wait))
            if room < due:
                self._more = True
        for _ in range(room):
            if not self._around.within_rate(site):
                return slots, True
            with self._lock:
                slots.append(self._take_slot(site.slug, lease))
        return slots, False


def _tell(breaker: Breaker, outcome: HandOffResult | None, now: float, *, probe: bool) -> None:
    match outcome:
        case None:
            breaker.undone(now, probe=probe)
        case Opened() | Refused():
            breaker.succeeded(now, probe=probe)
        case Unavailable():
            breaker.failed(now, probe=probe)
            if outcome.retry_after:
                breaker.pause(now, outcome.retry_after)
