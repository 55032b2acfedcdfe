"""Output of commands: tables for people, JSON for programs."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Add `--json`, which sets the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def show(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print a list: a JSON array with all values, or a table of these columns."""
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not rows:
        click.echo("none")
        return
    cells = [[name.replace("_", " ") for name in columns]] + [[_cell(row[name]) for name in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def show_one(values: dict[str, Any], *, as_json: bool) -> None:
    """Print one object: as JSON, or with a line for each value."""
    if as_json:
        click.echo(json.dumps(values, indent=2, ensure_ascii=False))
        return
    width = max(len(name) for name in values)
    for name, value in values.items():
        click.echo(f"{name.replace('_', ' ').ljust(width)}  {_cell(value, whole=True)}".rstrip())


def say_warning(text: str) -> None:
    """Print a warning on standard error; the command has been carried out."""
    click.echo(f"handbell: warning: {text}", err=True)


def more_rows(more: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """The form's additional fields, for JSON."""
    return [{"name": name, "value": value} for name, value in more]


def spoken(values: dict[str, Any]) -> dict[str, Any]:
    """The values for people: a note when no field is verified, and the additional fields as lines."""
    more = [f"{field['name']}: {field['value']}" for field in values["more"]]
    return {**values, "verified": values["verified"] or "nothing; typed by the customer", "more": more}


def _cell(value: Any, *, whole: bool = False) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items() if item is not None) or "-"
    # A customer's text must not control the terminal or break the table.
    text = "".join(c if c.isprintable() or (whole and c == "\n") else " " for c in str(value))
    return text if whole or len(text) <= 48 else text[:47] + "…"
