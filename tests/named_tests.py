"""Fails a run in which a test that docs/security-asvs.md names should have run, and did not.

A run is asked for the named tests of the folders and files that it was given, unless it was given a selection.
"""

import re
from collections.abc import Collection
from pathlib import Path

import pytest

from app.settings import ci

TABLE = Path(__file__).parents[1] / "docs" / "security-asvs.md"
_SELECTIONS = ("keyword", "markexpr", "deselect", "ignore_glob", "lf", "stepwise", "collectonly")
_NEED_A_PROGRAM = {"browser", "postgres", "redis"}  # markers; what is missing is a failure in CI


def named_tests(text: str) -> list[str]:
    """Every test that a page names, as `tests/path/test_x.py::test_name`."""
    return re.findall(r"`(tests/[\w/]+\.py(?:::\w+)+)`", text)


class NamedTests:
    """Plugin of the process that starts the tests. `named` are ids without parameters; of one with parameters, one set
    that passes is enough, as a set that fails does so by itself."""

    def __init__(self, named: Collection[str], *, skipping: bool) -> None:
        self._named, self._skipping = set(named), skipping
        self._ran: set[str] = set()
        self._missed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what has run. A failure has run too; it fails the run anyway."""
        done = report.when == "call" and report.outcome != "skipped"
        excused = self._skipping and report.outcome == "skipped" and bool(_NEED_A_PROGRAM & set(report.keywords))
        if done or excused:
            self._ran.add(report.nodeid.partition("[")[0])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if _was_cut_short(session):
            return
        self._missed = sorted(name for name in self._named - self._ran if _is_asked_for(name, session.config))
        if self._missed:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._missed:
            terminalreporter.section("named in docs/security-asvs.md, and did not run", red=True)
            for name in self._missed:
                terminalreporter.write_line(name)


def _was_cut_short(session: pytest.Session) -> bool:
    selected = any(session.config.getoption(name, None) for name in _SELECTIONS)
    ended = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    return bool(selected or not ended or session.shouldstop or session.shouldfail)


def _is_asked_for(name: str, config: pytest.Config) -> bool:
    at, path = config.invocation_params.dir, config.rootpath / name.partition("::")[0]
    given = [(at / each).resolve() for each in config.args if "::" not in each]
    ignored = [(at / each).resolve() for each in config.getoption("ignore") or ()]
    return any(map(path.is_relative_to, given)) and not any(map(path.is_relative_to, ignored))


def add_named_tests(config: pytest.Config) -> None:
    """Ask this run for the named tests, in the process that starts it."""
    if TABLE.exists() and not hasattr(config, "workerinput"):
        config.pluginmanager.register(NamedTests(named_tests(TABLE.read_text("utf-8")), skipping=not ci()))
