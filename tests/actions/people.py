"""The desk's technicians in tests: who they are, their sessions, and their entries in the audit log."""

from app.actions.log_in import current_session, log_in
from app.core.staff import Technician
from app.store.audit import acts
from app.store.staff import load_staff
from tests.actions.desk import DeskAtWork
from tests.conftest import PASSWORD

ANNA, DORA = "anna@example.com", "dora@example.com"


def person(desk: DeskAtWork, email: str = ANNA) -> Technician:
    with desk.database.read() as connection:
        return load_staff(connection).technicians[email]


def told(desk: DeskAtWork) -> list[tuple[int | None, str, str, dict[str, object]]]:
    """The audit log, oldest first."""
    with desk.database.read() as connection:
        return [(act.who, act.act, act.about, act.detail) for act in reversed(acts(connection))]


def log_in_as(desk: DeskAtWork, email: str = ANNA) -> str:
    return log_in(desk.database, email, PASSWORD, "192.0.2.7", now=desk.clock())


def is_in(desk: DeskAtWork, secret: str) -> bool:
    return current_session(desk.database, secret, now=desk.clock()) is not None
