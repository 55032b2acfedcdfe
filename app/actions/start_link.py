"""Links that start a request's session: short-lived, and renewed for a customer who comes back."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.core.links import new_link_id
from app.store.database import Database
from app.store.requests import StartLink, insert_link, newest_link

START_LINK_LIFE = timedelta(minutes=15)


def new_start_link(reference: str, *, now: datetime) -> StartLink:
    """A link that starts the session of this request within 15 minutes."""
    return StartLink(new_link_id(), reference, now + START_LINK_LIFE)


def ensure_start_link(database: Database, reference: str, *, now: datetime) -> StartLink:
    """A link that stays valid for at least a minute: the newest unopened one, or a new one."""

    def fresh(connection: Connection) -> StartLink:
        link = newest_link(connection, reference)
        if link and link.opens == 0 and link.expires_at > now + timedelta(minutes=1):
            return link
        link = new_start_link(reference, now=now)
        insert_link(connection, link)
        return link

    return database.write(fresh)
