"""Departments, technicians and memberships."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from app.core.role import Role
from app.core.staff import Department, Staff, Technician
from app.store.sites import bump_generation
from app.store.tables import (
    console_sessions,
    departments,
    invitations,
    memberships,
    push_browsers,
    technicians,
)


@dataclass(frozen=True, slots=True)
class LogInWays:
    """How a technician can log in. `invited_until` is when an unused link ends."""

    created_at: datetime
    has_password: bool
    second_factor: bool
    invited_until: datetime | None


def load_staff(connection: Connection) -> Staff:
    """All departments and technicians, disabled ones included, as routing distinguishes them."""
    members: dict[int, set[int]] = defaultdict(set)
    for membership in connection.execute(select(memberships)):
        members[membership.technician_id].add(membership.department_id)
    return Staff(
        departments={
            row.id: Department(row.id, row.name, row.disabled)
            for row in connection.execute(select(departments).order_by(departments.c.id))
        },
        technicians={
            row.email: _technician(row, frozenset(members[row.id]))
            for row in connection.execute(select(technicians).order_by(technicians.c.email))
        },
    )


def add_department(connection: Connection, department: Department) -> None:
    """Store a new department. Raises IntegrityError when its id is taken."""
    connection.execute(insert(departments).values(id=department.id, name=department.name, disabled=department.disabled))
    bump_generation(connection)


def set_department_disabled(connection: Connection, department_id: int, disabled: bool) -> bool:
    """Disable or enable a department; False when there is none. Its tickets keep its name."""
    change = update(departments).where(departments.c.id == department_id).values(disabled=disabled)
    found = connection.execute(change).rowcount == 1
    bump_generation(connection)
    return found


def rename_department(connection: Connection, department_id: int, name: str) -> bool:
    """Rename a department; False when there is none. Its tickets show the new name too."""
    change = update(departments).where(departments.c.id == department_id).values(name=name)
    found = connection.execute(change).rowcount == 1
    bump_generation(connection)
    return found


def one_department(connection: Connection, department_id: int) -> Department | None:
    """The department with this id, disabled or not."""
    row = connection.execute(select(departments).where(departments.c.id == department_id)).one_or_none()
    return None if row is None else Department(row.id, row.name, row.disabled)


def one_technician(connection: Connection, technician_id: int) -> Technician | None:
    """The technician with this id, disabled or not, locked until this transaction ends."""
    query = select(technicians).where(technicians.c.id == technician_id).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    found = select(memberships.c.department_id).where(memberships.c.technician_id == technician_id)
    of = frozenset(connection.execute(found).scalars())
    return _technician(row, of)


def administrators_left(connection: Connection, without: int) -> bool:
    """Whether an administrator other than `without` can log in.

    Reliable only while changes of staff take turns: see `bump_generation`.
    """
    query = (
        select(technicians.c.id)
        .where(
            technicians.c.role == Role.ADMINISTRATOR,
            technicians.c.disabled.is_(False),
            technicians.c.password_hash.is_not(None),
            technicians.c.id != without,
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None


def accounts(connection: Connection, technician_ids: Collection[int], now: datetime) -> dict[int, LogInWays]:
    """How each of these technicians can log in, by id."""
    ids = sorted(technician_ids)
    open_until = (
        select(invitations.c.technician_id, func.max(invitations.c.expires_at))
        .where(invitations.c.technician_id.in_(ids), invitations.c.expires_at > now)
        .group_by(invitations.c.technician_id)
    )
    until = {row[0]: row[1] for row in connection.execute(open_until)}
    query = select(
        technicians.c.id, technicians.c.created_at, technicians.c.password_hash, technicians.c.sealed_totp
    ).where(technicians.c.id.in_(ids))
    return {
        row.id: LogInWays(row.created_at, row.password_hash is not None, row.sealed_totp is not None, until.get(row.id))
        for row in connection.execute(query)
    }


def add_technician(
    connection: Connection,
    email: str,
    name: str,
    department_ids: Collection[int],
    password_hash: str | None,
    now: datetime,
    role: Role = Role.TECHNICIAN,
    *,
    password_temporary: bool = False,
) -> int:
    """Store a new technician and return the id.

    `email` is in lower case; a `password_temporary` must be changed at the first log-in. Raises IntegrityError when the
    address is taken or a department does not exist.
    """
    row = {
        "email": email,
        "name": name,
        "password_hash": password_hash,
        "disabled": False,
        "created_at": now,
        "role": role,
        "password_temporary": password_temporary,
    }
    technician_id: int = connection.execute(insert(technicians).values(**row).returning(technicians.c.id)).scalar_one()
    for department_id in sorted(set(department_ids)):
        connection.execute(insert(memberships).values(technician_id=technician_id, department_id=department_id))
    bump_generation(connection)
    return technician_id


def set_technician_disabled(connection: Connection, email: str, disabled: bool) -> bool:
    """Disable or enable a technician; False when there is none. Ends their console sessions."""
    change = update(technicians).where(technicians.c.email == email).values(disabled=disabled)
    found = connection.execute(change).rowcount == 1
    _end_sessions(connection, email)
    bump_generation(connection)
    return found


def set_role(connection: Connection, email: str, role: Role) -> bool:
    """Change a technician's role; False when there is none. Ends their console sessions."""
    change = update(technicians).where(technicians.c.email == email).values(role=role)
    found = connection.execute(change).rowcount == 1
    _end_sessions(connection, email)
    bump_generation(connection)
    return found


