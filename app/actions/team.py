"""Changes to departments and technicians. Each is one transaction with its row in the audit log; `by` is the id of the
administrator, or None for the command line.

Changes take turns, so that two administrators cannot lock each other out at once. In the console the last administrator
who can log in stays one; the command line may remove them, as it can make a new one.
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
    """The change would leave no administrator who can log in."""


class OnOneself(Exception):
    """Administrators may not change their own role, nor remove or renew their own way to log in."""


class ChangedMeanwhile(Exception):
    """The technician has changed since the form was shown."""


def add_department(database: Database, department: Department, *, by: int | None, now: datetime) -> None:
    """Add a department. Raises Taken."""

    def add(connection: Connection) -> None:
        store.add_department(connection, department)
        record(connection, "department.added", str(department.id), {"name": department.name}, by=by, now=now)

    try:
        database.write(add)
    except IntegrityError:
        raise Taken from None


def rename_department(database: Database, department_id: int, name: str, *, by: int | None, now: datetime) -> None:
    """Rename a department, on its existing tickets too. Raises NotThere."""

    def rename(connection: Connection) -> None:
        was = _department(connection, department_id)
        if was.name != name:
            store.rename_department(connection, department_id, name)
            record(connection, "department.renamed", str(department_id), {"name": [was.name, name]}, by=by, now=now)

    database.write(rename)


def disable_department(
    database: Database, department_id: int, *, by: int | None, now: datetime, disabled: bool = True
) -> None:
    """Stop routing to a department, or start again; its tickets stay where they are. Raises NotThere."""

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
    """Add a technician and return their id.

    `email` is in lower case; the departments exist; a `temporary` password must be changed at the first log-in. Raises
    Taken.
    """

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
    """Change the given values; False when nothing differs. A new role ends the technician's sessions.

    `seen` is the mark of the particulars that a form showed (see `Particulars.mark`). Raises NotThere,
    LastAdministrator, OnOneself, and ChangedMeanwhile when the particulars have changed since.
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
    """Disable a technician, which ends their sessions and invitation and stops routing to them, or enable them again.

    Raises NotThere and LastAdministrator.
    """

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
    """Set another technician away, or back. Raises NotThere."""

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
    """Set a password from the command line, ending sessions and invitation.

    A `temporary` password must be changed at the next log-in. Raises NotThere.
    """

    def change(connection: Connection, technician: Technician) -> None:
        store.set_password_hash(connection, technician.email, password_hash, temporary=temporary)
        forget_networks(connection, technician.email)
        end_invitations(connection, technician_id, now)
        record(connection, "technician.password_set", technician.email, by=by, now=now)

    _change(database, technician_id, change)


def forget_second_factor(database: Database, technician_id: int, *, by: int | None, now: datetime) -> bool:
    """Remove the second factor, so that the password alone is enough; False when there was none.

    Raises NotThere and OnOneself.
    """

    def change(connection: Connection, technician: Technician) -> bool:
        not_on_oneself(technician, by=by)
        had_one = forget(connection, technician_id)
        if had_one:
            record(connection, "second_factor.turned_off", technician.email, by=by, now=now)
        return had_one

    return _change(database, technician_id, change)


def end_session(database: Database, technician_id: int, public_id: str, *, by: int | None, now: datetime) -> None:
    """End one session by its public id. Raises NotThere when the technician has no such session."""

    def change(connection: Connection, technician: Technician) -> None:
        if not end_one(connection, technician_id, public_id):
            raise NotThere
        record(connection, "technician.session_ended", technician.email, {"sessions": 1}, by=by, now=now)

    _change(database, technician_id, change)


def end_sessions(database: Database, technician_id: int, *, by: int | None, now: datetime) -> int:
    """Log a technician out everywhere; returns how many sessions ended. Raises NotThere."""

    def change(connection: Connection, technician: Technician) -> int:
        ended = end_all(connection, technician_id)
        if ended:
            record(connection, "technician.session_ended", technician.email, {"sessions": ended}, by=by, now=now)
        return ended

    return _change(database, technician_id, change)


def end_password(connection: Connection, technician: Technician, *, by: int | None) -> None:
    """Make the old password invalid, within the transaction of a new invitation. Raises LastAdministrator."""
    _leave_an_administrator(connection, technician, by=by)
    store.end_password(connection, technician.id)
    forget_networks(connection, technician.email)


def locked_technician(connection: Connection, technician_id: int) -> Technician:
    """The technician as stored, in a transaction that blocks every other change of staff. Raises NotThere."""
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
    """Raises LastAdministrator when this technician is the last one."""
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
