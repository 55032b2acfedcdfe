"""All settings, commands and addresses are documented."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask

from app import metrics
from app.cli import handbell
from app.core.request import RequestState
from app.core.security_event import Limit, SecurityEvent
from app.core.webhook import new_secret, signed_headers
from app.core.why import WhyCode
from app.edge.access import declared
from app.settings import PREFIX, Settings
from app.store.backlog import Backlog

DOCS = Path(__file__).parents[1] / "docs"
APP = DOCS.parent / "app"


def commands(group: click.Group, path: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        yield f"{path} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


COMMANDS = list(commands(handbell, "handbell"))


def test_there_are_commands_to_document() -> None:
    assert {"handbell serve", "handbell site set", "handbell keys revoke"} <= set(COMMANDS)


@pytest.mark.parametrize("name", [f"{PREFIX}{field.upper()}" for field in Settings.model_fields])
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in (DOCS / "settings.md").read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert command in (DOCS / "commands.md").read_text("utf-8")


def test_every_address_is_documented(app: Flask) -> None:
    text = (DOCS / "addresses.md").read_text("utf-8")
    paths = {route.partition(" ")[2] for route in declared(app)}
    assert sorted(path for path in paths if f"`{path}`" not in text and f" {path}`" not in text) == []


def test_every_metric_is_documented() -> None:
    metrics.submitted("default", "page")
    metrics.handed_off("default", "embedded", "opened", 0.1, True)
    metrics.parked("default", "stale")
    metrics.in_flight("default", 1)
    metrics.in_flight("default", -1)
    metrics.breaker("default", "closed")
    metrics.connections(1)
    metrics.refused("late_head")
    metrics.told("webhook", "default", "delivered")
    metrics.pages_met("default", "relay")
    metrics.security(SecurityEvent.LOG_IN)
    page = metrics.page(Backlog({RequestState.PARKED: 0}, 0.0)).decode()
    names = re.findall(r"^# TYPE (\S+)", page, re.MULTILINE)
    assert len(names) == 16
    text = (DOCS / "operations.md").read_text("utf-8")
    assert [name for name in names if f"| `{name}` |" not in text] == []


def security_log_section() -> str:
    return (DOCS / "operations.md").read_text("utf-8").split("\n## Security log\n")[1].split("\n## ")[0]


def test_the_table_of_security_events_is_the_list_of_them() -> None:
    rows = [line.split("|")[1] for line in security_log_section().splitlines() if line.startswith("| `")]
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(SecurityEvent)


def test_every_limit_of_a_security_event_is_documented() -> None:
    assert [limit for limit in Limit if f"`{limit}`" not in security_log_section()] == []


def test_the_documented_alarms_look_at_events_that_there_are() -> None:
    named = re.findall(r'event=~"([\w|]+)"', security_log_section())
    assert len(named) >= 3
    assert {event for alarm in named for event in alarm.split("|")} <= set(SecurityEvent)


def test_every_code_of_why_a_request_waits_is_documented() -> None:
    text = (DOCS / "operations.md").read_text("utf-8")
    assert [code for code in WhyCode if f"`{code}`" not in text] == []


def test_the_map_is_one_page() -> None:
    assert len((DOCS / "architecture.md").read_text("utf-8").split()) <= 800


def test_every_file_on_the_map_is_there() -> None:
    text = "".join((DOCS / name).read_text("utf-8") for name in ("architecture.md", "inside.md"))
    named = set(re.findall(r"`((?:\w+/)*\w+\.py)`", text))
    there = {str(path.relative_to(APP)) for path in APP.rglob("*.py")}
    assert len(named) > 40
    assert [name for name in sorted(named) if not any(f"/{path}".endswith(f"/{name}") for path in there)] == []


def test_the_documented_check_of_a_webhook_takes_ours_and_nothing_else() -> None:
    text = (DOCS / "operations.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    told: dict[str, Any] = {}
    exec(example, told)  # noqa: S102 - our own documentation
    secret, body = new_secret(), b'{"type":"request.parked"}'
    headers = signed_headers(secret, "msg_1", datetime.now(UTC), body)
    assert told["is_genuine"](secret, headers, body)
    assert not told["is_genuine"](secret, headers, body + b" ")
    assert not told["is_genuine"](new_secret(), headers, body)
    assert not told["is_genuine"](secret, signed_headers(secret, "msg_1", datetime(2026, 1, 1, tzinfo=UTC), body), body)
