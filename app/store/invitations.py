"""Links that let a technician choose a password, by the hash of their secret. What is over stays for a month, so that
its holder is told so."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from app.store.tables import invitations, technicians

_KEPT = timedelta(days=30)
_LONG_OVER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a link is for, and when it ends or ended. A technician who is disabled cannot use it."""

    technician_id: int
    name: str
    email: str
    disabled: bool
    expires_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Used, replaced by a newer one, or too old."""
        return self.disabled or self.expires_at <= now


def add_invitation(
    connection: Connection, id_hash: str, technician_id: int, now: datetime, expires_at: datetime
) -> None:
    """Keep a new link; the technician's older ones end."""
    connection.execute(delete(invitations).where(invitations.c.expires_at < now - _KEPT))
    end_invitations(connection, technician_id, now)
    row = {"id_hash": id_hash, "technician_id": technician_id, "expires_at": expires_at}
    connection.execute(insert(invitations).values(row))


def invitation(connection: Connection, id_hash: str) -> Invited | None:
    """The link with this hash, over or not."""
    row = connection.execute(
        select(invitations, technicians.c.name, technicians.c.email, technicians.c.disabled)
        .join(technicians, technicians.c.id == invitations.c.technician_id)
        .where(invitations.c.id_hash == id_hash)
    ).one_or_none()
    return None if row is None else Invited(row.technician_id, row.name, row.email, row.disabled, row.expires_at)


def use_invitation(connection: Connection, id_hash: str, now: datetime) -> bool:
    """End a link because it is used. Of several who try at once, one is told True."""
    return _end(connection, invitations.c.id_hash == id_hash, now) == 1


def end_invitations(connection: Connection, technician_id: int, now: datetime) -> int:
    """End a technician's links; how many could still be used."""
    return _end(connection, invitations.c.technician_id == technician_id, now)


def _end(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    # Over by whichever clock, or moment before it waited for its turn, somebody else looks at it.
    change = update(invitations).where(which, invitations.c.expires_at > now).values(expires_at=now - _LONG_OVER)
    return connection.execute(change).rowcount
