"""The packages of tests/frameworks and of widget, installed with npm by one test while others wait."""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from app.settings import ci

FOLDER = Path(__file__).parent
MODULES = FOLDER / "node_modules"
_WIDGET_TOOL = FOLDER.parent.parent / "tools/widget"


@cache
def node_modules() -> Path:
    """The folder with the packages. Without Node.js the test is skipped, and with CI=true it fails."""
    with _alone_with_npm():
        key = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
        mark = MODULES / ".handbell"
        if not mark.exists() or mark.read_text() != key:
            command = ["npm", "ci", "--ignore-scripts", "--loglevel=error"]
            subprocess.run(command, cwd=FOLDER, check=True, timeout=300, capture_output=True)
            mark.write_text(key)
    return MODULES


@cache
def run_widget_tool(*scripts: str) -> None:
    """Install the packages of widget/package.json, and run scripts of it."""
    with _alone_with_npm():
        ran = subprocess.run([_WIDGET_TOOL, *scripts], capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr


@contextmanager
def _alone_with_npm() -> Iterator[None]:
    if not shutil.which("npm"):
        why = "there is no npm on this machine: install Node.js 20 or later"
        pytest.fail(why) if ci() else pytest.skip(why)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
