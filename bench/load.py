"""One run of wrk against one server, and its cost for that server."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.servers import BenchFailed, Server

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Run:
    """Results of one run: requests per second, milliseconds, and the server's CPU µs per request."""

    rate: float
    p50: float
    p99: float
    cpu: float


def run_wrk(server: Server, script: str, clients: int, seconds: int, *arguments: str) -> Run:
    """Load a server. Raises BenchFailed when any answer is wrong."""
    before = server.cpu_seconds()
    command = ["wrk", "-t2", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s", "-s", f"{_FOLDER / script}.lua"]
    finished = subprocess.run(
        [*command, server.url, "--", *arguments],
        env={**os.environ, "LUA_PATH": f"{_FOLDER}/?.lua"},
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=False,
    )
    cpu = server.cpu_seconds() - before
    _, found, line = finished.stdout.partition("RESULT ")
    if not found:
        raise BenchFailed(f"wrk failed: {finished.stdout}{finished.stderr}")
    result = json.loads(line)
    if result["wrong"] or result["broken"] or not result["requests"]:
        raise BenchFailed(f"{script} at {clients} clients: not every answer was right: {result}")
    return Run(
        rate=result["requests"] / result["microseconds"] * 1e6,
        p50=result["p50"] / 1000,
        p99=result["p99"] / 1000,
        cpu=cpu / result["requests"] * 1e6,
    )
