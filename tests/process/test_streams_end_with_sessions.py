"""A stream of changes at a real server ends with its session, in every process and on every host."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live_server import LiveServer, serving
from tests.process.console_at_server import Console, hear_change, hear_the_end

pytestmark = pytest.mark.slow

ROBIN = ("robin@example.com", "a-password-for-robin")
SAM = ("sam@example.com", "a-password-for-sam")
_STREAMS = 8  # of two processes: each has some, but for one time in a hundred


def let_in(live: LiveServer, email: str, password: str) -> Console:
    live.run("technician", "password", email, "--password-file", "-", stdin=f"{password}\n")
    return Console(live, email, password)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("sessions"), HANDBELL_PROCESSES="2") as server:
        yield server


@pytest.mark.parametrize("end", ["log out", "password", "other role", "disable"])
def test_all_streams_of_a_session_end_with_it(live: LiveServer, end: str) -> None:
    robin, sam = let_in(live, *ROBIN), let_in(live, *SAM)
    with ExitStack() as stack:
        ending = [stack.enter_context(robin.stream()) for _ in range(_STREAMS)]
        staying = [stack.enter_context(sam.stream()) for _ in range(_STREAMS)]
        if end == "log out":
            robin.log_out()
        elif end == "password":
            live.run("technician", "password", ROBIN[0], "--password-file", "-", stdin="another-password-for-robin\n")
        elif end == "disable":
            live.run("technician", "disable", ROBIN[0])
        else:
            live.run("technician", "role", ROBIN[0], "supervisor")
        for client in ending:
            hear_the_end(client)
        sam.ask()
        for client in staying:
            hear_change(client)
    assert robin.status("/console/changes") == 401
    assert sam.status("/console/changes") == 200


@pytest.mark.postgres
def test_a_log_out_at_one_host_ends_the_streams_of_another(tmp_path: Path, postgresql_url: str) -> None:
    shared = {
        "HANDBELL_DATABASE_URL": postgresql_url,
        "HANDBELL_KEYS_FILE": str(tmp_path / "keys"),
        "HANDBELL_PROCESSES": "1",
    }
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with serving(tmp_path / "one", **shared) as one, serving(tmp_path / "other", **shared) as other:
        console = Console(one, *one.first_log_in)
        staying = let_in(one, *SAM)
        with console.stream() as here, console.stream(at=other) as there, staying.stream(at=other) as stays:
            console.log_out()
            hear_the_end(here)
            hear_the_end(there)
            staying.ask()
            hear_change(stays)
