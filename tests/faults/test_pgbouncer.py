"""Two hosts behind PgBouncer, one in session and one in transaction mode, while PostgreSQL and PgBouncer restart."""

import getpass
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.scene import scene
from tests.live_server import free_port
from tests.own_postgresql import OwnPostgresql, own_postgresql
from tests.proxies import listens, program
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
_QUIET, _RESTARTED = "through PgBouncer", "PgBouncer restarts"


class PgBouncer:
    """A pooler on a port of its own. In `mode` session it ignores our options, as the documentation says."""

    def __init__(self, folder: Path, server: OwnPostgresql, mode: str) -> None:
        self.port = free_port()
        self._file = folder / f"pgbouncer-{mode}.ini"
        users = folder / "users.txt"
        users.write_text('"postgres" ""\n', "ascii")
        ignored = "ignore_startup_parameters = options" if mode == "session" else ""
        self._file.write_text(
            f"""
            [databases]
            handbell = host=127.0.0.1 port={server.port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {self.port}
            unix_socket_dir =
            auth_type = trust
            auth_file = {users}
            pool_mode = {mode}
            default_pool_size = {40 if mode == "session" else 10}
            {ignored}
            """.replace("            ", ""),
            "ascii",
        )
        self._process: subprocess.Popen[bytes] | None = None
        for path in (folder, self._file, users):
            path.chmod(0o755)

    @property
    def url(self) -> str:
        mark = "?pgbouncer=true" if "transaction" in self._file.name else ""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/handbell{mark}"

    def start(self) -> None:
        # It refuses to run as root.
        user = ["-u", "postgres"] if os.geteuid() == 0 else ["-u", getpass.getuser()]
        log = self._file.with_suffix(".log").open("ab")
        with log:
            self._process = subprocess.Popen([program("pgbouncer"), *user, self._file], stdout=log, stderr=log)
        assert until(lambda: listens(self.port)), self._file.with_suffix(".log").read_text("utf-8")

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def running(self) -> Iterator["PgBouncer"]:
        self.start()
        try:
            yield self
        finally:
            self.stop()


def test_hosts_work_through_pgbouncer_in_both_modes(tmp_path: Path) -> None:
    place = tmp_path / "pgbouncer"
    place.mkdir()
    open_to_others(place)
    with (
        own_postgresql() as server,
        PgBouncer(place, server, "session").running() as session,
        PgBouncer(place, server, "transaction").running() as transaction,
    ):
        server.execute("ALTER ROLE postgres SET statement_timeout = '30s'")
        each = [{"HANDBELL_DATABASE_URL": pooler.url} for pooler in (session, transaction)]
        with scene(tmp_path / "hosts", server.url, each) as here, here.calls() as callers:
            with callers.during(_QUIET):
                callers.more(6)
            with callers.during(_RESTARTED):
                for pooler in (transaction, session):
                    pooler.stop()
                    pooler.start()
                    callers.more(2)
            callers.stop()
            told = here.outcomes(callers, _QUIET, _RESTARTED)
            assert [one.row for one in told if one.failed and one.drill == _QUIET] == []
            assert "prepared statement" not in here.hosts.logs


def open_to_others(folder: Path) -> None:
    """Let another user read what is in this folder of a test."""
    for path in (folder, *folder.parents):
        if path.owner() == getpass.getuser() and path != Path("/tmp"):
            path.chmod(path.stat().st_mode | 0o011)
