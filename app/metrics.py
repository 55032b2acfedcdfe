"""Metrics for Prometheus.

Each process counts in its own files in one folder (`share`), and the process that answers a scrape adds them up.
Without a folder, as in tests and in commands, a process counts in its memory for itself. A label is a site's slug or a
word of ours: never a customer's data, an address or a secret. prometheus_client is imported when something is first
counted: commands that count nothing start without it.
"""

import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import structlog

from app.core.security_event import SecurityEvent
from app.settings import share_metrics
from app.store.backlog import Backlog

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram, Metric
    from prometheus_client.registry import Collector, CollectorRegistry

CallEnd = Literal["opened", "refused", "unavailable", "lost"]
Refused = Literal["late_head", "late_body", "address", "full"]
Delivered = Literal["delivered", "failed", "gone", "given_up"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0)
_BREAKER = {"closed": 0, "half_open": 1, "open": 2}
_FILES = ("counter", "histogram", "gauge_livesum", "gauge_livemax")
_FILE_SIZE = 256 * 1024  # bytes: enough for some 1,500 series; grows when needed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Metrics:
    """All metrics of this process, and the registry to collect them from."""

    registry: "CollectorRegistry"
    submitted: "Counter"
    handed_off: "Counter"
    maybe_sent: "Counter"
    seconds: "Histogram"
    parked: "Counter"
    in_flight: "Gauge"
    clock_skew: "Gauge"
    breaker: "Gauge"
    webhook: "Counter"
    pages_met: "Counter"
    connections: "Gauge"
    refused: "Counter"
    security: "Counter"


class _Process:
    """This process's metrics, made when the first is needed, and the folder for its files."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._metrics: _Metrics | None = None
        self._connections = 0
        self._lock = threading.Lock()

    def metrics(self) -> _Metrics:
        if self._metrics is None:
            with self._lock:
                if self._metrics is None:
                    self._metrics = _make(self.folder)
        return self._metrics

    def connections(self, open_ones: int) -> None:
        if open_ones != self._connections:
            self._connections = open_ones
            self.metrics().connections.set(open_ones)


_process = _Process()


def submitted(site: str, source: str) -> None:
    """Count a new request of this site. `source` is how it came in, one of our own words."""
    _process.metrics().submitted.labels(site, source).inc()


def handed_off(site: str, backend: str, outcome: CallEnd, seconds: float, maybe_sent: bool) -> None:
    """Count a hand-off that ended after `seconds`. With `maybe_sent` it is unknown whether the session exists."""
    metrics = _process.metrics()
    metrics.handed_off.labels(site, backend, outcome).inc()
    metrics.seconds.labels(backend, outcome).observe(seconds)
    if maybe_sent:
        metrics.maybe_sent.labels(site).inc()


def parked(site: str, why: str) -> None:
    """Count a parked request of this site. `why` is one of our own words: `refused`, `stale`, `unsure`, `lost`."""
    _process.metrics().parked.labels(site, why).inc()


def in_flight(site: str, change: Literal[1, -1]) -> None:
    """Count one hand-off of this site more or less under way in this process."""
    _process.metrics().in_flight.labels(site).inc(change)


def clock_skew(seconds: float) -> None:
    """How many seconds this host's clock differs from the database's; on SQLite, how far it just jumped."""
    _process.metrics().clock_skew.set(abs(seconds))


def breaker(site: str, state: str) -> None:
    """Set the state of this process's breaker for this site: `closed`, `half_open` or `open`."""
    _process.metrics().breaker.labels(site).set(_BREAKER[state])


def connections(open_ones: int) -> None:
    """How many clients' connections this process has, streams aside."""
    _process.connections(open_ones)


def refused(why: Refused) -> None:
    """A connection was closed before its request was answered, or before it could make one."""
    _process.metrics().refused.labels(why).inc()


def told(channel: str, site: str, outcome: Delivered) -> None:
    """Count a try to deliver a notice of this site, or that it was given up."""
    _process.metrics().webhook.labels(channel, site, outcome).inc()


def pages_met(site: str, path: str) -> None:
    """Count two pages of a session of this site that reach each other, or do not. `path` is of `core.live.PATHS`."""
    _process.metrics().pages_met.labels(site, path).inc()


def security(event: SecurityEvent) -> None:
    """An event of the security log, whether its line was written or left out."""
    _process.metrics().security.labels(event).inc()


def share(folder: Path) -> None:
    """Count in files in `folder`, in this process and in those it forks. Call it before anything is counted."""
    share_metrics(folder)
    _process.folder = folder


def prepare() -> None:
    """Make this process's metrics now, so that no customer waits while the library is loaded."""
    _process.metrics()


def forget_dead_processes(folder: Path) -> None:
    """Make the folder, and remove files of processes that have ended."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # List files first: a process makes its lock before its files, so files without a lock are left over.
    files = list(folder.glob("*.db"))
    locks = list(folder.glob("*.lock"))
    alive = {lock.stem for lock in locks if not _is_free(lock)}
    left = [path for path in files if _owner(path) not in alive] + [lock for lock in locks if lock.stem not in alive]
    for path in left:
        path.unlink(missing_ok=True)


def forget_dead_gauges(folder: Path) -> None:
    """Remove the gauges of processes that have ended; their counters stay until the next start."""
    for lock in folder.glob("*.lock"):
        if _is_free(lock):
            for path in folder.glob(f"gauge_live*_{lock.stem}.db"):
                path.unlink(missing_ok=True)


def page(backlog: Backlog | None) -> bytes:
    """All processes' metrics and the backlog in Prometheus's format. `backlog` is None when the database does not
    answer."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    own = _process.metrics().registry
    shared = CollectorRegistry()
    if _process.folder is not None:
        MultiProcessCollector(shared, str(_process.folder))
    now = CollectorRegistry()
    now.register(_now(backlog))
    try:
        counted = generate_latest(shared)
    except FileNotFoundError:
        # A starting process removes files of dead ones meanwhile.
        counted = generate_latest(shared)
    return counted + generate_latest(own) + generate_latest(now)


