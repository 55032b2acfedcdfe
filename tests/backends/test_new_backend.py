"""A backend of one's own is one file and one line, as CONTRIBUTING says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.backends import backend
from app.backends.declaring import Backend
from app.core.declaration import Opener, Option, UnknownBackend, declare
from app.core.site import Site

PROJECT = Path(__file__).parents[2]


def test_a_request_goes_its_whole_way_with_a_new_backend(tmp_path: Path) -> None:
    """In a copy of the project, so that the registry, the commands and the pages are made from what is declared."""
    for folder in ("app", "tests"):
        left_out = shutil.ignore_patterns("__pycache__", "browser", "faults")
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=left_out)
    for name in ("templates", "static", "pyproject.toml"):
        (tmp_path / name).symlink_to(PROJECT / name)
    shutil.copyfile(Path(__file__).with_name("pager_backend.py"), tmp_path / "app" / "backends" / "pager.py")
    registry = tmp_path / "app" / "backends" / "__init__.py"
    lines = registry.read_text("utf-8").split("_FILES = (\n")
    registry.write_text('_FILES = (\n    "pager",\n'.join(lines), "utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/backends/pager_journey.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-5000:]
    assert "1 passed" in finished.stdout


def test_an_unknown_backend_raises_and_names_itself() -> None:
    with pytest.raises(UnknownBackend, match=r"carrier-pigeon.*embedded, take-control"):
        backend("carrier-pigeon")
    site = Site(slug="a", name="A", uid="u", backend="carrier-pigeon")
    with pytest.raises(UnknownBackend, match="carrier-pigeon"):
        _ = site.opener
    assert (site.at_desk, site.at_vendor, site.missing()) == (False, False, [])


def test_a_backend_declares_all_that_its_opener_needs() -> None:
    for opener in (Opener.SERVER, Opener.BROWSER):
        with pytest.raises(ValueError, match="needs more"):
            Backend(name="half", label="Half", opener=opener)
    with pytest.raises(ValueError, match="needs more"):
        Backend(name="half", label="Half", opener=Opener.DESK, browser_when_unreadable=True)


def test_names_of_backends_and_of_their_options_are_taken_once() -> None:
    other = Option(name="api_domain", label="Another rule")
    for name, options in (("embedded", ()), ("new", (other,))):
        with pytest.raises(ValueError, match="taken"):
            declare(Backend(name=name, label="New", opener=Opener.DESK, options=options))
