"""`handbell audit …`: every administrative act."""

from typing import Any, Literal

import click

from app.cli.opening import open_database
from app.cli.output import json_option, show
from app.core.moment import iso
from app.core.staff import Staff
from app.store.audit import COMMAND_LINE, Act, acts
from app.store.staff import load_staff


@click.group()
def audit() -> None:
    """The log of every administrative act; its entries cannot be changed or deleted."""


@audit.command("list")
@click.option("--who", metavar="MAIL", help=f"Only this technician's; {COMMAND_LINE} for those of commands.")
@click.option("--act", help="Only acts of this kind, such as site.changed.")
@click.option("--before", type=click.IntRange(1, 2**63 - 1), metavar="ID", help="Only those before this one.")
@click.option("--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at the most.")
@json_option
def list_acts(who: str | None, act: str | None, before: int | None, most: int, as_json: bool) -> None:
    """List administrative acts, the newest first."""
    with open_database() as database, database.read() as connection:
        staff = load_staff(connection)
        found = acts(connection, who=_whose(who, staff), act=act, before=before, most=most)
    rows = [_plain(one, staff) for one in found]
    show(rows, ("id", "at", "who", "act", "about", "detail"), as_json=as_json)


def _whose(mail: str | None, staff: Staff) -> int | Literal["command-line"] | None:
    if mail is None:
        return None
    if mail == COMMAND_LINE:
        return COMMAND_LINE
    technician = staff.technicians.get(mail.strip().lower())
    if technician is None:
        raise click.ClickException(f"there is no technician {mail}; see: handbell technician list")
    return technician.id


def _plain(one: Act, staff: Staff) -> dict[str, Any]:
    technician = staff.technician(one.who)
    return {
        "id": one.id,
        "at": iso(one.at),
        "who": technician.email if technician else COMMAND_LINE if one.who is None else f"technician {one.who}",
        "act": one.act,
        "about": one.about,
        "detail": one.detail,
    }
