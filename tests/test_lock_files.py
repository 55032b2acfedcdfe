"""What the lock files hold: nothing that builds is installed where Handbell runs."""

import re
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([a-z0-9._-]+)==\S+(?: ; .+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)
LOCKS = {"run": "requirements.txt", "dev": "requirements-dev.txt", "build": "requirements-build.txt"}


def locked(purpose: str) -> set[str]:
    return {name for name, _hashes in PINNED.findall((CHECKOUT / LOCKS[purpose]).read_text())}


def build_group() -> set[str]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    return set(project["dependency-groups"]["build"]) | set(project["build-system"]["requires"])


@pytest.mark.parametrize("purpose", LOCKS)
def test_every_version_has_its_hashes(purpose: str) -> None:
    text = (CHECKOUT / LOCKS[purpose]).read_text()
    pins = re.findall(r"^\S+==", text, re.MULTILINE)
    assert pins
    assert len(PINNED.findall(text)) == len(pins)


def test_what_builds_has_a_lock_of_its_own() -> None:
    assert build_group() <= locked("build")
    assert not build_group() & (locked("run") | locked("dev"))
