"""Medians, ratios and targets: as a table for people, as JSON for the record."""

import os
import platform
import sqlite3
import statistics
from importlib.metadata import version
from typing import Any

from bench.load import Run

# Share of hello's requests per second; p99 as a multiple of p50.
TARGETS = {"page": 0.40, "post": 0.15, "go": 0.15}
_MOST_OF_OTHERS = 0.05
MOST_SPREAD = {"post": 5.0}
MOST_DEARER = 1.05  # CPU with hours and rules, as a multiple of that without
_RULED = " (hours, rules)"
_PACKAGES = ("flask", "werkzeug", "gunicorn", "sqlalchemy", "jinja2", "itsdangerous")

Key = tuple[str, int]  # scenario, clients


def machine() -> dict[str, Any]:
    """Properties of the machine that influence the figures and may be published."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in _PACKAGES},
    }


def summary(runs: dict[Key, list[Run]]) -> list[dict[str, Any]]:
    """One row per scenario and number of clients: medians, and the median of each round's ratio to hello."""
    return [_row(scenario, clients, runs) for scenario, clients in runs]


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    heads = ("scenario", "clients", "req/s", "p50 ms", "p99 ms", "p99 ÷ p50", "CPU µs", "req/s ÷ hello", "CPU ÷ hello")
    lines = [f"| {' | '.join(heads)} | target |", f"|---|{'--:|' * (len(heads) - 1)}---|"]
    return "\n".join([*lines, *map(_line, rows)])


def missed(rows: list[dict[str, Any]]) -> list[str]:
    """The rows that miss their target."""
    return [f"{row['scenario']} at {row['clients']}" for row in rows if "missed" in _verdict(row)]


def noisy(results: dict[str, Any]) -> bool:
    """Whether other programs used so much of the machine that the results prove nothing."""
    return bool(results.get("others_share_of_cpu", 0.0) > _MOST_OF_OTHERS)


def _row(scenario: str, clients: int, runs: dict[Key, list[Run]]) -> dict[str, Any]:
    own, hello = runs[scenario, clients], runs["hello", clients]
    pairs = list(zip(own, hello, strict=True))
    return {
        "scenario": scenario,
        "clients": clients,
        "rate": round(statistics.median(run.rate for run in own)),
        "p50_ms": round(statistics.median(run.p50 for run in own), 2),
        "p99_ms": round(statistics.median(run.p99 for run in own), 2),
        "spread": round(statistics.median(run.p99 / run.p50 for run in own), 2),
        "cpu_us": round(statistics.median(run.cpu for run in own)),
        "ratio": round(statistics.median(run.rate / yardstick.rate for run, yardstick in pairs), 3),
        "cpu_ratio": round(statistics.median(run.cpu / yardstick.cpu for run, yardstick in pairs), 2),
        **_dearer(own, runs.get((scenario.removesuffix(_RULED), clients), own)),
    }


def _dearer(own: list[Run], plain: list[Run]) -> dict[str, float]:
    """The CPU as a multiple of the same without hours and rules, where these are another scenario."""
    if own is plain:
        return {}
    return {
        "dearer": round(statistics.median(run.cpu / without.cpu for run, without in zip(own, plain, strict=True)), 3)
    }


def _line(row: dict[str, Any]) -> str:
    return (
        f"| {row['scenario']} | {row['clients']} | {row['rate']:,.0f} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} "
        f"| {row['spread']:.1f} | {row['cpu_us']:,.0f} | {row['ratio']:.2f} | {row['cpu_ratio']:.1f} "
        f"| {_verdict(row)} |"
    )


def _verdict(row: dict[str, Any]) -> str:
    kind = row["scenario"].split()[0]
    if kind not in TARGETS:
        return ""
    parts = [f"≥ {TARGETS[kind]:.2f} {'met' if row['ratio'] >= TARGETS[kind] else 'missed'}"]
    if most := MOST_SPREAD.get(kind):
        parts.append(f"p99 < {most:.0f} × p50 {'met' if row['spread'] < most else 'missed'}")
    if dearer := row.get("dearer"):
        within = "met" if dearer <= MOST_DEARER else "missed"
        parts.append(f"CPU ≤ {MOST_DEARER} × without {within} ({dearer:.2f})")
    return ", ".join(parts)
