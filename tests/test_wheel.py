"""The wheel contains all that it needs: it runs from an empty directory, outside the checkout."""

import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

from tests.live_server import run_handbell, serving

CHECKOUT = Path(__file__).resolve().parent.parent
BUILD_TOOLS = Path(sys.prefix) / "build-tools"  # where tools/venv puts them


def test_a_wheel_runs_from_an_empty_directory(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(BUILD_TOOLS)}
    subprocess.run(command, cwd=CHECKOUT, env=environment, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    unpacked, empty = tmp_path / "unpacked", tmp_path / "empty"
    zipfile.ZipFile(wheel).extractall(unpacked)
    empty.mkdir()
    where = "import app; print(app.__file__)"
    environment = {"PYTHONPATH": str(unpacked)}
    found = subprocess.run(
        [sys.executable, "-c", where], env=environment, cwd=empty, capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(str(unpacked))
    with serving(empty, **environment) as server:
        request = urllib.request.Request(server.base_url, headers={"Accept-Language": "de"})
        with urllib.request.urlopen(request) as page:
            assert 'lang="de"' in page.read().decode()
        listed = run_handbell(("request", "list", "--json"), server.environment, empty)
        assert json.loads(listed.stdout) == []
