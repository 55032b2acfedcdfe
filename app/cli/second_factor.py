"""`handbell technician second-factor`."""

import click

from app.actions.team import forget_second_factor
from app.cli.opening import now, open_database
from app.store.account import account, recovery_codes_left
from app.store.database import Database
from app.store.staff import load_staff


@click.command("second-factor")
@click.argument("mail")
@click.option("--off", is_flag=True, help="Turn it off: for somebody who has lost both telephone and recovery codes.")
def second_factor(mail: str, off: bool) -> None:
    """Tell whether a technician has a second factor, or turn it off."""
    email = mail.strip().lower()
    with open_database() as database:
        technician_id = _id_of(database, email)
        click.echo(_turned_off(database, technician_id, email) if off else _told(database, technician_id, email))


def _id_of(database: Database, email: str) -> int:
    with database.read() as connection:
        found = load_staff(connection).technicians.get(email)
    if found is None:
        raise click.ClickException(f"there is no technician {email}; see: handbell technician list")
    return found.id


def _told(database: Database, technician_id: int, email: str) -> str:
    with database.read() as connection:
        found = account(connection, technician_id)
        left = recovery_codes_left(connection, technician_id)
    if found is None or found.sealed_totp is None:
        return f"{email} has no second factor"
    return f"{email} has a second factor and {left} unused recovery codes"


def _turned_off(database: Database, technician_id: int, email: str) -> str:
    if not forget_second_factor(database, technician_id, by=None, now=now()):
        raise click.ClickException(f"{email} has no second factor")
    return f"{email} logs in with the password alone now"
