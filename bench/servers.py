"""Servers on free ports of 127.0.0.1: start, measure, stop."""

import contextlib
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 30.0  # seconds


class BenchFailed(Exception):
    """The measurement failed or cannot be trusted; the message says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running gunicorn; `ready_after` is seconds from its start."""

    pid: int
    port: int
    ready_after: float

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """User and system time of all its processes so far."""
        return sum(_cpu_ticks(pid) for pid in self.processes()) / _TICKS

    def cpu_ns(self) -> int:
        """The same more finely, in nanoseconds."""
        threads = (one for pid in self.processes() for one in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        return sum(int(thread.read_text("ascii").split()[0]) for thread in threads)

    def memory(self) -> dict[str, float]:
        """Memory in MiB: of the whole server with shared pages counted once, and resident in its largest worker."""
        pids = self.processes()
        return {
            "all_mib": round(sum(_kib(pid, "smaps_rollup", "Pss") for pid in pids) / 1024, 1),
            "worker_mib": round(max(_kib(pid, "status", "VmRSS") for pid in pids[1:]) / 1024, 1),
        }

    def processes(self) -> list[int]:
        """Ids of the master and its workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii")
        return [self.pid, *map(int, children.split())]


def machine_seconds() -> tuple[float, float]:
    """CPU seconds of the whole machine so far: in all, and without idle time."""
    # user nice system idle iowait irq softirq steal
    ticks = [int(part) for part in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:9]]
    return sum(ticks) / _TICKS, (sum(ticks) - ticks[3] - ticks[4]) / _TICKS


@contextlib.contextmanager
def handbell(data_dir: Path, log_level: str, **more: str) -> Iterator[Server]:
    """`handbell serve` as an operator starts it, behind a trusted proxy on this machine; `more` are settings."""
    settings = {"DATA_DIR": str(data_dir), "LOG_LEVEL": log_level, "TRUSTED_PROXIES": "127.0.0.1/32", **more}
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
    with _running(command, settings, data_dir.parent, f"handbell-{log_level}") as server:
        yield server


@contextlib.contextmanager
def ruled_handbell(data_dir: Path) -> Iterator[Server]:
    """The same with opening hours, in which it is always open, and a mail server: so the usual rules hold, about what
    waits long, is parked, or is to be called back. Nothing waits long enough here to be mailed."""
    settings = {"SMTP_URL": "smtp://127.0.0.1:9", "MAIL_FROM": "help@example.com"}
    command = [sys.executable, "-c", "from app.cli import main; main()", "hours", "set", "mo-su 00:00-24:00"]
    command += ["--zone", "Europe/Berlin"]
    given = environment(DATA_DIR=str(data_dir), **settings)
    done = subprocess.run(command, cwd=data_dir.parent, env=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"no opening hours could be set: {done.stderr}")
    with handbell(data_dir, "info", **settings) as server:
        yield server


@contextlib.contextmanager
def hello(folder: Path) -> Iterator[Server]:
    """The yardstick on Handbell's own gunicorn configuration."""
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "bench.hello:app"]
    with _running(command, {}, folder, "hello") as server:
        yield server


@contextlib.contextmanager
def naive(folder: Path, vendor: str, key: str) -> Iterator[Server]:
    """A server that calls the vendor while the customer waits, on the same gunicorn configuration."""
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "bench.naive:app"]
    with _running(command, {}, folder, "naive", NAIVE_VENDOR=vendor, NAIVE_KEY=key) as server:
        yield server


def environment(**settings: str) -> dict[str, str]:
    """An environment without the caller's settings and any handbell.env, as they would change the results."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HANDBELL_", "PORT"))}
    named = {f"HANDBELL_{key}": value for key, value in settings.items()}
    return {**kept, **named, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def _running(command: list[str], settings: dict[str, str], folder: Path, name: str, **extra: str) -> Iterator[Server]:
    port = _free_port()
    whole = environment(**settings) | {"HANDBELL_PORT": str(port)} | extra
    log = folder / f"{name}.log"
    began = time.monotonic()
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command, cwd=folder, env=whole, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    try:
        if name in ("hello", "naive"):
            _wait_for_port(process, port, log)
        else:
            _wait_for_line(process, b"ready\n", log)
        yield Server(process.pid, port, time.monotonic() - began)
    finally:
        _stop(process)


def _wait_for_line(process: subprocess.Popen[bytes], line: bytes, log: Path) -> None:
    assert process.stdout
    output = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        deadline = time.monotonic() + _PATIENCE
        while not output.endswith(line):
            chunk = os.read(process.stdout.fileno(), 65536) if selector.select(deadline - time.monotonic()) else b""
            if not chunk:
                raise BenchFailed(f"the server did not start:\n{log.read_text('utf-8')[-2000:]}")
            output += chunk


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise BenchFailed(f"the server did not start:\n{log.read_text('utf-8')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: the master and its workers
        process.wait()
    if process.stdout:
        process.stdout.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _kib(pid: int, file: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/{file}").read_text("ascii"), re.MULTILINE)
    return int(found[1]) if found else 0
