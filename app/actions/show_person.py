"""The sender of a suspect request shows to be a person, and the request goes on."""

from datetime import datetime

from sqlalchemy import Connection

from app.actions.submit import Once
from app.core.request import RequestState
from app.store.database import Database
from app.store.hand_offs import release
from app.store.requests import request_by_reference, spend


def show_person(database: Database, reference: str, check: Once | None, *, now: datetime) -> bool:
    """Make a suspect request due at once, with a solved check or, where a question was answered instead, without one.

    False when the check was used before. A request that is suspect no more is left as it is.
    """

    def go_on(connection: Connection) -> bool:
        request = request_by_reference(connection, reference)
        if request is None or request.state is not RequestState.SUSPECT:
            return True
        if check and not spend(connection, check.purpose, check.id, check.expires_at):
            return False
        return release(connection, reference, now)

    return database.write(go_on)
