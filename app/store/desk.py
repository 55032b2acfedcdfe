"""The desk's options."""

from sqlalchemy import Connection, select, update

from app.core.desk_options import DeskOptions
from app.store.sites import bump_generation
from app.store.tables import configuration


def load_desk_options(connection: Connection) -> DeskOptions:
    """The current options."""
    return DeskOptions.of(connection.execute(select(configuration.c.options)).scalar_one() or {})


def lock_desk_options(connection: Connection) -> DeskOptions:
    """Load the options and lock them against other changes until the transaction ends."""
    return DeskOptions.of(connection.execute(select(configuration.c.options).with_for_update()).scalar_one() or {})


def save_desk_options(connection: Connection, options: DeskOptions) -> None:
    """Store the options and tell every process."""
    connection.execute(update(configuration).values(options=options.stored()))
    bump_generation(connection)
