"""The keys of several hosts on one database: one secret for all, and a rotation reaches each of them by itself."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.forked import HANDBELL
from tests.live_server import LiveServer, clean_environment, free_port, serving
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
LOST_IN = "is missing: every host needs the keys file of the one that started first"


@dataclass(slots=True)
class FirstStart:
    """A `handbell serve` that may refuse to start."""

    process: subprocess.Popen[str]
    ready: bool = False

    def watch(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.ready |= line == "ready\n"


@contextmanager
def first_start(folder: Path, url: str) -> Iterator[FirstStart]:
    folder.mkdir()
    environment = clean_environment(folder / "data", PORT=str(free_port()), HANDBELL_DATABASE_URL=url)
    process = subprocess.Popen(
        [HANDBELL, "serve"],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started = FirstStart(process)
    watcher = threading.Thread(target=started.watch)
    watcher.start()
    with process:
        yield started
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        watcher.join()


def test_of_three_first_starts_at_once_one_makes_the_keys_and_the_others_say_so(
    tmp_path: Path, postgresql_url: str
) -> None:
    folders = [tmp_path / f"host-{number}" for number in range(3)]
    with ExitStack() as all_of_them:
        starts = [all_of_them.enter_context(first_start(folder, postgresql_url)) for folder in folders]
        assert until(lambda: sum(start.ready for start in starts) == 1, within=60)
        assert until(lambda: sum(start.process.poll() is not None for start in starts) == 2, within=60)
        for start in starts:
            if not start.ready:
                assert start.process.stderr
                (line,) = start.process.stderr.read().splitlines()
                assert LOST_IN in line
                assert start.process.returncode == 1
    assert [(folder / "data" / "keys").exists() for folder in folders] == [start.ready for start in starts]


def ask(server: LiveServer, method: str, path: str, **form: str) -> tuple[int, str]:
    """The status of the answer and where it leads."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Location") or ""
    finally:
        connection.close()


def hand_in(server: LiveServer, token: str) -> str:
    status, status_page = ask(server, "POST", "/s/default", form_token=token, customer_name="Zoë")
    assert status == 303
    return status_page


def leads_to(page: str) -> str:
    """A status page's address without its signature."""
    return page.rpartition(".")[0]


def test_a_rotation_and_a_revocation_on_one_host_are_followed_by_the_other(tmp_path: Path, postgresql_url: str) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    settings = {"HANDBELL_DATABASE_URL": postgresql_url, "HANDBELL_PROCESSES": "1"}
    with serving(tmp_path / "one", **settings) as one:
        secret = (one.data_dir / "keys").read_text("ascii")
        with serving(tmp_path / "two", HANDBELL_KEYS=secret, **settings) as two:
            old_form = one.form_token()
            old_page = hand_in(one, old_form)
            (old,) = (row["kid"] for row in one.run_json("keys", "list"))
            one.run("keys", "rotate")
            new_form = one.form_token()
            new_page = hand_in(two, new_form)
            assert ask(one, "GET", new_page)[0] == 200
            for server in (one, two):
                assert leads_to(hand_in(server, old_form)) == leads_to(old_page), "the same form is the same request"
                assert ask(server, "GET", old_page)[0] == 200
            two.run("keys", "revoke", old)
            for server in (one, two):
                assert until(lambda server=server: ask(server, "GET", old_page)[0] == 404, within=20, every=0.5)
                assert ask(server, "GET", new_page)[0] == 200
            assert not (two.data_dir / "keys").exists()
