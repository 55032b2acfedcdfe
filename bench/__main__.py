"""`python -m bench`: measure, print the table, write bench/results.json."""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bench import capacity, console, hand_offs, live, widget
from bench.fsync import fsync_us
from bench.links import FORM, form_token, go_paths
from bench.load import Run, run_wrk
from bench.report import Key, machine, missed, noisy, summary, table
from bench.servers import BenchFailed, Server, handbell, hello, machine_seconds, ruled_handbell

CLIENTS = (16, 64)
OPENINGS = 17  # of each link in one run; the desk allows 20
RESULTS = Path(__file__).with_name("results.json")
_names = count(1)


@dataclass(frozen=True, slots=True)
class Servers:
    """The yardstick, Handbell with its default log, with a quiet log, and with opening hours and the usual rules about
    who is told by mail."""

    hello: Server
    handbell: Server
    quiet: Server
    ruled: Server

    def own_seconds(self) -> float:
        """CPU seconds of the servers, of wrk and of this program so far."""
        servers = sum(server.cpu_seconds() for server in (self.hello, self.handbell, self.quiet, self.ruled))
        return servers + sum(os.times()[:4])


def main() -> int:
    """Run the benchmark; exit status 0 when everything was measured, even if targets are missed."""
    if sys.argv[1:2] == ["widget"]:
        return widget.main()
    arguments = _arguments()
    if arguments.only in (None, "load") and not shutil.which("wrk"):
        print("bench needs wrk: install the package wrk", file=sys.stderr)
        return 1
    disk = "/var/tmp" if Path("/var/tmp").is_dir() else None  # noqa: S108 - /tmp may be memory, where fsync is free
    with tempfile.TemporaryDirectory(prefix="handbell-bench-", dir=disk) as folder:
        try:
            results = json.loads(arguments.output.read_text("utf-8")) if arguments.output.exists() else {}
            results |= _parts(Path(folder), arguments)
        except BenchFailed as failure:
            print(failure, file=sys.stderr)
            return 1
    arguments.output.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
    rows = results.get("scenarios", [])
    print(table(rows))
    for name, part in (("hand_offs", hand_offs), ("console", console), ("live", live), ("capacity", capacity)):
        if name in results:
            print(part.table(results[name]))
    print(json.dumps({key: value for key, value in results.items() if not isinstance(value, list)}, indent=1))
    if noisy(results):
        print("Other programs were at work: these figures show neither that a target is met nor that it is missed.")
    print(f"Short of the target: {', '.join(missed(rows)) or 'nothing'}. Written to {arguments.output}")
    return 0


def _parts(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure the parts asked for: one, or all but capacity, which takes long."""
    results: dict[str, Any] = {}
    if arguments.only in (None, "load"):
        results |= _measure(folder, arguments.seconds, arguments.rounds)
    if arguments.only in (None, "hand-offs"):
        results["hand_offs"] = hand_offs.measure(folder)
    if arguments.only in (None, "console"):
        results["console"] = console.measure(folder, arguments.rounds)
    if arguments.only in (None, "live"):
        results["live"] = live.measure(folder)
    if arguments.only == "capacity":
        results["capacity"] = capacity.measure(folder, arguments.rounds, arguments.rows)
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Handbell beside a bare Flask hello.")
    parser.add_argument("--seconds", type=int, default=3, choices=range(1, 11), help="length of one run")
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 10), help="runs of each, interleaved")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the figures go")
    parts = ("load", "hand-offs", "console", "live", "capacity")
    parser.add_argument("--only", choices=parts, help="one part; the others' figures stay")
    parser.add_argument(
        "--rows", type=_rows, default=500_000, help="requests in capacity's PostgreSQL; SQLite: a tenth"
    )
    return parser.parse_args()


def _rows(text: str) -> int:
    """A number of rows that fits on a disk and has more to it than the small database."""
    rows = int(text)
    if not capacity.FEW * capacity.TENTH <= rows <= 20_000_000:
        raise argparse.ArgumentTypeError("from 10000 to 20000000")
    return rows


def _measure(folder: Path, seconds: int, rounds: int) -> dict[str, Any]:
    loud, quiet = folder / "info", folder / "error"
    first, again = _starts(loud)
    with contextlib.ExitStack() as stack:
        servers = Servers(
            stack.enter_context(hello(folder)),
            stack.enter_context(handbell(loud, "info")),
            stack.enter_context(handbell(quiet, "error")),
            stack.enter_context(ruled_handbell(folder / "ruled")),
        )
        go_rate = _warm_up(servers, folder)
        runs: dict[Key, list[Run]] = {}
        own, (total, busy) = servers.own_seconds(), machine_seconds()
        for turn in range(rounds):
            for clients in CLIENTS:
                for scenario, run in _turn(servers, folder, clients, seconds, go_rate).items():
                    runs.setdefault((scenario, clients), []).append(run)
                print(f"round {turn + 1} of {rounds} at {clients} clients", file=sys.stderr)
        own, (now_total, now_busy) = servers.own_seconds() - own, machine_seconds()
        others = (now_busy - busy - own) / (now_total - total)
        memory = servers.handbell.memory()
    return {
        "machine": machine(),
        "others_share_of_cpu": round(max(others, 0.0), 2),
        "fsync_us": fsync_us(folder),
        "seconds": seconds,
        "rounds": rounds,
        "ready_after_seconds": {"first_start": round(first, 2), "set_up": round(statistics.median(again), 2)},
        "memory_after_load": memory,
        "scenarios": summary(runs),
    }


def _starts(data_dir: Path) -> tuple[float, list[float]]:
    took = []
    for _ in range(4):
        with handbell(data_dir, "info") as server:
            took.append(server.ready_after)
    return took[0], took[1:]


def _warm_up(servers: Servers, folder: Path) -> float:
    """Fill caches and pools; returns the approximate number of links opened per second."""
    run_wrk(servers.hello, "get", 16, 1, "/")
    run_wrk(servers.handbell, "get", 16, 1, "/")
    for server in (servers.handbell, servers.quiet, servers.ruled):
        run_wrk(server, "post", 16, 1, FORM, form_token(server), _name())
    return _go(servers.handbell, folder, 16, 1, 6000.0).rate


def _turn(servers: Servers, folder: Path, clients: int, seconds: int, go_rate: float) -> dict[str, Run]:
    here, quiet, ruled = servers.handbell, servers.quiet, servers.ruled
    return {
        "hello": run_wrk(servers.hello, "get", clients, seconds, "/"),
        "page": run_wrk(here, "get", clients, seconds, "/"),
        "page (hours, rules)": run_wrk(ruled, "get", clients, seconds, "/"),
        "post": run_wrk(here, "post", clients, seconds, FORM, form_token(here), _name()),
        "post (hours, rules)": run_wrk(ruled, "post", clients, seconds, FORM, form_token(ruled), _name()),
        "post (log: errors)": run_wrk(quiet, "post", clients, seconds, FORM, form_token(quiet), _name()),
        "go": _go(here, folder, clients, seconds, go_rate * 1.7),
    }


def _go(server: Server, folder: Path, clients: int, seconds: int, fastest: float) -> Run:
    paths = go_paths(server, int(fastest * seconds / OPENINGS) + 2 * clients, _name())
    file = folder / "go.txt"
    file.write_text("\n".join(paths) + "\n", "ascii")
    return run_wrk(server, "go", clients, seconds, str(file))


def _name() -> str:
    return f"run{next(_names)}"


if __name__ == "__main__":
    sys.exit(main())
