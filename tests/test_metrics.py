"""Metrics: every process counts, the sum is shown, and files of dead processes are removed at the next start."""

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app import metrics
from app.core.request import RequestState
from app.store.backlog import Backlog
from tests.exposition import figures
from tests.forked import HANDBELL
from tests.live_server import LiveServer, clean_environment, run_handbell, serving

COUNT = """
import sys
from pathlib import Path
from app import metrics
metrics.share(Path(sys.argv[1]))
metrics.forget_dead_processes(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    metrics.handed_off("default", "take-control", "opened", 0.3, False)
metrics.in_flight("default", 1)
metrics.in_flight("other", -1)
metrics.breaker("default", sys.argv[3])
print("counted", flush=True)
sys.stdin.readline()
sys.stdout.buffer.write(metrics.page(None))
"""


class Process:
    """A process that counts in a folder and lives until it is told to show the metrics."""

    def __init__(self, folder: Path, hand_offs: int, breaker: str = "closed") -> None:
        command = [sys.executable, "-c", COUNT, str(folder), str(hand_offs), breaker]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        assert self._process.stdout.readline() == "counted\n"

    def shown(self) -> dict[str, float]:
        page, _ = self._process.communicate("\n")
        assert self._process.returncode == 0
        return figures(page)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


HAND_OFFS = 'handbell_handoffs_total{backend="take-control",outcome="opened",site="default"}'
IN_FLIGHT = 'handbell_handoffs_in_flight{site="default"}'
BREAKER = 'handbell_breaker_state{site="default"}'
SUBMITTED = 'handbell_requests_submitted_total{site="default",source="page"}'


def test_processes_are_added_up_and_the_worst_breaker_shows(tmp_path: Path) -> None:
    first, second = Process(tmp_path, 2, "open"), Process(tmp_path, 3, "half_open")
    shown = first.shown()
    assert (shown[HAND_OFFS], shown[IN_FLIGHT], shown[BREAKER]) == (5, 2, 2)
    assert shown['handbell_handoff_seconds_bucket{backend="take-control",le="0.25",outcome="opened"}'] == 0
    assert shown['handbell_handoff_seconds_bucket{backend="take-control",le="0.5",outcome="opened"}'] == 5
    assert shown['handbell_handoff_seconds_sum{backend="take-control",outcome="opened"}'] == pytest.approx(1.5)
    second.kill()


def test_a_dead_process_s_files_go_at_the_next_start_and_a_living_one_s_stay(tmp_path: Path) -> None:
    living, dead = Process(tmp_path, 2), Process(tmp_path, 30)
    assert len(list(tmp_path.glob("*.lock"))) == 2
    dead.kill()
    shown = Process(tmp_path, 1).shown()
    assert (shown[HAND_OFFS], shown[IN_FLIGHT]) == (3, 2)
    assert living.shown()[HAND_OFFS] == 3
    metrics.forget_dead_processes(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_process_said_of_its_present_goes_when_it_ends_and_its_counts_stay(tmp_path: Path) -> None:
    living, dead = Process(tmp_path, 2), Process(tmp_path, 30, "open")
    dead.kill()
    metrics.forget_dead_gauges(tmp_path)
    shown = living.shown()
    assert (shown[HAND_OFFS], shown[IN_FLIGHT], shown[BREAKER]) == (32, 1, 0)


def test_files_are_whole_from_the_start_and_their_owner_s_alone(tmp_path: Path) -> None:
    process = Process(tmp_path / "metrics", 1)
    sizes = [path.stat().st_blocks * 512 >= path.stat().st_size for path in (tmp_path / "metrics").glob("*.db")]
    assert sizes == [True] * 4
    assert (tmp_path / "metrics").stat().st_mode & 0o077 == 0
    process.kill()


def test_a_folder_that_cannot_be_written_to_costs_the_sum_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code = (
        "import sys; from pathlib import Path; from app import metrics; metrics.share(Path(sys.argv[1]));"
        "metrics.submitted('default', 'page'); print('counted')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "file" / "metrics")], capture_output=True, text=True, check=True
    )
    assert "metrics_not_shared" in done.stdout + done.stderr
    assert done.stdout.endswith("counted\n")


def test_without_a_folder_a_process_counts_for_itself() -> None:
    before = figures(metrics.page(None).decode()).get(SUBMITTED, 0)
    metrics.submitted("default", "page")
    shown = figures(metrics.page(Backlog({RequestState.PARKED: 7}, 61.5)).decode())
    assert shown[SUBMITTED] == before + 1
    assert shown["handbell_database_up"] == 1
    assert shown['handbell_requests{state="parked"}'] == 7
    assert shown["handbell_oldest_waiting_seconds"] == 61.5


def test_without_a_database_the_counts_are_shown_all_the_same() -> None:
    metrics.submitted("default", "page")
    shown = figures(metrics.page(None).decode())
    assert shown["handbell_database_up"] == 0
    assert SUBMITTED in shown
    assert "handbell_oldest_waiting_seconds" not in shown


def test_commands_leave_no_files(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path / "data")
    assert run_handbell(["prune"], environment, tmp_path).returncode == 0
    assert not (tmp_path / "data" / "metrics").exists()


def test_web_processes_and_a_worker_are_summed_and_the_next_start_begins_anew(tmp_path: Path) -> None:
    with serving(tmp_path, HANDBELL_PROCESSES="2", HANDBELL_METRICS_NETWORKS="127.0.0.1") as server:
        folder = server.data_dir / "metrics"
        sent = 0
        while len(having_counted(folder)) < 2:
            submit(server, sent)
            sent += 1
        web = processes(folder)
        assert len(web) == 2
        assert scrape(server)[SUBMITTED] == sent

        worker = subprocess.Popen(
            [HANDBELL, "worker"], env=server.environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
        assert len(processes(folder)) == 3
        assert scrape(server)[SUBMITTED] == sent
        worker.send_signal(signal.SIGTERM)
        worker.communicate()

        os.kill(int(min(web).partition("-")[0]), signal.SIGKILL)
        submit(server, sent)
        assert scrape(server)[SUBMITTED] == sent + 1, "a process that was replaced has counted all the same"
    with serving(tmp_path, HANDBELL_PROCESSES="1", HANDBELL_METRICS_NETWORKS="127.0.0.1") as server:
        assert len(processes(folder)) == 1
        assert not processes(folder) & web
        assert SUBMITTED not in scrape(server)


def processes(folder: Path) -> set[str]:
    return {lock.stem for lock in folder.glob("*.lock")}


def having_counted(folder: Path) -> list[Path]:
    """The counters' files with content."""
    return [path for path in folder.glob("counter_*.db") if b"handbell_requests_submitted" in path.read_bytes()]


def submit(server: LiveServer, number: int) -> None:
    """Send a new request, on its own connection."""
    body = urlencode({"form_token": server.form_token(), "customer_number": str(number)})
    ask(server, "POST", "/s/default", 303, body)


def ask(server: LiveServer, method: str, path: str, status: int, body: str | None = None) -> str:
    """The answer on a new connection; asks again if the process that accepted the connection was just killed."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            text = answer.read().decode()
        except (ConnectionError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        assert answer.status == status
        return text


def scrape(server: LiveServer) -> dict[str, float]:
    return figures(ask(server, "GET", "/metrics", 200))
