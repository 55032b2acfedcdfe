"""The database, the keys and the time for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from app.cli.output import say_warning
from app.keys.key_file import BadKeys, ensure_keys, keys_held, read_keys
from app.keys.seal import Sealer
from app.process.commands_log import CommandsLog
from app.settings import Settings, load_settings
from app.store.database import Database
from app.store.migrate import migrate


@contextmanager
def open_database(settings: Settings | None = None) -> Iterator[Database]:
    """The configured database, migrated; closed at the end."""
    settings = settings or load_settings()
    database = Database(settings.database)
    database.listen(commands_log(settings).act)
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def commands_log(settings: Settings) -> CommandsLog:
    """Where this command tells of security events."""
    return CommandsLog(settings.security_spool, settings.keys_path, say_warning)


@contextmanager
def open_sealer(settings: Settings) -> Iterator[Sealer]:
    """A sealer; until the block ends no key is removed on this host, so store what was sealed before then.

    Makes the keys file when there is none. Raises BadKeys.
    """
    try:
        ensure_keys(settings.keys_path, now())
    except OSError as error:
        raise BadKeys(f"cannot write the keys file {settings.keys_path}: {error.strerror}") from None
    with keys_held(settings.keys_path):
        yield Sealer([key.secret for key in read_keys(settings.keys_path)])


def today() -> date:
    """The later of this machine's local date and the UTC date, so that no day that has begun counts as future."""
    return max(now().date(), now().astimezone().date())


def now() -> datetime:
    """The current time, as aware UTC."""
    return datetime.now(UTC)
