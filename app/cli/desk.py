"""`handbell department …` and `handbell technician …`."""

import secrets
from typing import TextIO

import click
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.actions.log_in import hashed_password
from app.cli.opening import now, open_database
from app.cli.output import json_option, show
from app.core.role import Role
from app.core.routing import Department
from app.core.text import looks_like_email
from app.store import staff as store
from app.store.audit import record

_ID = click.IntRange(1, 10**18 - 1)
_ROLE = click.Choice(Role, case_sensitive=False)


@click.group()
def department() -> None:
    """The embedded desk's departments, each with a queue."""


@department.command("add")
@click.argument("name")
@click.option(
    "--id",
    "number",
    type=click.IntRange(1, 10**18 - 1),
    required=True,
    help="What callers send as Department.",
)
def add_department(name: str, number: int) -> None:
    """Add a department."""
    if not name.strip() or len(name) > 80:
        raise click.ClickException("a department's name has 1 to 80 characters")
    with open_database() as database:
        try:
            database.write(lambda connection: store.add_department(connection, Department(number, name.strip())))
        except IntegrityError:
            raise click.ClickException(f"there is a department {number} already") from None
    click.echo(f"added department {number}")


@department.command("list")
@json_option
def list_departments(as_json: bool) -> None:
    """List all departments."""
    with open_database() as database, database.read() as connection:
        found = store.load_staff(connection).departments.values()
    rows = [{"id": d.id, "name": d.name, "disabled": d.disabled} for d in found]
    show(rows, ("id", "name", "disabled"), as_json=as_json)


@department.command("disable")
@click.argument("number", metavar="ID", type=_ID)
@click.option("--undo", is_flag=True, help="Enable it again.")
def disable_department(number: int, undo: bool) -> None:
    """Disable a department: nothing new is routed to it; its tickets keep its name."""
    with open_database() as database:
        if not database.write(lambda connection: store.set_department_disabled(connection, number, not undo)):
            raise click.ClickException(f"there is no department {number}; see: handbell department list")
    click.echo(f"{'enabled' if undo else 'disabled'} department {number}")


@click.group()
def technician() -> None:
    """The people who help; a technician's user name is a mail address."""


@technician.command("add")
@click.argument("mail")
@click.option("--name", required=True, help="As customers and colleagues read it.")
@click.option("--department", "departments", type=_ID, multiple=True, help="A department's id (repeat).")
@click.option("--role", type=_ROLE, help="What they may do; the first of all is administrator, else technician.")
@click.option("--password-file", type=click.File(), help="Where the password stands; - for standard input.")
def add_technician(
    mail: str, name: str, departments: tuple[int, ...], role: Role | None, password_file: TextIO | None
) -> None:
    """Add a technician; a random password is made and shown once unless a file gives one."""
    email = mail.strip().lower()
    if not looks_like_email(email) or len(email) > 254 or not name.strip() or len(name) > 80:
        raise click.ClickException("give a mail address (at most 254 characters) and --name (1 to 80 characters)")
    password, shown = _password(password_file)
    password_hash = _hashed(password)
    with open_database() as database:
        with database.read() as connection:
            known = store.load_staff(connection)
        if missing := [str(number) for number in departments if number not in known.departments]:
            raise click.ClickException(f"there is no department {', '.join(missing)}; see: handbell department list")
        role = role or (Role.TECHNICIAN if known.technicians else Role.ADMINISTRATOR)

        def add(connection: Connection) -> None:
            store.add_technician(connection, email, name.strip(), departments, password_hash, now(), role)
            record(connection, now(), None, "technician.added", email, {"role": role, "departments": list(departments)})

        try:
            database.write(add)
        except IntegrityError:
            raise click.ClickException(f"there is a technician {email} already") from None
    click.echo(f"added {role} {email}{shown}")


@technician.command("list")
@json_option
def list_technicians(as_json: bool) -> None:
    """List all technicians."""
    with open_database() as database, database.read() as connection:
        found = store.load_staff(connection).technicians.values()
    rows = [
        {
            "email": t.email,
            "name": t.name,
            "role": t.role,
            "departments": sorted(t.departments),
            "disabled": t.disabled,
            "away": t.away,
        }
        for t in found
    ]
    show(rows, ("email", "name", "role", "departments", "disabled"), as_json=as_json)


@technician.command("role")
@click.argument("mail")
@click.argument("role", type=_ROLE)
def set_role(mail: str, role: Role) -> None:
    """Say what somebody may do: technician, supervisor or administrator."""
    email = mail.strip().lower()

    def change(connection: Connection) -> bool:
        found = store.set_role(connection, email, role)
        if found:
            record(connection, now(), None, "technician.role", email, {"role": role})
        return found

    with open_database() as database:
        if not database.write(change):
            raise click.ClickException(f"there is no technician {email}; see: handbell technician list")
    click.echo(f"{email} is {role} now")


@technician.command("disable")
@click.argument("mail")
@click.option("--undo", is_flag=True, help="Enable them again.")
def disable_technician(mail: str, undo: bool) -> None:
    """Disable a technician: nothing new is routed to them and they are logged out."""
    email = mail.strip().lower()
    with open_database() as database:
        if not database.write(lambda connection: store.set_technician_disabled(connection, email, not undo)):
            raise click.ClickException(f"there is no technician {email}; see: handbell technician list")
    click.echo(f"{'enabled' if undo else 'disabled'} technician {email}")


@technician.command("password")
@click.argument("mail")
@click.option("--password-file", type=click.File(), help="Where the password stands; - for standard input.")
def set_password(mail: str, password_file: TextIO | None) -> None:
    """Give a technician a new password, random and shown once unless a file gives one; they are logged out."""
    email = mail.strip().lower()
    password, shown = _password(password_file)
    password_hash = _hashed(password)
    with open_database() as database:
        if not database.write(lambda connection: store.set_password_hash(connection, email, password_hash)):
            raise click.ClickException(f"there is no technician {email}; see: handbell technician list")
    click.echo(f"changed the password of {email}{shown}")


def _password(file: TextIO | None) -> tuple[str, str]:
    """The password, and what to print of it: only one that was made here."""
    if file is not None:
        return file.read().rstrip("\r\n"), ""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    return password, f"; password {password} (shown this once)"


def _hashed(password: str) -> str:
    try:
        return hashed_password(password)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
