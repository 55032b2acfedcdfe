"""The address that `serve` ran on: commands print links with it."""

import os
import signal
import subprocess

import pytest

from tests.cli.command import COMMAND, Handbell
from tests.live_server import free_port

pytestmark = pytest.mark.slow


def test_links_begin_with_the_address_of_the_last_serve(filled: Handbell) -> None:
    warned = filled.run("site", "show", "default", PORT="")
    assert "`handbell serve` has not run on" in warned.stderr
    assert warned.returncode == 0
    port = free_port()
    environment = {**os.environ, "HANDBELL_DATA_DIR": str(filled.data), "PORT": str(port)}
    with subprocess.Popen([str(COMMAND), "serve"], env=environment, stdout=-1, text=True) as process:
        assert process.stdout
        assert f"request page   http://127.0.0.1:{port}/\n" in list(iter(process.stdout.readline, "ready\n"))
        process.send_signal(signal.SIGTERM)
    link = f'<a href="http://127.0.0.1:{port}/s/default"'
    shown = filled.run("site", "show", "default", PORT="")
    assert (link in shown.stdout, shown.stderr) == (True, "")
    invited = filled.run("technician", "invite", "dora@example.com", PORT="")
    assert invited.stdout.startswith(f"http://127.0.0.1:{port}/console/invitation/")
    elsewhere = filled.run(
        "technician", "invite", "dora@example.com", HANDBELL_PUBLIC_URL="https://support.example.org"
    )
    assert elsewhere.stdout.startswith("https://support.example.org/console/invitation/")


@pytest.mark.parametrize("kept", ["", "nothing", "\0", "javascript:alert(1)"])
def test_a_damaged_file_is_no_address(filled: Handbell, kept: str) -> None:
    (filled.data / "address").write_text(kept, "utf-8")
    warned = filled.run("site", "show", "default", PORT="")
    assert "has not run on" in warned.stderr
    assert "http://127.0.0.1:8000/s/default" in warned.stdout
