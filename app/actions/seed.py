"""The demo desk of a first start: sample data, and one technician who can log in."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.actions.log_in import hashed_password
from app.core.role import Role
from app.core.site import Site
from app.core.staff import Department
from app.store.database import Database
from app.store.sites import add_site, load_sites
from app.store.staff import add_department, add_technician, load_staff

_DEPARTMENTS = (Department(10, "Computers and network"), Department(20, "Accounts and billing"))
_TECHNICIANS = (
    ("alex@example.com", "Alex Meyer", (10, 20)),
    ("robin@example.com", "Robin Okafor", (10,)),
    ("sam@example.com", "Sam Lindqvist", (20,)),
)

EXAMPLE_PEOPLE = frozenset(email for email, _name, _departments in _TECHNICIANS)


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """The console's first log-in; the password is random, shown once, and must be changed."""

    email: str
    password: str


def new_uid() -> str:
    """A fresh account key for a site at the embedded desk."""
    return str(uuid.uuid4())


def seed(database: Database, *, now: datetime, demo: bool) -> FirstLogin | None:
    """Make the site `default`, and with `demo` a staffed desk, unless a site exists already.

    Safe in two processes at once. None when no log-in was made.
    """
    with database.read() as connection:
        if load_sites(connection):
            return None
    password = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}"
    password_hash = hashed_password(password) if demo else None

    def make(connection: Connection) -> FirstLogin | None:
        if load_sites(connection):
            return None
        bare = demo and not load_staff(connection).technicians and not load_staff(connection).departments
        offered = tuple(department.id for department in _DEPARTMENTS) if bare else ()
        add_site(connection, Site(slug="default", name="Support", uid=new_uid(), offer_departments=offered), now)
        return _staff_the_desk(connection, password, password_hash, now=now) if bare else None

    try:
        return database.write(make)
    except IntegrityError:
        return None  # another process was first


def _staff_the_desk(connection: Connection, password: str, password_hash: str | None, *, now: datetime) -> FirstLogin:
    for department in _DEPARTMENTS:
        add_department(connection, department)
    for position, (email, name, department_ids) in enumerate(_TECHNICIANS):
        first = position == 0
        role = Role.ADMINISTRATOR if first else Role.TECHNICIAN
        add_technician(
            connection,
            email,
            name,
            department_ids,
            password_hash if first else None,
            now,
            role,
            password_temporary=first,
        )
    return FirstLogin(_TECHNICIANS[0][0], password)