def rename_technician(connection: Connection, technician_id: int, name: str) -> None:
    """Change the name that colleagues and customers see."""
    connection.execute(update(technicians).where(technicians.c.id == technician_id).values(name=name))
    bump_generation(connection)


def set_departments(connection: Connection, technician_id: int, department_ids: Collection[int]) -> None:
    """Replace a technician's departments. Raises IntegrityError when a department does not exist."""
    connection.execute(delete(memberships).where(memberships.c.technician_id == technician_id))
    for department_id in sorted(set(department_ids)):
        connection.execute(insert(memberships).values(technician_id=technician_id, department_id=department_id))
    bump_generation(connection)


def set_away(connection: Connection, technician_id: int, away: bool) -> None:
    """Set a technician away or back; tells every process if that is a change."""
    change = update(technicians).where(technicians.c.id == technician_id, technicians.c.away.is_not(away))
    if connection.execute(change.values(away=away)).rowcount:
        bump_generation(connection)


def end_password(connection: Connection, technician_id: int) -> None:
    """Remove a technician's password and end their sessions."""
    connection.execute(update(technicians).where(technicians.c.id == technician_id).values(password_hash=None))
    connection.execute(delete(console_sessions).where(console_sessions.c.technician_id == technician_id))
    connection.execute(delete(push_browsers).where(push_browsers.c.technician_id == technician_id))
    bump_generation(connection)


def set_password_hash(connection: Connection, email: str, password_hash: str, *, temporary: bool = False) -> bool:
    """Set a technician's password; False when there is none. Ends their console sessions.

    A `temporary` password must be changed at the next log-in.
    """
    change = update(technicians).where(technicians.c.email == email)
    values = {"password_hash": password_hash, "password_temporary": temporary}
    found = connection.execute(change.values(**values)).rowcount == 1
    _end_sessions(connection, email)
    bump_generation(connection)
    return found


def password_hash(connection: Connection, email: str) -> tuple[int, str] | None:
    """Id and password hash of a technician who may log in."""
    row = connection.execute(
        select(technicians.c.id, technicians.c.password_hash).where(
            technicians.c.email == email,
            technicians.c.disabled.is_(False),
            technicians.c.password_hash.is_not(None),
        )
    ).one_or_none()
    return None if row is None else (row.id, row.password_hash)


def _technician(row: Row[Any], of: frozenset[int]) -> Technician:
    """A stored technician, a member of these departments."""
    has_password = row.password_hash is not None
    return Technician(row.id, row.email, row.name, of, row.disabled, Role(row.role), row.away, has_password)


def _end_sessions(connection: Connection, email: str) -> None:
    whose = select(technicians.c.id).where(technicians.c.email == email)
    connection.execute(delete(console_sessions).where(console_sessions.c.technician_id.in_(whose)))
    connection.execute(delete(push_browsers).where(push_browsers.c.technician_id.in_(whose)))
