"""The database, the keys and the time for one command."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from app.cli.output import say_warning
from app.core.poke import Poke
from app.keys.signing_key import BadKeys
from app.process.commands_log import CommandsLog
from app.process.poke_pipes import PokePipes
from app.settings import Settings, load_settings
from app.store.audit import Act
from app.store.database import DATABASE_FAULTS, Database
from app.store.migrate import migrate

if TYPE_CHECKING:
    from app.process.keyring import KeyRing


@contextmanager
def open_database(settings: Settings | None = None) -> Iterator[Database]:
    """The configured database, migrated; closed at the end."""
    settings = settings or load_settings()
    if not structlog.is_configured():
        structlog.configure(logger_factory=_to_standard_error)
    database = Database(settings.database)
    database.listen(partial(_on_disk, commands_log(database, settings), PokePipes(settings.pokes_dir)))
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def _to_standard_error(*_args: Any) -> structlog.PrintLogger:
    """Where a command logs: its standard output is what was asked for, and nothing else."""
    return structlog.PrintLogger(sys.stderr)


def _on_disk(log: CommandsLog, pipes: PokePipes, what: Act | Poke) -> None:
    if isinstance(what, Poke):
        pipes.send(what)
    else:
        log.act(what)


def commands_log(database: Database, settings: Settings) -> CommandsLog:
    """Where this command tells of security events."""
    return CommandsLog(settings.security_spool, partial(stored_secrets, database, settings), say_warning)


# Most commands need no keys, and loading what opens them takes a fifth of a short command.


def stored_secrets(database: Database, settings: Settings) -> list[bytes]:
    """The secrets of the keys in the database, the newest first; none before the first start, or where this host
    cannot open them."""
    from app.actions.signing_keys import opened_keys
    from app.keys.installation_secret import installation_secret

    try:
        with database.read() as connection:
            return [key.secret for key in opened_keys(connection, installation_secret(settings))]
    except (BadKeys, *DATABASE_FAULTS):
        return []


def open_keys(database: Database, settings: Settings) -> "KeyRing":
    """The keys; makes them when there are none. Raises BadKeys."""
    from app.keys.installation_secret import installation_secret
    from app.process.keyring import KeyRing

    return KeyRing(database, installation_secret(settings), now)


def today() -> date:
    """The later of this machine's local date and the UTC date, so that no day that has begun counts as future."""
    return max(now().date(), now().astimezone().date())


def now() -> datetime:
    """The current time, as aware UTC."""
    return datetime.now(UTC)
