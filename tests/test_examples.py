"""The Start API page's examples, run where their language is installed: each opens a session at a running desk."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.examples import Facts, examples
from tests.live_server import LiveServer, live_server  # noqa: F401 - a fixture

HOSTILE = "*/ ?> <?php exit; # ' \" \\ $(exit 9) `exit 9` ${x}\u2028exit()\u202e </script>"
COMMANDS = {
    "python": (sys.executable, "py"),
    "php": ("php", "php"),
    "curl": ("sh", "sh"),
    "rest": ("sh", "sh"),
}


def run(language: str, facts: Facts, folder: Path) -> subprocess.CompletedProcess[str]:
    program, ending = COMMANDS[language]
    needs = "curl" if program == "sh" else program
    if not shutil.which(needs):
        pytest.skip(f"no {needs} on this machine")
    text = next(one.text for one in examples(facts) if one.id == language)
    file = folder / f"example.{ending}"
    file.write_text(text, "utf-8")
    return subprocess.run([program, str(file)], capture_output=True, text=True, timeout=60, check=False)


def facts(server: LiveServer, **changed: str) -> Facts:
    return Facts(
        base_url=server.base_url,
        slug="default",
        site_name=HOSTILE,
        uid=changed.get("uid") or server.uid(),
        department=(10, HOSTILE),
        technician=changed.get("technician"),
    )


@pytest.mark.enable_socket
@pytest.mark.parametrize("language", COMMANDS)
def test_an_example_opens_a_session_as_it_stands(live_server: LiveServer, tmp_path: Path, language: str) -> None:  # noqa: F811 - the fixture
    done = run(language, facts(live_server, technician=HOSTILE), tmp_path)
    assert done.returncode == 0, done.stderr
    said = done.stdout.strip()
    link = json.loads(said)["details"]["session_link"] if language in ("curl", "rest") else said
    assert link.startswith(f"{live_server.base_url}/applet/")
    newest = live_server.run_json("ticket", "list")[0]
    assert newest["customer_name"] == "Ada Lovelace"
    shown = live_server.run_json("ticket", "show", str(newest["ticket_number"]))
    assert shown["asked"] == {"department": "id_10", "tech": HOSTILE}


@pytest.mark.enable_socket
@pytest.mark.parametrize("language", COMMANDS)
def test_an_example_tells_why_it_was_refused(live_server: LiveServer, tmp_path: Path, language: str) -> None:  # noqa: F811 - the fixture
    done = run(language, facts(live_server, uid="nobody's"), tmp_path)
    assert "this uid is not known here" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
