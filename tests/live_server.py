"""The real `handbell serve`, as a separate process on a free port with its own folder.

    from tests.live_server import live_server  # noqa: F401 - a fixture: one server for a whole module

or, for special settings, `with serving(tmp_path, HANDBELL_PROCESSES="1") as server: …`.
"""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.core.links import Link, LinkSigner, Purpose, new_link_id
from app.process.signed_links import FORM_LIFE
from app.store.database import Database
from app.store.tables import technicians
from tests.forked import HANDBELL, Forked
from tests.in_process import run_in_process
from tests.keys_in_use import keys_at

_START_WITHIN = 60.0  # seconds, on a machine that is busy with other tests
_END_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A running server. `said` are the lines that it printed before `ready`; `log_file` is its standard error."""

    base_url: str
    port: int
    data_dir: Path
    log_file: Path
    pid: int
    said: tuple[str, ...]
    environment: dict[str, str]

    def run(self, *arguments: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`handbell <arguments>` on this server's data, in the tests' process; with `check` a failed command fails the
        test."""
        done = run_in_process(arguments, self.environment, self.data_dir.parent, stdin or "")
        assert not check or done.returncode == 0, f"handbell {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def run_json(self, *arguments: str) -> Any:
        """What `handbell <arguments> --json` prints."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def uid(self, site: str = "default") -> str:
        """The account key of a site."""
        return str(self.run_json("site", "show", site)["uid"])

    def form_token(self, site: str = "default") -> str:
        """The token of a request form that has been open for a while."""
        now = datetime.now(UTC)
        signer = LinkSigner([key.secret for key in keys_at(self.database_url, self.data_dir / "keys")[:1]])
        return signer.sign(Link(Purpose.FORM, new_link_id(), now + FORM_LIFE - timedelta(minutes=1), site))

    @property
    def database_url(self) -> str:
        """The address of its database."""
        return self.environment.get("HANDBELL_DATABASE_URL") or f"sqlite:///{self.data_dir / 'handbell.sqlite3'}"

    @property
    def first_log_in(self) -> tuple[str, str]:
        """The first technician's mail and password as printed, after marking the password as chosen."""
        return printed_log_in(self.said, self.database_url)

    @property
    def log(self) -> str:
        """All that it has written to standard error."""
        return self.log_file.read_text("utf-8")


def printed_log_in(said: Sequence[str], database: str) -> tuple[str, str]:
    """The mail and password that a first start printed; the password then no longer has to be changed."""
    (line,) = (line for line in said if line.startswith("first log-in"))
    _first, _log_in, email, _password, password, *_rest = line.split()
    chosen = update(technicians).where(technicians.c.email == email).values(password_temporary=False)
    with closing(Database(database)) as opened:
        opened.write(lambda connection: connection.execute(chosen))
    return email, password


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[LiveServer]:
    """`handbell serve` in `folder`, with its data in `folder/data`; ended by SIGINT.

    `settings` are environment variables. Its port is free when asked for; PORT fixes it.
    """
    port = int(settings.pop("PORT", 0)) or free_port()
    data_dir = folder / "data"
    environment = clean_environment(data_dir, PORT=str(port), **settings)
    log_file = folder / "serve.log"
    process = Forked("serve", environment, folder, log_file)
    try:
        said = _until_ready(process, log_file)
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield LiveServer(f"http://127.0.0.1:{port}", port, data_dir, log_file, process.pid, said, environment)
        end(process)
        drain.join()
    finally:
        _kill(process)
        process.close()


@pytest.fixture(scope="module")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for a whole module, with the demo desk: departments 10 and 20; alex, robin and sam."""
    with serving(tmp_path_factory.mktemp("live")) as server:
        yield server


def clean_environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """This process's environment with only these settings of Handbell."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HANDBELL_") and name != "PORT"}
    return {**kept, "HANDBELL_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1", **settings}


def run_handbell(
    arguments: Sequence[str], environment: dict[str, str], folder: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `handbell <arguments>` in `folder`; returns any result."""
    return subprocess.run(
        [HANDBELL, *arguments],
        env=environment,
        cwd=folder,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_START_WITHIN,
        check=False,
    )


def free_port() -> int:
    """A port on which no process listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end(process: Forked) -> None:
    """Send Ctrl-C. Fails when the process does not end by itself with status 0."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGINT)
    assert process.wait(_END_WITHIN) == 0


def _until_ready(process: Forked, log_file: Path) -> tuple[str, ...]:
    """The lines before `ready`; fails with the output so far when it is late or ends early."""
    late = threading.Timer(_START_WITHIN, _kill, (process,))
    late.start()
    said: list[str] = []
    try:
        for line in process.stdout:
            if line.rstrip("\n") == "ready":
                return tuple(said)
            said.append(line.rstrip("\n"))
    finally:
        late.cancel()
        late.join()
    pytest.fail(f"handbell serve never was ready\n{chr(10).join(said)}\n{log_file.read_text('utf-8')}")


def _kill(process: Forked) -> None:
    """Kill a server that did not end, with its children: it has its own session."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_END_WITHIN)
