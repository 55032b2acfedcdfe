"""The audit log: who did what to what. Rows are only ever added; the database refuses the rest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from app.store.tables import audit


@dataclass(frozen=True, slots=True)
class Act:
    """One administrative act. `who` is a technician's id, None for the command line. `act` is a verb with its object
    (`site.changed`), `about` the object's own name (`site default`); `detail` holds neither secrets nor customers'
    data."""

    at: datetime
    who: int | None
    act: str
    about: str
    detail: dict[str, Any]
    id: int = 0


def record(
    connection: Connection, at: datetime, who: int | None, act: str, about: str, detail: dict[str, Any] | None = None
) -> None:
    """Add one act, in the transaction that does it."""
    connection.execute(insert(audit).values(at=at, who=who, act=act, about=about, detail=detail or {}))


def acts(
    connection: Connection,
    *,
    who: int | None = None,
    act: str | None = None,
    before: int | None = None,
    most: int = 50,
) -> list[Act]:
    """The newest first; `before` is the last id of the page before."""
    query = select(audit).order_by(audit.c.id.desc()).limit(most)
    if who is not None:
        query = query.where(audit.c.who == who)
    if act is not None:
        query = query.where(audit.c.act == act)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [Act(row.at, row.who, row.act, row.about, row.detail, row.id) for row in connection.execute(query)]