def _now(backlog: Backlog | None) -> "Collector":
    """Values that are looked up, not counted: the backlog, and whether the database answers."""
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector

    class Now(Collector):
        def collect(self) -> Iterator["Metric"]:
            yield GaugeMetricFamily(
                "handbell_database_up", "1 when the database answered just now, else 0.", float(backlog is not None)
            )
            if backlog is None:
                return
            requests = GaugeMetricFamily(
                "handbell_requests", "Requests in a state that somebody should look at.", labels=["state"]
            )
            for state, count in backlog.counts.items():
                requests.add_metric([state], count)
            yield requests
            yield GaugeMetricFamily(
                "handbell_oldest_waiting_seconds",
                "How long the request that has waited longest is under way without a session; 0 when there is none.",
                backlog.oldest_seconds,
            )

    return Now()


# By the names of `_Metrics`: the metric's name, what it counts, its labels.
_COUNTERS: dict[str, tuple[str, str, list[str]]] = {
    "submitted": ("handbell_requests_submitted", "New requests, on disk.", ["site", "source"]),
    "handed_off": ("handbell_handoffs", "Hand-offs that ended.", ["site", "backend", "outcome"]),
    "maybe_sent": (
        "handbell_handoffs_maybe_sent",
        "Hand-offs of which it is unknown whether a session was opened.",
        ["site"],
    ),
    "parked": ("handbell_requests_parked", "Requests that were given up.", ["site", "why"]),
    "refused": (
        "handbell_connections_refused",
        "Connections closed because their request came too slowly, or because there were too many.",
        ["why"],
    ),
    "webhook": (
        "handbell_webhooks",
        "Tries to tell people by a channel, such as a webhook.",
        ["channel", "site", "outcome"],
    ),
    "pages_met": (
        "handbell_live_connections",
        "Pages of a customer and a technician that reached each other, or did not, as customers' browsers tell.",
        ["site", "path"],
    ),
    "security": ("handbell_security_events", "Events of the security log.", ["event"]),
}
# The same, and how the values of several processes become one.
_GAUGES: dict[str, tuple[str, str, list[str], Literal["livesum", "livemax"]]] = {
    "in_flight": ("handbell_handoffs_in_flight", "Hand-offs under way.", ["site"], "livesum"),
    "clock_skew": (
        "handbell_clock_skew_seconds",
        "How far a host's clock is from the database's: the worst of all processes.",
        [],
        "livemax",
    ),
    "breaker": (
        "handbell_breaker_state",
        "0 closed, 1 half open, 2 open: the worst of all processes.",
        ["site"],
        "livemax",
    ),
    "connections": ("handbell_connections", "Connections of clients, streams of changes aside.", [], "livesum"),
}


def _make(folder: Path | None) -> _Metrics:
    import prometheus_client
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

    prometheus_client.disable_created_metrics()
    identity = _take_part(folder) if folder else None
    values.ValueClass = values.MultiProcessValue(lambda: identity) if identity else values.MutexValue
    # With files, the numbers of this process are collected from its files too.
    registry = CollectorRegistry()
    where = None if identity else registry
    counters: dict[str, Any] = {name: Counter(*about, registry=where) for name, about in _COUNTERS.items()}
    gauges: dict[str, Any] = {
        name: Gauge(called, text, labels, registry=where, multiprocess_mode=mode)
        for name, (called, text, labels, mode) in _GAUGES.items()
    }
    seconds = Histogram(
        "handbell_handoff_seconds",
        "How long hand-offs took.",
        ["backend", "outcome"],
        registry=where,
        buckets=_SECONDS,
    )
    for event in SecurityEvent:
        counters["security"].labels(event)  # there from the start: an alarm must see the first one rise from 0
    return _Metrics(registry=registry, seconds=seconds, **counters, **gauges)


def _take_part(folder: Path) -> str | None:
    """A name for this process's files in the folder, which are made at once; None when they cannot be made.

    A process id alone is not enough: it is reused, and two containers on one folder may have the same.
    """
    identity = f"{os.getpid()}-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _hold_lock(folder, identity)
        for kind in _FILES:
            # At full size: writing into a hole of a mapped file kills the process when the disk is full.
            (folder / f"{kind}_{identity}.db").write_bytes(bytes(_FILE_SIZE))
    except OSError as error:
        log.error("metrics_not_shared", error=type(error).__name__)
        return None
    return identity


def _hold_lock(folder: Path, identity: str) -> None:
    """Take a lock that ends with this process in any case. It gets its name once it is held."""
    fresh = folder / f"{identity}.new"
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    fresh.rename(folder / f"{identity}.lock")


def _is_free(lock: Path) -> bool:
    with contextlib.suppress(OSError), lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _owner(path: Path) -> str:
    return path.stem.rpartition("_")[2]
