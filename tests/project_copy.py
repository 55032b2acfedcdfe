"""A copy of the project with one more backend or channel, and a test that runs in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def run_with(folder: Path, file: Path, room: str, name: str, journey: Path) -> None:
    """Run a test in a copy of the project, so that registry, commands and pages include the new declaration.

    The file becomes `app/<room>/<name>.py`, its name is added to `_FILES`, and the one test of `journey` must pass.
    """
    for part in ("app", "tests"):
        left_out = shutil.ignore_patterns("__pycache__", "browser", "faults")
        shutil.copytree(PROJECT / part, folder / part, ignore=left_out)
    for part in ("templates", "static", "pyproject.toml"):
        (folder / part).symlink_to(PROJECT / part)
    shutil.copyfile(file, folder / "app" / room / f"{name}.py")
    registry = folder / "app" / room / "__init__.py"
    before, after = registry.read_text("utf-8").split("_FILES = (")
    registry.write_text(f'{before}_FILES = ("{name}",{after}', "utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(journey.relative_to(PROJECT))],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, (finished.stdout + finished.stderr)[-5000:]
    assert "1 passed" in finished.stdout
