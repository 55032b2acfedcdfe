"""Brings the database to the newest schema, once, for any number of processes that start at the same time."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from app.files.resources import resource
from app.store.database import Database, DatabaseUnusable

if TYPE_CHECKING:
    from alembic.config import Config

# The newest revision. A test compares it with the migrations folder; reading that folder here needs Alembic, whose
# import takes half of a start.
HEAD = "0013"


def migrate(database: Database) -> None:
    """Apply missing migrations. Raises DatabaseUnusable when the database is newer than this program."""
    database.check()
    with database.read() as connection:
        if _revision(connection) == HEAD:
            return
    with database.exclusive() as connection:
        found = _revision(connection)
        if found == HEAD:
            return
        _upgrade(connection, found)


def alembic_config(connection: Connection) -> "Config":
    """Alembic's configuration for our migrations on this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resource("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError:
        raise DatabaseUnusable(
            f"the database is of a newer Handbell (schema {found}); run that version, or restore a backup"
        ) from None
