"""Links with which a technician chooses a password, stored under the hash of their secret.

An expired link is kept for a month, so that its holder can be told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from app.store.tables import invitations, technicians

_KEPT = timedelta(days=30)
_LONG_OVER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Invited:
    """The technician that a link is for, and when it ends or ended. A disabled technician cannot use it."""

    technician_id: int
    name: str
    email: str
    disabled: bool
    expires_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether it was used or replaced by a newer one, has expired, or its technician is disabled."""
        return self.disabled or self.expires_at <= now


def add_invitation(
    connection: Connection, id_hash: str, technician_id: int, now: datetime, expires_at: datetime
) -> None:
    """Store a new link; the technician's older ones end."""
    connection.execute(delete(invitations).where(invitations.c.expires_at < now - _KEPT))
    end_invitations(connection, technician_id, now)
    row = {"id_hash": id_hash, "technician_id": technician_id, "expires_at": expires_at}
    connection.execute(insert(invitations).values(row))


def invitation(connection: Connection, id_hash: str) -> Invited | None:
    """The link with this hash, expired ones included."""
    row = connection.execute(
        select(invitations, technicians.c.name, technicians.c.email, technicians.c.disabled)
        .join(technicians, technicians.c.id == invitations.c.technician_id)
        .where(invitations.c.id_hash == id_hash)
    ).one_or_none()
    return None if row is None else Invited(row.technician_id, row.name, row.email, row.disabled, row.expires_at)


def use_invitation(connection: Connection, id_hash: str, now: datetime) -> bool:
    """Use up a link. True for only one of several concurrent tries."""
    return _end(connection, invitations.c.id_hash == id_hash, now) == 1


def end_invitations(connection: Connection, technician_id: int, now: datetime) -> int:
    """End a technician's links; returns how many were still valid."""
    return _end(connection, invitations.c.technician_id == technician_id, now)


def _end(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    # Backdate far enough that no clock skew or waiting revives it.
    change = update(invitations).where(which, invitations.c.expires_at > now).values(expires_at=now - _LONG_OVER)
    return connection.execute(change).rowcount
