"""`handbell desk …`: options of the whole desk."""

from typing import Any

import click

from app.actions.desk_options import change_desk_options
from app.cli.opening import now, open_database
from app.cli.output import json_option, show_one
from app.core.desk_options import LONGEST_KEPT_DAYS, LONGEST_WAIT_MINUTES
from app.core.role import Role
from app.settings import load_settings
from app.store.desk import load_desk_options


@click.group()
def desk() -> None:
    """Options of the whole desk."""


@desk.command("show")
@json_option
def show_options(as_json: bool) -> None:
    """Show the desk's options."""
    settings = load_settings()
    with open_database(settings) as database, database.read() as connection:
        options = load_desk_options(connection)
    values = {**options.stored(), "days_kept": options.retention(settings.retention_days).days}
    show_one(values, as_json=as_json)


@desk.command("set")
@click.option(
    "--long-wait",
    type=click.IntRange(1, LONGEST_WAIT_MINUTES),
    help="Minutes after which a waiting ticket is in the general queue as well.",
)
@click.option(
    "--retention-days",
    metavar="DAYS",
    help=f"Days that personal data is kept, 1 to {LONGEST_KEPT_DAYS}; empty for HANDBELL_RETENTION_DAYS.",
)
@click.option(
    "--second-factor",
    "second_factor",
    type=click.Choice([*(role.value for role in Role), "none", "default"]),
    multiple=True,
    help="A role whose log-in needs a second factor (repeat; none; default: administrators over https).",
)
@click.option(
    "--call-backs/--no-call-backs",
    default=None,
    help="Whether customers may ask to be called back, within the opening hours, while nobody is here.",
)
def set_options(
    long_wait: int | None, retention_days: str | None, second_factor: tuple[str, ...], call_backs: bool | None
) -> None:
    """Change the desk's options; those not given stay."""
    changes: dict[str, Any] = {} if long_wait is None else {"long_wait": long_wait}
    if retention_days is not None:
        changes["retention_days"] = _days(retention_days)
    if second_factor:
        changes["second_factor_roles"] = _roles(second_factor)
    if call_backs is not None:
        changes["call_backs"] = call_backs
    if not changes:
        raise click.ClickException("nothing to change; see: handbell desk set --help")
    with open_database() as database:
        change_desk_options(database, changes, by=None, now=now())
    click.echo(f"changed the desk: {', '.join(sorted(changes))}")


def _roles(named: tuple[str, ...]) -> tuple[Role, ...] | None:
    """The roles in their usual order; None for the default. Raises ClickException for a role beside none or default."""
    if len(named) > 1 and {"none", "default"} & set(named):
        raise click.ClickException("--second-factor none and default stand alone")
    return None if named == ("default",) else tuple(role for role in Role if role in named)


def _days(text: str) -> int | None:
    """A number of days; None for an empty text. Raises ClickException."""
    if not text.strip():
        return None
    number = int(text) if len(text) <= 6 and text.isascii() and text.isdecimal() else 0
    if not 1 <= number <= LONGEST_KEPT_DAYS:
        raise click.ClickException(f"--retention-days must be 1 to {LONGEST_KEPT_DAYS}, or empty")
    return number
