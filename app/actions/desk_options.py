"""Change the desk's options, from the console or the command line."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.core.desk_options import DeskOptions
from app.core.text import Invalid
from app.store.audit import record
from app.store.database import Database
from app.store.desk import lock_desk_options, save_desk_options


def change_desk_options(database: Database, changes: dict[str, Any], *, by: int | None, now: datetime) -> DeskOptions:
    """Save these changes with a line in the audit log, and return the new options; equal values are no change.

    Raises Invalid.
    """

    def change(connection: Connection) -> DeskOptions:
        old = lock_desk_options(connection)
        new = replace(old, **changes)
        if wrong := new.problems():
            raise Invalid(*wrong)
        before = asdict(old)
        detail = {name: [before[name], value] for name, value in asdict(new).items() if value != before[name]}
        if detail:
            save_desk_options(connection, new)
            record(connection, "desk.changed", "desk", detail, by=by, now=now)
        return new

    return database.write(change)
