"""The audit log. Rows are only added; the database refuses to change or delete them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, insert, select

from app.store.database import note
from app.store.tables import audit

COMMAND_LINE: Final = "command-line"


@dataclass(frozen=True, slots=True)
class Act:
    """One administrative act.

    `who` is a technician's id, None for the command line. `act` is a verb with its object (`site.changed`), `about` the
    object's own name (`site default`); `detail` holds neither secrets nor customers' data. Where `act` ends in
    `.changed` or `.renamed`, a list of two in `detail` is an old value and its new one.
    """

    at: datetime
    who: int | None
    act: str
    about: str
    detail: dict[str, Any]
    id: int = 0


def record(
    connection: Connection, act: str, about: str, detail: dict[str, Any] | None = None, *, by: int | None, now: datetime
) -> None:
    """Add one act, in the transaction that performs it; the database's listener is told of it afterwards."""
    connection.execute(insert(audit).values(at=now, who=by, act=act, about=about, detail=detail or {}))
    note(connection, Act(now, by, act, about, detail or {}))


def acts(
    connection: Connection,
    *,
    who: int | Literal["command-line"] | None = None,
    act: str | None = None,
    before: int | None = None,
    most: int = 50,
) -> list[Act]:
    """The newest acts first, by `who` or anybody; `before` is the last id of the previous page."""
    query = select(audit).order_by(audit.c.id.desc()).limit(most)
    if who == COMMAND_LINE:
        query = query.where(audit.c.who.is_(None))
    elif who is not None:
        query = query.where(audit.c.who == who)
    if act is not None:
        query = query.where(audit.c.act == act)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [Act(row.at, row.who, row.act, row.about, row.detail, row.id) for row in connection.execute(query)]


def kinds_of_acts(connection: Connection) -> list[str]:
    """All kinds of acts that occur, sorted; costs one index step for each kind, not for each row."""
    first = select(func.min(audit.c.act).label("act"))
    found = first.cte("found", recursive=True)
    following = select(func.min(audit.c.act)).where(audit.c.act > found.c.act).scalar_subquery()
    found = found.union_all(select(following).where(found.c.act.is_not(None)))
    return list(connection.execute(select(found.c.act).where(found.c.act.is_not(None))).scalars())
