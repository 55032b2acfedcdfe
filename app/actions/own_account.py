"""Changes that technicians make to their own account."""

import secrets
from datetime import datetime

from sqlalchemy import Connection

from app.actions.log_in import Proof, hashed_password, proven, session_hash
from app.actions.tries import Turns, WrongLogin, wait_for_turn
from app.store import account as store
from app.store.audit import record
from app.store.console_sessions import end_session, end_sessions, public_id, renew_session
from app.store.database import Database
from app.store.invitations import end_invitations
from app.store.log_in_tries import forget_other_networks


def change_password(
    database: Database, proof: Proof, password: str, about: tuple[str, ...], keep: str, *, now: datetime, turns: Turns
) -> str:
    """Set the password; end every session but the one with the secret `keep`, and forget every known network but this
    one. Returns the new secret of the session that goes on.

    Raises ValueError (see hashed_password), WrongLogin or Busy.
    """
    wait_for_turn(turns, familiar=True)
    fresh, secret = hashed_password(password, *about), secrets.token_urlsafe(32)

    def change(connection: Connection) -> bool:
        account = proven(connection, proof)
        if account is None:
            return False
        store.change_password(connection, account.id, fresh)
        end_invitations(connection, account.id, now)
        end_sessions(connection, account.id, keep=public_id(session_hash(keep)))
        renew_session(connection, session_hash(keep), session_hash(secret))
        forget_other_networks(connection, proof.tried.owner, proof.tried.network)
        record(connection, "password.changed", account.email, by=account.id, now=now)
        return True

    if not database.write(change):
        raise WrongLogin
    return secret


def end_one_session(database: Database, technician_id: int, which: str) -> bool:
    """End the technician's session with this public id; False when they have no such session."""
    return database.write(lambda connection: end_session(connection, technician_id, which))


def end_other_sessions(database: Database, technician_id: int, keep: str) -> int:
    """End all sessions but the one with the secret `keep`; returns how many."""
    kept = public_id(session_hash(keep))
    return database.write(lambda connection: end_sessions(connection, technician_id, keep=kept))
