"""What is changed by commands is in the security log and the counters of the server that runs on the same data."""

import re
import urllib.request
from pathlib import Path

import pytest

from app.core.security_event import SecurityEvent
from app.process import security_log
from app.process.running import Running
from app.settings import Settings
from tests.captured_log import capture_log
from tests.cli.command import Handbell
from tests.live_server import serving
from tests.security_lines import MARK, events, security_lines
from tests.waiting import until

KIM = f"{MARK.lower()}@example.com"


@pytest.fixture
def settings(filled: Handbell) -> Settings:
    return Settings(data_dir=filled.data, port=8000, log_level="error")


def written(settings: Settings, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What a process that runs writes of the commands before."""
    capsys.readouterr()
    here = Running(settings)
    try:
        here.security.take_over()
    finally:
        here.close()
    said = capsys.readouterr().err
    assert MARK.lower() not in said.lower()
    return security_lines(said)


@pytest.mark.slow
def test_each_change_is_a_line_by_the_command_line(
    filled: Handbell, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    Running(settings).close()  # makes the keys
    filled.says("technician", "add", KIM, "--name", MARK, "--role", "supervisor")
    filled.says("technician", "role", KIM, "administrator")
    filled.says("technician", "password", KIM)
    filled.says("technician", "invite", KIM)
    filled.says("technician", "disable", KIM)
    filled.says("technician", "disable", KIM, "--undo")
    filled.says("site", "uid", "default", "--rotate")
    filled.says("site", "set", "default", "--origin", f"https://{MARK.lower()}.example")
    filled.says("desk", "set", "--second-factor", "supervisor")
    filled.says("technician", "rename", KIM, MARK)
    filled.says("site", "set", "default", "--phone", MARK)
    (row,) = (row for row in filled.json("technician", "list") if row["email"] == KIM)
    lines = written(settings, capsys)
    assert [line["event"] for line in lines] == [
        "technician_added",
        "role_changed",
        "password_changed",
        "technician_invited",
        "technician_disabled",
        "technician_enabled",
        "account_key_changed",
        "site_address_changed",
        "log_in_rules_changed",
    ]
    assert {line["by"] for line in lines} == {"command-line"}
    assert [line.get("account") for line in lines] == [*row["in_log"] * 6, None, None, None]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z", str(lines[0]["at"]))
    assert written(settings, capsys) == [], "once"


def test_a_new_key_gives_accounts_other_names_and_the_list_bears_both(
    filled: Handbell, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    Running(settings).close()
    (before,) = filled.json("technician", "list")[0]["in_log"]
    filled.says("keys", "rotate")
    now, old = filled.json("technician", "list")[0]["in_log"]
    assert (old, now != old) == (before, True)
    assert f"{now}, {old}" in filled.says("technician", "list")
    (line,) = written(settings, capsys)
    assert (line["event"], line["act"]) == (SecurityEvent.SIGNING_KEY_CHANGED, "key.rotated")


def test_without_keys_there_is_a_line_without_an_account(
    filled: Handbell, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    filled.says("technician", "role", "anna@example.com", "supervisor")
    assert filled.json("technician", "list")[0]["in_log"] == []
    (line,) = written(settings, capsys)
    assert (line["event"], "account" in line) == ("role_changed", False)


def test_a_command_whose_line_cannot_be_written_is_done_and_says_so(filled: Handbell) -> None:
    (filled.data / "security-events").mkdir()
    done = filled.run("technician", "role", "anna@example.com", "supervisor")
    assert (done.returncode, done.stdout) == (0, "anna@example.com is supervisor now\n")
    assert done.stderr.startswith("handbell: warning: no line in the security log: ")


def test_lines_that_cannot_be_read_are_told_once(
    filled: Handbell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = capture_log(monkeypatch, security_log)
    here = Running(settings)
    (filled.data / "security-events").mkdir()
    here.security.take_over()
    here.security.take_over()
    assert [line["event"] for line in lines] == ["security_events_unreadable"]
    here.close()


@pytest.mark.slow
def test_a_server_that_runs_writes_and_counts_them_within_seconds(tmp_path: Path) -> None:
    with serving(tmp_path, HANDBELL_METRICS_NETWORKS="127.0.0.1") as server:
        server.run("technician", "add", KIM, "--name", MARK)
        assert until(lambda: "technician_added" in events(server.log))
        made = {str(line["event"]): line for line in security_lines(server.log)}
        assert {made[event]["by"] for event in ("technician_added", "demo_desk_made")} == {"command-line"}
        page = urllib.request.urlopen(f"{server.base_url}/metrics").read().decode()
        for event in ("technician_added", "demo_desk_made"):
            assert f'handbell_security_events_total{{event="{event}"}} 1.0' in page
        assert MARK.lower() not in server.log.lower()
        assert until(lambda: (server.data_dir / "security-events").stat().st_size == 0)
