"""The backlog: counts for operators, capped, and read by index without visiting all rows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, select

from app.core.request import RequestState
from app.store.tables import requests

MOST_COUNTED = 1_000
_UNDER_WAY = (RequestState.WAITING, RequestState.OPENING)
_COUNTED = (*_UNDER_WAY, RequestState.PARKED, RequestState.SUSPECT)


@dataclass(frozen=True, slots=True)
class Backlog:
    """`counts` by state, each capped at 1,000; `oldest_seconds` is the longest time that a request has waited for its
    session, 0 when none waits."""

    counts: dict[RequestState, int]
    oldest_seconds: float


def load_backlog(connection: Connection, now: datetime) -> Backlog:
    """The current backlog."""
    row = tuple(connection.execute(_BACKLOG).one())
    counts: dict[RequestState, int] = dict(zip(_COUNTED, row, strict=False))
    since: list[datetime] = [at for at in row[len(_COUNTED) :] if at is not None]
    return Backlog(counts, max(0.0, (now - min(since, default=now)).total_seconds()))


def _count(state: RequestState) -> ColumnElement[int]:
    some = select(requests.c.state).where(requests.c.state == state).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _oldest(state: RequestState) -> ScalarSelect[datetime]:
    # Since it was last made due: time spent parked is not waiting time.
    return select(func.min(requests.c.waiting_since)).where(requests.c.state == state).scalar_subquery()


_BACKLOG = select(*(_count(state) for state in _COUNTED), *(_oldest(state) for state in _UNDER_WAY))
