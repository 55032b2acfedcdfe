"""The packages of tests/frameworks/package-lock.json, installed with npm."""

import fcntl
import hashlib
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from app.settings import ci

FOLDER = Path(__file__).parent
MODULES = FOLDER / "node_modules"


@cache
def node_modules() -> Path:
    """The folder with the packages. Without Node.js the test is skipped, and with CI=true it fails."""
    if not shutil.which("npm"):
        why = "there is no npm on this machine: install Node.js 20 or later"
        pytest.fail(why) if ci() else pytest.skip(why)
    key = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = MODULES / ".handbell"
        if not mark.exists() or mark.read_text() != key:
            command = ["npm", "ci", "--ignore-scripts", "--loglevel=error"]
            subprocess.run(command, cwd=FOLDER, check=True, timeout=300, capture_output=True)
            mark.write_text(key)
    return MODULES
