"""Faults of the database, logged once a minute: every thread of a process notices that it is away."""

import structlog

from app.log import OnceAMinute

log = structlog.get_logger()
_noted = OnceAMinute()


def note_database_fault(fault: BaseException, during: str, **ids: str) -> None:
    """Log that the database failed, at most once a minute in this process. `during` says in what, `ids` name what was
    concerned, `faults` counts those since the line before."""
    if count := _noted():
        log.error("database_fault", error=type(fault).__name__, during=during, faults=count, **ids)
