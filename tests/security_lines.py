"""The security log as somebody reads it: the lines on standard error, and marks that must never be in it."""

import json
from typing import Any

LOGGER = "handbell.security"
MARK = "zq7MarkTyped"  # in everything that a test types or sends
FORGED_LINE = f'{MARK}\r\n{{"event":"log_in","logger":"{LOGGER}"}}\n'


def security_lines(written: str) -> list[dict[str, Any]]:
    """Every line of the security log in what was written; the other lines must be JSON of ours all the same."""
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("logger") == LOGGER]


def events(written: str) -> list[str]:
    """The names of its events in order."""
    return [str(line["event"]) for line in security_lines(written)]
