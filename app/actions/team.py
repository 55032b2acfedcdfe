"""Changes to departments and technicians. Each is one transaction with its row in the audit log; `by` is the id of the
administrator who does it, None for the command line.

Changes take turns, so that two administrators can never lock each other out at once: on the web, somebody who can log
in stays an administrator. The command line may do without; it can also make a new one.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.actions.second_factor import forget
from app.actions.tries import forget_networks
from app.core.role import Role
from app.core.staff import Department, Technician
from app.core.team import Particulars, particulars
from app.store import staff as store
from app.store.audit import record
from app.store.console_sessions import end_session as end_one
from app.store.console_sessions import end_sessions as end_all
from app.store.database import Database
from app.store.invitations import end_invitations
from app.store.sites import bump_generation

T = TypeVar("T")


class NotThere(Exception):
    """There is no such department, technician or session."""


class Taken(Exception):
    """The department's number or the technician's mail address is in use."""


class LastAdministrator(Exception):
    """Nobody who can log in would be an administrator any more."""


class OnOneself(Exception):
    """Nobody changes their own role, or takes off or renews their own way to log in, as an administrator."""


class ChangedMeanwhile(Exception):
    """Somebody else has changed this since it was looked at."""


def add_department(database: Database, department: Department, *, by: int | None, now: datetime) -> None:
    """Raises Taken."""

    def add(connection: Connection) -> None:
        store.add_department(connection, department)
        record(connection, "department.added", str(department.id), {"name": department.name}, by=by, now=now)

    try:
        database.write(add)
    except IntegrityError:
        raise Taken from None


def rename_department(database: Database, department_id: int, name: str, *, by: int | None, now: datetime) -> None:
    """Its tickets show the new name too. Raises NotThere."""

    def rename(connection: Connection) -> None:
        was = _department(connection, department_id)
        if was.name != name:
            store.rename_department(connection, department_id, name)
            record(connection, "department.renamed", str(department_id), {"name": [was.name, name]}, by=by, now=now)

    database.write(rename)


def disable_department(
    database: Database, department_id: int, *, by: int | None, now: datetime, disabled: bool = True
) -> None:
    """Nothing new is routed to it, or again; its tickets stay where they are. Raises NotThere."""

    def change(connection: Connection) -> None:
        was = _department(connection, department_id)
        if was.disabled != disabled:
            store.set_department_disabled(connection, department_id, disabled)
            act = "department.disabled" if disabled else "department.enabled"
            record(connection, act, str(department_id), {"name": was.name}, by=by, now=now)

    database.write(change)


def add_technician(
    database: Database,
    email: str,
    wanted: Particulars,
    password_hash: str | None,
    *,
    by: int | None,
    now: datetime,
    temporary: bool = False,
) -> int:
    """The new id. `email` is in lower case; the departments exist; a `temporary` password must be changed at the first
    log-in. Raises Taken."""

    def add(connection: Connection) -> int:
        number = store.add_technician(
            connection,
            email,
            wanted.name,
            wanted.departments,
            password_hash,
            now,
            wanted.role,
            password_temporary=temporary,
        )
        told = {"name": wanted.name, "role": wanted.role, "departments": sorted(wanted.departments)}
        record(connection, "technician.added", email, told, by=by, now=now)
        return number

    try:
        return database.write(add)
    except IntegrityError:
        raise Taken from None


def change_technician(
    database: Database,
    technician_id: int,
    *,
    by: int | None,
    now: datetime,
    name: str | None = None,
    role: Role | None = None,
    departments: Collection[int] | None = None,
    seen: str | None = None,
) -> bool:
    """Change what is given; whether anything is different now. Another role ends their sessions.

    `seen` is the mark of the particulars that somebody looked at before (see `Particulars.mark`). Raises NotThere,
    LastAdministrator, OnOneself, and ChangedMeanwhile when they are others now.
    """

    def change(connection: Connection, technician: Technician) -> bool:
        was = particulars(technician)
        if seen is not None and seen != was.mark:
            raise ChangedMeanwhile
        wanted = Particulars(
            was.name if name is None else name,
            role or was.role,
            was.departments if departments is None else frozenset(departments),
        )
        if wanted.role is not was.role:
            not_on_oneself(technician, by=by)
            _leave_an_administrator(connection, technician, by=by)
            store.set_role(connection, technician.email, wanted.role)
        if wanted.name != was.name:
            store.rename_technician(connection, technician_id, wanted.name)
        if wanted.departments != was.departments:
            store.set_departments(connection, technician_id, wanted.departments)
        if told := _differences(was, wanted):
            record(connection, "technician.changed", technician.email, told, by=by, now=now)
        return bool(told)

    return _change(database, technician_id, change)


def disable_technician(
    database: Database, technician_id: int, *, by: int | None, now: datetime, disabled: bool = True
) -> None:
    """Disabling logs them out and ends their invitation; nothing new is routed to them. Raises NotThere and
    LastAdministrator."""

    def change(connection: Connection, technician: Technician) -> None:
        if technician.disabled == disabled:
            return
        if disabled:
            _leave_an_administrator(connection, technician, by=by)
            end_invitations(connection, technician_id, now)
        store.set_technician_disabled(connection, technician.email, disabled)
        act = "technician.disabled" if disabled else "technician.enabled"
        record(connection, act, technician.email, by=by, now=now)

    _change(database, technician_id, change)


def set_away(database: Database, technician_id: int, away: bool, *, by: int | None, now: datetime) -> None:
    """Say for somebody that they are away, or back. Raises NotThere."""

    def change(connection: Connection, technician: Technician) -> None:
        if technician.away != away:
            store.set_away(connection, technician_id, away)
            act = "technician.sent_away" if away else "technician.called_back"
            record(connection, act, technician.email, by=by, now=now)

    _change(database, technician_id, change)


def set_password(
    database: Database,
    technician_id: int,
    password_hash: str,
    *,
    by: int | None,
    now: datetime,
    temporary: bool = False,
) -> None:
    """A password from the command line: logs them out and ends their invitation. A `temporary` one must be changed at
    the next log-in. Raises NotThere."""

    def change(connection: Connection, technician: Technician) -> None:
        store.set_password_hash(connection, technician.email, password_hash, temporary=temporary)
        forget_networks(connection, technician.email)
        end_invitations(connection, technician_id, now)
        record(connection, "technician.password_set", technician.email, by=by, now=now)

    _change(database, technician_id, change)


def forget_second_factor(database: Database, technician_id: int, *, by: int | None, now: datetime) -> bool:
    """Whether there was one. From now on the password is enough. Raises NotThere and OnOneself."""

    def change(connection: Connection, technician: Technician) -> bool:
        not_on_oneself(technician, by=by)
        had_one = forget(connection, technician_id)
        if had_one:
            record(connection, "second_factor.turned_off", technician.email, by=by, now=now)
        return had_one

    return _change(database, technician_id, change)


def end_session(database: Database, technician_id: int, public_id: str, *, by: int | None, now: datetime) -> None:
    """Raises NotThere when the technician has no such session."""

    def change(connection: Connection, technician: Technician) -> None:
        if not end_one(connection, technician_id, public_id):
            raise NotThere
        record(connection, "technician.session_ended", technician.email, {"sessions": 1}, by=by, now=now)

    _change(database, technician_id, change)


def end_sessions(database: Database, technician_id: int, *, by: int | None, now: datetime) -> int:
    """Log somebody out everywhere; how many sessions there were. Raises NotThere."""

    def change(connection: Connection, technician: Technician) -> int:
        ended = end_all(connection, technician_id)
        if ended:
            record(connection, "technician.session_ended", technician.email, {"sessions": ended}, by=by, now=now)
        return ended

    return _change(database, technician_id, change)


def end_password(connection: Connection, technician: Technician, *, by: int | None) -> None:
    """In the transaction of who invites them anew: the old password is worth nothing. Raises LastAdministrator."""
    _leave_an_administrator(connection, technician, by=by)
    store.end_password(connection, technician.id)
    forget_networks(connection, technician.email)


def locked_technician(connection: Connection, technician_id: int) -> Technician:
    """The technician as they are, in a transaction that is the only one to change staff. Raises NotThere."""
    bump_generation(connection)
    technician = store.one_technician(connection, technician_id)
    if technician is None:
        raise NotThere
    return technician


def _change(database: Database, technician_id: int, change: Callable[[Connection, Technician], T]) -> T:
    return database.write(lambda connection: change(connection, locked_technician(connection, technician_id)))


def _department(connection: Connection, department_id: int) -> Department:
    bump_generation(connection)
    department = store.one_department(connection, department_id)
    if department is None:
        raise NotThere
    return department


def not_on_oneself(technician: Technician, *, by: int | None) -> None:
    """Raises OnOneself: a stolen session must not be enough to take its owner's account over."""
    if by == technician.id:
        raise OnOneself


def _leave_an_administrator(connection: Connection, technician: Technician, *, by: int | None) -> None:
    """Only who is one can be the last."""
    if by is None or technician.role is not Role.ADMINISTRATOR or technician.disabled:
        return
    if not store.administrators_left(connection, technician.id):
        raise LastAdministrator


def _differences(was: Particulars, now: Particulars) -> dict[str, object]:
    pairs: dict[str, tuple[object, object]] = {
        "name": (was.name, now.name),
        "role": (was.role, now.role),
        "departments": (sorted(was.departments), sorted(now.departments)),
    }
    return {name: list(pair) for name, pair in pairs.items() if pair[0] != pair[1]}
