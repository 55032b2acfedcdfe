"""After a failover or a restore the data may lack what was done last: nothing that was under way is opened again.

Sessions of the newest moments may exist at vendors without a trace here, and customers may have been told ticket
numbers that are not here.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from app.actions.hand_off import note_parked, tell_parked
from app.core.site import Site
from app.store.database import Database
from app.store.hand_offs import Parked, doubt
from app.store.installation import has_moved, move_in

log = structlog.get_logger()
_LONG_DUE = timedelta(minutes=1)  # longer than any failover: then it was a restore, and their customers are gone


def note_move(database: Database, sites: Callable[[str], Site | None], *, now: datetime) -> bool:
    """Doubt what was under way if the data has moved; True when this call noticed."""
    if not has_moved(database):
        return False

    def settle_in(connection: Connection) -> list[Parked] | None:
        if not move_in(connection, database):
            return None
        parked = doubt(connection, now - _LONG_DUE)
        for one in parked:
            tell_parked(connection, sites(one.site), one, now=now)
        return parked

    parked = database.write(settle_in)
    if parked is None:
        return False
    log.warning("database_moved", parked=len(parked))
    for one in parked:
        note_parked(one)
    return True
