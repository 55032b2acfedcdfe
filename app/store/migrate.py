"""Brings the database to the newest schema, once, for any number of processes that start at the same time.

A program runs on a newer schema too, where all migrations in between say that it may (`compatible_from`): so hosts can
be upgraded one after the other.
"""

from types import ModuleType
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, inspect

from app.files.resources import resource
from app.store.database import Database, DatabaseUnusable
from app.store.installation import compatible_from, set_compatible_from

if TYPE_CHECKING:
    from alembic.config import Config

# The newest revision. A test compares it with the migrations folder; reading that folder here needs Alembic, whose
# import takes half of a start.
HEAD = "0062"
log = structlog.get_logger()


def migrate(database: Database) -> None:
    """Apply missing migrations. Raises DatabaseUnusable when the database is too new for this program."""
    database.check()
    with database.read() as connection:
        if _is_good(connection):
            return
    with database.exclusive() as connection:
        if not _is_good(connection):
            _upgrade(connection)


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


def _is_good(connection: Connection) -> bool:
    """Whether this program can run on the schema as it is. Raises DatabaseUnusable when it is too new."""
    found = _revision(connection)
    if found is None or found < HEAD:
        return False
    if found > HEAD:
        if (oldest := compatible_from(connection)) is None or oldest > HEAD:
            raise DatabaseUnusable(
                f"the database is of a newer Handbell (schema {found}); run that version, or restore a backup"
            )
        log.info("schema_newer", schema=found, own=HEAD)
    return True


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    command.upgrade(config, "head")
    migrations = ScriptDirectory.from_config(config).walk_revisions()
    set_compatible_from(connection, max(oldest_compatible(each.module) for each in migrations))


def oldest_compatible(migration: ModuleType) -> str:
    """The oldest schema whose programs run on what this migration makes; its own unless it says otherwise."""
    found: str = getattr(migration, "compatible_from", migration.revision)
    return found
