"""Keeps one page of each shape that the tests get, for the Nu HTML checker, which reads all of them after the tests.

`tools/test` sets HANDBELL_TEST_NU, the checker's jar, or HANDBELL_TEST_NO_NU, the reason why there is none.
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp

import pytest
from bs4 import BeautifulSoup

from app.settings import ci

_FOLDER = "HANDBELL_TEST_NU_PAGES"
_MOST_SHOWN = 20


def keep_page(page: BeautifulSoup, body: bytes) -> None:
    """Keep the page for the check, unless one of the same shape is kept."""
    if folder := os.environ.get(_FOLDER):
        path = Path(folder, f"{_shape(page)}.html")
        if not path.exists():
            path.write_bytes(body)


def _shape(page: BeautifulSoup) -> str:
    """A digest of the page's shape; it ignores texts, values and the number of rows."""
    tags = page.find_all(True)
    kinds = {f"{tag.parent.name if tag.parent else ''} {tag.name} {sorted(tag.attrs)}" for tag in tags}
    return hashlib.sha256("\n".join(sorted(kinds)).encode()).hexdigest()[:20]


def errors_of(folder: Path, jar: str) -> list[str]:
    """What the checker finds in the folder's pages: message, page, and the place in it.

    Raises:
        RuntimeError: The checker did not run.
    """
    command = ["java", "-Xmx512m", "-jar", jar, "--errors-only", "--format", "json", "--stdout", "--exit-zero-always"]
    done = subprocess.run([*command, str(folder)], capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    messages = json.loads(done.stdout)["messages"]
    return [f"{each['message']} ({each['url']}: {each.get('extract', '')!r})" for each in messages]


class NuCheck:
    """Plugin of the process that starts the tests: fails the run when a page is not valid."""

    def __init__(self, jar: str | None, why_not: str | None) -> None:
        self._jar, self._why_not = jar, why_not
        self._errors: list[str] = []
        self._pages = 0
        self._folder = Path(mkdtemp(prefix="handbell-nu-"))
        if jar:
            os.environ[_FOLDER] = str(self._folder)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._pages = len(list(self._folder.iterdir()))
        if self._jar and self._pages:
            self._errors = errors_of(self._folder, self._jar)
        if self._errors or (self._why_not and ci()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._why_not:
            terminalreporter.write_line(f"Pages were not checked with Nu: {self._why_not}", yellow=True)
        elif self._errors:
            terminalreporter.section(f"Nu HTML checker: {len(self._errors)} errors in {self._pages} pages", red=True)
            for each in self._errors[:_MOST_SHOWN]:
                terminalreporter.write_line(each)
        elif self._pages:
            terminalreporter.write_line(f"Nu HTML checker: {self._pages} pages are valid")

    def pytest_unconfigure(self) -> None:
        if not self._errors:
            shutil.rmtree(self._folder)


def add_nu_check(config: pytest.Config) -> None:
    """Add the check to the process that starts the tests, if `tools/test` asks for it."""
    jar, why_not = os.environ.get("HANDBELL_TEST_NU"), os.environ.get("HANDBELL_TEST_NO_NU")
    if (jar or why_not) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(NuCheck(jar, why_not))
