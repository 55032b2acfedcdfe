"""PostgreSQL databases for tests: empty ones, and migrated ones that are emptied and reused.

Making and dropping a database takes a second of waiting, emptying one a hundredth of that.
"""

import secrets
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import psycopg

from app.store.database import Database
from app.store.migrate import migrate

SERVER = "127.0.0.1:5432"
_ADMIN = f"postgresql://postgres@{SERVER}/test"
_GROWN = 48 * 1024 * 1024  # bytes; a new one has 8 MB
_TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
_SEQUENCES = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public'"
# Tables, indexes, columns and triggers: a test that changes one of them spoils the database for the next test.
_SCHEMA = """SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
    SELECT c.relname::text || '.' || a.attname::text || ' ' || a.atttypid::text || a.attnotnull::text AS part
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT t.tgname::text || t.tgenabled::text FROM pg_trigger t WHERE NOT t.tgisinternal) AS parts"""
_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True)
class _Fresh:
    """The content of an unused migrated database: its schema, rows as COPY writes them, and sequences."""

    schema: str
    rows: dict[str, bytes]
    sequences: dict[str, tuple[int, bool]]


class _Migrated:
    """A migrated database and the connection that empties it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._connection = psycopg.connect(f"postgresql://postgres@{SERVER}/{name}", autocommit=True)
        # So that neither foreign keys nor the append-only audit log prevent the emptying.
        self._connection.execute("SET session_replication_role = replica")
        self._connection.execute("SET synchronous_commit = off")
        self._connection.execute("SET lock_timeout = '10s'")

    def look(self) -> _Fresh:
        tables = {table: self._copied(table) for (table,) in self._connection.execute(_TABLES).fetchall()}
        sequences = {name: self._at(name) for (name,) in self._connection.execute(_SEQUENCES).fetchall()}
        return _Fresh(self._one(_SCHEMA), tables, sequences)

    def reset(self, fresh: _Fresh) -> bool:
        """Restore the initial content; False when that fails or the database has grown, and it must be dropped."""
        self._connection.execute(_OTHERS)
        if self._one(_SCHEMA) != fresh.schema or self._one("SELECT pg_database_size(current_database())") > _GROWN:
            return False
        try:
            with self._connection.transaction():
                self._fill(fresh)
        except psycopg.errors.LockNotAvailable:
            return False
        return True

    def close(self) -> None:
        self._connection.close()

    def _fill(self, fresh: _Fresh) -> None:
        for table, rows in fresh.rows.items():
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a quoted name
            if rows:
                with self._connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)
        for name, (value, called) in fresh.sequences.items():
            self._connection.execute("SELECT setval(%s, %s, %s)", (name, value, called))

    def _copied(self, table: str) -> bytes:
        with self._connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
            return b"".join(bytes(part) for part in copy)

    def _at(self, sequence: str) -> tuple[int, bool]:
        found = self._connection.execute(f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608 - a quoted name
        value, called = found.fetchall()[0]
        return value, called

    def _one(self, query: str) -> Any:
        return self._connection.execute(query).fetchall()[0][0]


class PostgresqlDatabases:
    """All databases of a session; they are dropped in the background and at its end."""

    def __enter__(self) -> Self:
        self._admin = psycopg.connect(_ADMIN, autocommit=True)
        self._dropper = ThreadPoolExecutor(1)
        self._drops: list[Future[None]] = []
        self._spare: list[_Migrated] = []
        self._fresh: _Fresh | None = None
        return self

    def __exit__(self, *_error: object) -> None:
        for migrated in self._spare:
            self._drop(migrated)
        self._dropper.shutdown()
        self._admin.close()
        for drop in self._drops:
            drop.result()

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The address of a database without tables."""
        name = self._create()
        yield _address(name)
        self._drops.append(self._dropper.submit(_drop_database, name))

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """The address of a database with the current schema and its initial content."""
        taken = self._spare.pop() if self._spare else self._migrate()
        yield _address(taken.name)
        assert self._fresh
        if taken.reset(self._fresh):
            self._spare.append(taken)
        else:
            self._drop(taken)

    def _migrate(self) -> _Migrated:
        name = self._create()
        database = Database(_address(name))
        migrate(database)
        database.close()
        made = _Migrated(name)
        self._fresh = self._fresh or made.look()
        return made

    def _create(self) -> str:
        name = f"handbell_test_{secrets.token_hex(6)}"
        self._admin.execute(f'CREATE DATABASE "{name}"')
        return name

    def _drop(self, migrated: _Migrated) -> None:
        migrated.close()
        self._drops.append(self._dropper.submit(_drop_database, migrated.name))


def _address(name: str) -> str:
    return f"postgresql+psycopg://postgres@{SERVER}/{name}"


def _drop_database(name: str) -> None:
    with psycopg.connect(_ADMIN, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
