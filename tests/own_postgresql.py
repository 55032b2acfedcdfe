"""PostgreSQL servers of a test's own, which it may stop, promote and lose.

    with own_postgresql() as first:
        with first.standby() as second:
            first.stop("immediate")
            second.promote()

PostgreSQL refuses to run as root: then it runs as `postgres`, in a folder of its own below the system's.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest

from app.settings import ci
from tests.live_server import free_port
from tests.waiting import until

_FASTER = "fsync=off\nfull_page_writes=off\nshared_buffers=16MB\nwal_retrieve_retry_interval=200ms\n"
_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class OwnPostgresql:
    """A server on a port of 127.0.0.1, with its files in `folder`."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """The address of its database `handbell`."""
        return self.url_of("handbell")

    def url_of(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        self._control("start", "-w", "-l", str(self.folder / "log"), "-o", f"-p {self.port}")

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it. `immediate` is as a crash of the server."""
        self._control("stop", "-w", "-m", mode)

    @property
    def is_running(self) -> bool:
        return _run("pg_ctl", "status", "-D", str(self.folder), check=False).returncode == 0

    def promote(self) -> None:
        """Make this standby take writes."""
        self._control("promote", "-w")

    def set(self, **settings: str) -> None:
        """Change settings of the running server."""
        for name, value in settings.items():
            self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.execute("SELECT pg_reload_conf()")

    def execute(self, statement: str, *values: object, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Execute one statement outside a transaction and return its rows."""
        address = f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
            done = connection.execute(statement, values or None)
            return done.fetchall() if done.description else []

    @contextmanager
    def standby(self, *, name: str = "standby") -> Iterator["OwnPostgresql"]:
        """A running standby of this server, which follows it by streaming. `name` is for synchronous_standby_names."""
        with _place() as folder:
            link = f"host=127.0.0.1 port={self.port} user=postgres application_name={name}"
            _run("pg_basebackup", "-D", str(folder), "-d", link, "-R", "-c", "fast", "--no-sync")
            made = OwnPostgresql(folder, free_port())
            with made.running():
                follows = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"
                assert until(lambda: self.execute(follows), _WITHIN)
                yield made

    @contextmanager
    def running(self) -> Iterator["OwnPostgresql"]:
        """The server, running in this block unless it is stopped."""
        self.start()
        try:
            yield self
        finally:
            if self.is_running:
                self.stop("immediate")

    def _control(self, action: str, *options: str) -> None:
        done = _run("pg_ctl", action, "-D", str(self.folder), "-s", *options, check=False)
        log = self.folder / "log"
        assert done.returncode == 0, f"{action}: {done.stderr}{log.read_text() if log.exists() else ''}"


@contextmanager
def own_postgresql(**settings: str) -> Iterator[OwnPostgresql]:
    """A running server with an empty database `handbell`, gone when the block ends."""
    with _place() as folder:
        _run("initdb", "-D", str(folder), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        given = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        fixed = "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
        with (folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"{fixed}{_FASTER}{given}")
        with OwnPostgresql(folder, free_port()).running() as made:
            made.execute("CREATE DATABASE handbell")
            yield made


@contextmanager
def _place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="handbell-postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        folder.chmod(0o700)
        yield folder
    finally:
        shutil.rmtree(folder)


def _run(name: str, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    # Its output goes to a file, not to a pipe: the server that pg_ctl starts would keep that open.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        done = subprocess.run(
            [*_as_its_user(), _program(name), *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said.seek(0)
        finished = subprocess.CompletedProcess(done.args, done.returncode, stderr=said.read())
    assert not check or finished.returncode == 0, f"{name}: {finished.stderr}"
    return finished


def _as_its_user() -> list[str]:
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def _program(name: str) -> str:
    installed = sorted(str(folder) for folder in Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which(name, path=os.pathsep.join([*reversed(installed), os.environ.get("PATH", "")]))
    if found is None:
        (pytest.fail if ci() else pytest.skip)(f"no {name} on this machine: install PostgreSQL's server")
    return found
