"""Links with which a technician chooses a password: valid for 24 hours, once, and only the newest."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.actions.log_in import hashed_password, new_password_problem
from app.actions.team import end_password, locked_technician, not_on_oneself
from app.actions.tries import forget_networks
from app.core.notice import INVITATION, NewNotice, notice_id
from app.core.password import PasswordProblem
from app.store import invitations as store
from app.store.audit import record
from app.store.database import Database
from app.store.invitations import Invited
from app.store.notices import add_notices
from app.store.staff import set_password_hash

LIFE = timedelta(hours=24)
_LONGEST_SECRET = 64  # characters; a longer one is refused unread, ours have 43


class UnknownInvitation(Exception):
    """No invitation has this secret."""


class InvitationOver(Exception):
    """The invitation was used, replaced by a newer one or has expired, or its technician is disabled."""


class PasswordRefused(Exception):
    """The password is not accepted; the link stays valid."""

    def __init__(self, problem: PasswordProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class Disabled(Exception):
    """A disabled technician cannot be invited."""


def invite(
    database: Database, technician_id: int, *, by: int | None, now: datetime, without_password: bool = False
) -> str:
    """Make a link and return its secret, of which only a hash is stored; older links end.

    `without_password` ends the old password and all sessions at once. Raises NotThere, Disabled, OnOneself and
    LastAdministrator (see `actions/team.py`).
    """
    secret = secrets.token_urlsafe(32)

    def keep(connection: Connection) -> None:
        technician = locked_technician(connection, technician_id)
        not_on_oneself(technician, by=by)
        if technician.disabled:
            raise Disabled
        if without_password:
            end_password(connection, technician, by=by)
        store.add_invitation(connection, _hash(secret), technician_id, now, now + LIFE)
        record(connection, "technician.invited", technician.email, {"password_ended": without_password}, by=by, now=now)

    database.write(keep)
    return secret


def invited(database: Database, secret: str, *, now: datetime) -> Invited:
    """The technician that a link is for; does not use the link. Raises UnknownInvitation and InvitationOver."""
    if len(secret) > _LONGEST_SECRET:
        raise UnknownInvitation
    with database.read() as connection:
        found = store.invitation(connection, _hash(secret))
    if found is None:
        raise UnknownInvitation
    if found.is_over(now):
        raise InvitationOver
    return found


def mail_invitation(
    database: Database, secret: str, technician_id: int, site: str, seal: Callable[[str], str], *, now: datetime
) -> None:
    """Send the link by mail to its technician; the outbox keeps its secret encrypted. Raises UnknownInvitation and
    InvitationOver, also for another technician's."""
    if invited(database, secret, now=now).technician_id != technician_id:
        raise UnknownInvitation
    receiver = f"technician:{technician_id}"
    notice = NewNotice(
        id=notice_id(INVITATION, receiver, _hash(secret)),
        channel="mail",
        receiver=receiver,
        lane="mail",
        site=site,
        event=INVITATION,
        body=seal(secret),
        created_at=now,
        due_at=now,
    )
    database.write(lambda connection: add_notices(connection, [notice]))


def choose_password(database: Database, secret: str, password: str, *, now: datetime) -> Invited:
    """Use the link: set the password and end all earlier sessions.

    Raises UnknownInvitation, InvitationOver and PasswordRefused.
    """
    found = invited(database, secret, now=now)
    if problem := new_password_problem(password, found.email, found.name):
        raise PasswordRefused(problem)
    password_hash = hashed_password(password)

    def use(connection: Connection) -> bool:
        technician = locked_technician(connection, found.technician_id)
        if technician.disabled or not store.use_invitation(connection, _hash(secret), now):
            return False
        set_password_hash(connection, technician.email, password_hash)
        forget_networks(connection, technician.email)
        record(connection, "technician.password_chosen", technician.email, by=technician.id, now=now)
        return True

    if not database.write(use):
        raise InvitationOver
    return found


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
