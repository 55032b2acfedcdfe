"""`handbell check`, `handbell worker`, and starts that must fail."""

import os
import signal
import socket
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from app.actions.seed import EXAMPLE_PEOPLE, seed
from tests.cli.command import COMMAND, Handbell
from tests.kept_files import keep
from tests.live_server import free_port
from tests.store.rows import NOW

pytestmark = pytest.mark.slow


def test_check_tells_what_is_good(filled: Handbell) -> None:
    told = filled.says("check")
    said = [line.split()[0] for line in told.splitlines()]
    assert said == ["settings", "keys", "database", "site", "files", "stun", "turn"]
    assert "site       default: good" in told
    assert "files      0 bytes of 2 GB" in told


def test_check_and_serve_say_when_nobody_is_administrator(filled: Handbell) -> None:
    assert "nobody is administrator" not in filled.says("check")
    assert filled.run("technician", "role", "dora@example.com", "supervisor").returncode == 0
    told = "warning    nobody is administrator; see: handbell technician role MAIL administrator"
    assert told in filled.says("check").splitlines()
    environment = {**os.environ, "HANDBELL_DATA_DIR": str(filled.data), "PORT": str(free_port())}
    with subprocess.Popen([str(COMMAND), "serve"], env=environment, stdout=-1, text=True) as process:
        assert process.stdout
        assert f"{told}\n" in list(iter(process.stdout.readline, "ready\n"))
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def test_example_people_are_warned_of_where_customers_come(handbell: Handbell) -> None:
    with handbell.database() as database:
        assert seed(database, now=NOW, demo=True)
    https = {"HANDBELL_PUBLIC_URL": "https://support.example.org"}
    assert "is an example" not in handbell.says("check")
    checked = handbell.run("check", **https)
    warned = [line.split()[1] for line in checked.stdout.splitlines() if "is an example" in line]
    assert (sorted(EXAMPLE_PEOPLE), checked.returncode) == (warned, 1)
    for email in warned:
        assert handbell.run("technician", "disable", email).returncode == 0
    assert handbell.run("check", **https).returncode == 0


@pytest.mark.postgres
@pytest.mark.parametrize(("seconds", "status"), [(0, 0), (10, 0), (-40, 1)])
def test_check_tells_of_a_clock_that_differs_from_the_databases(
    handbell: Handbell, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, seconds: int, status: int
) -> None:
    monkeypatch.setattr("app.cli.server.now", lambda: datetime.now(UTC) + timedelta(seconds=seconds))
    checked = handbell.run("check", HANDBELL_DATABASE_URL=postgresql_url)
    words = f"clock is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the database's"
    assert (words in checked.stdout, checked.returncode) == (bool(seconds), status)


@pytest.mark.parametrize(("size", "warned"), [(838_860, False), (838_861, True)])
def test_check_warns_when_files_take_four_fifths_of_their_room(filled: Handbell, size: int, warned: bool) -> None:
    with filled.database() as database:
        keep(database, bytes(size), datetime.now(UTC))
    checked = filled.run("check", HANDBELL_FILES_MAX="1M")
    assert "files      819.2 KB of 1 MB" in checked.stdout
    assert ("warning    files have taken 80 % of their room or more" in checked.stdout) is warned
    assert checked.returncode == 0


def test_check_fails_when_a_site_offers_what_is_not_there(filled: Handbell) -> None:
    filled.says("site", "set", "default", "--offer-department", "99", "--technician", "nobody@example.com")
    checked = filled.run("check")
    assert "it offers department 99, which is unknown or disabled" in checked.stdout
    assert "its technician nobody@example.com is unknown" in checked.stdout
    assert checked.returncode == 1


def test_wrong_settings_are_one_line_each(handbell: Handbell) -> None:
    assert handbell.fails("check", HANDBELL_THREADS="x").startswith("handbell: HANDBELL_THREADS: ")
    assert handbell.fails("check", HANDBELL_TREADS="1").startswith("handbell: HANDBELL_TREADS is not a setting")
    assert handbell.fails("site", "list", HANDBELL_DATA_DIR="/dev/null/x").startswith(
        "handbell: cannot open the database"
    )


def test_a_busy_port_is_one_line(handbell: Handbell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = handbell.fails("serve", PORT=str(port))
    assert line == f"handbell: port {port} on 127.0.0.1 is in use; set PORT to another one"
    assert not handbell.data.exists()


def test_an_unknown_command_fails_without_a_traceback(handbell: Handbell) -> None:
    finished = handbell.process("rign")
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1] == "handbell: No such command 'rign'."


def test_the_worker_ends_when_asked_to(handbell: Handbell) -> None:
    environment = {**os.environ, "HANDBELL_DATA_DIR": str(handbell.data)}
    process = subprocess.Popen([str(COMMAND), "worker"], env=environment, stdout=-1, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    process.stdout.close()
