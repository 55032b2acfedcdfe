"""`handbell department …` and `handbell technician …`: every change is in the audit log, as made at the command
line."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import click

from app.actions import team
from app.actions.invitations import Disabled, invite
from app.actions.log_in import hashed_password
from app.cli.opening import now, open_database, stored_secrets
from app.cli.output import json_option, say_warning, show
from app.cli.second_factor import second_factor
from app.cli.served_address import link_base
from app.core.role import Role
from app.core.security_event import account_hash
from app.core.staff import Department, Staff, Technician
from app.core.team import HIGHEST_ID, Particulars, mail_fault, name_fault, one_line
from app.settings import load_settings
from app.store import staff as store
from app.store.database import Database

_ID = click.IntRange(1, HIGHEST_ID)
_ROLE = click.Choice(Role, case_sensitive=False)


@click.group()
def department() -> None:
    """The embedded desk's departments, each with a queue."""


@department.command("add")
@click.argument("name")
@click.option("--id", "number", type=_ID, required=True, help="What callers send as Department.")
def add_department(name: str, number: int) -> None:
    """Add a department."""
    checked = _name(name, "a department's name")
    with open_database() as database:
        try:
            team.add_department(database, Department(number, checked), by=None, now=now())
        except team.Taken:
            raise click.ClickException(f"there is a department {number} already") from None
    click.echo(f"added department {number}")


@department.command("list")
@json_option
def list_departments(as_json: bool) -> None:
    """List all departments."""
    with open_database() as database:
        found = _staff(database).departments.values()
    rows = [{"id": d.id, "name": d.name, "disabled": d.disabled} for d in found]
    show(rows, ("id", "name", "disabled"), as_json=as_json)


@department.command("rename")
@click.argument("number", metavar="ID", type=_ID)
@click.argument("name")
def rename_department(number: int, name: str) -> None:
    """Give a department another name; its tickets show it too."""
    checked = _name(name, "a department's name")
    with open_database() as database, _known_department(number):
        team.rename_department(database, number, checked, by=None, now=now())
    click.echo(f"renamed department {number}")


@department.command("disable")
@click.argument("number", metavar="ID", type=_ID)
@click.option("--undo", is_flag=True, help="Enable it again.")
def disable_department(number: int, undo: bool) -> None:
    """Disable a department: nothing new is routed to it; its tickets keep its name."""
    with open_database() as database, _known_department(number):
        team.disable_department(database, number, by=None, now=now(), disabled=not undo)
    click.echo(f"{'enabled' if undo else 'disabled'} department {number}")


@click.group()
def technician() -> None:
    """The desk's technicians; a technician's user name is a mail address."""


technician.add_command(second_factor)


@technician.command("add")
@click.argument("mail")
@click.option("--name", required=True, help="As customers and colleagues read it.")
@click.option("--department", "departments", type=_ID, multiple=True, help="A department's id (repeat).")
@click.option("--role", type=_ROLE, help="What they may do; the first of all is administrator, else technician.")
@click.option("--password-file", type=click.File(), help="Where the password stands; - for standard input.")
def add_technician(
    mail: str, name: str, departments: tuple[int, ...], role: Role | None, password_file: TextIO | None
) -> None:
    """Add a technician. Without a file, a random password is made and shown once, to be changed at the first log-in."""
    email = mail.strip().lower()
    if mail_fault(email) or name_fault(one_line(name)):
        raise click.ClickException("give a mail address (at most 254 characters) and --name (1 to 80 characters)")
    password, shown = _password(password_file)
    password_hash = _hashed(password, email, one_line(name))
    with open_database() as database:
        known = _staff(database)
        _refuse_unknown(departments, known)
        role = role or (Role.TECHNICIAN if known.technicians else Role.ADMINISTRATOR)
        wanted = Particulars(one_line(name), role, frozenset(departments))
        try:
            team.add_technician(database, email, wanted, password_hash, by=None, now=now(), temporary=bool(shown))
        except team.Taken:
            raise click.ClickException(f"there is a technician {email} already") from None
    click.echo(f"added {role} {email}{shown}")


@technician.command("list")
@json_option
def list_technicians(as_json: bool) -> None:
    """List all technicians."""
    settings = load_settings()
    with open_database(settings) as database:
        found = _staff(database).technicians.values()
        hashed_by = stored_secrets(database, settings)
    rows = [
        {
            "email": t.email,
            "name": t.name,
            "role": t.role,
            "departments": sorted(t.departments),
            "disabled": t.disabled,
            "away": t.away,
            "in_log": [account_hash(key, t.email) for key in hashed_by],
        }
        for t in found
    ]
    show(rows, ("email", "name", "role", "departments", "disabled", "in_log"), as_json=as_json)


@technician.command("rename")
@click.argument("mail")
@click.argument("name")
def rename_technician(mail: str, name: str) -> None:
    """Give a technician another name; colleagues and customers read it at once."""
    checked = _name(name, "a technician's name")
    with open_database() as database:
        found = _technician(database, mail)
        team.change_technician(database, found.id, by=None, now=now(), name=checked)
    click.echo(f"renamed technician {found.email}")


@technician.command("departments")
@click.argument("mail")
@click.argument("departments", metavar="ID...", type=click.IntRange(0, HIGHEST_ID), nargs=-1, required=True)
def set_departments(mail: str, departments: tuple[int, ...]) -> None:
    """Set a technician's departments, replacing all others; 0 for none."""
    wanted = frozenset(departments) - {0}
    with open_database() as database:
        found = _technician(database, mail)
        _refuse_unknown(sorted(wanted), _staff(database))
        team.change_technician(database, found.id, by=None, now=now(), departments=wanted)
    named = ", ".join(str(number) for number in sorted(wanted)) or "none"
    click.echo(f"departments of {found.email}: {named}")


@technician.command("role")
@click.argument("mail")
@click.argument("role", type=_ROLE)
def set_role(mail: str, role: Role) -> None:
    """Set a technician's role: technician, supervisor or administrator. A new role logs them out."""
    with open_database() as database:
        found = _technician(database, mail)
        team.change_technician(database, found.id, by=None, now=now(), role=role)
        _warn_without_administrator(database)
    click.echo(f"{found.email} is {role} now")


@technician.command("disable")
@click.argument("mail")
@click.option("--undo", is_flag=True, help="Enable them again.")
def disable_technician(mail: str, undo: bool) -> None:
    """Disable a technician: nothing new is routed to them and they are logged out."""
    with open_database() as database:
        found = _technician(database, mail)
        team.disable_technician(database, found.id, by=None, now=now(), disabled=not undo)
        _warn_without_administrator(database)
    click.echo(f"{'enabled' if undo else 'disabled'} technician {found.email}")


@technician.command("password")
@click.argument("mail")
@click.option("--password-file", type=click.File(), help="Where the password stands; - for standard input.")
def set_password(mail: str, password_file: TextIO | None) -> None:
    """Set a technician's password and log them out. Without a file, it is random, shown once and to be changed at the
    next log-in."""
    password, shown = _password(password_file)
    with open_database() as database:
        found = _technician(database, mail)
        password_hash = _hashed(password, found.email, found.name)
        team.set_password(database, found.id, password_hash, by=None, now=now(), temporary=bool(shown))
    click.echo(f"changed the password of {found.email}{shown}")


@technician.command("invite")
@click.argument("mail")
@click.option("--end-password", is_flag=True, help="End the old password now, and log them out.")
def invite_technician(mail: str, end_password: bool) -> None:
    """Print a link to choose a password: valid for 24 hours and once; older links end."""
    settings = load_settings()
    with open_database(settings) as database:
        found = _technician(database, mail)
        try:
            secret = invite(database, found.id, by=None, now=now(), without_password=end_password)
        except Disabled:
            raise click.ClickException(
                f"{found.email} is disabled; see: handbell technician disable --undo {found.email}"
            ) from None
        if end_password:
            _warn_without_administrator(database)
    click.echo(f"{link_base(settings)}/console/invitation/{secret}")


def _staff(database: Database) -> Staff:
    with database.read() as connection:
        return store.load_staff(connection)


def _technician(database: Database, mail: str) -> Technician:
    email = mail.strip().lower()
    found = _staff(database).technicians.get(email)
    if found is None:
        raise click.ClickException(f"there is no technician {email}; see: handbell technician list")
    return found


@contextmanager
def _known_department(number: int) -> Iterator[None]:
    try:
        yield
    except team.NotThere:
        raise click.ClickException(f"there is no department {number}; see: handbell department list") from None


def _refuse_unknown(departments: Sequence[int], known: Staff) -> None:
    if missing := [str(number) for number in departments if number not in known.departments]:
        raise click.ClickException(f"there is no department {', '.join(missing)}; see: handbell department list")


def _warn_without_administrator(database: Database) -> None:
    """Warn when no administrator is left. That is allowed here, as the command line can make one."""
    with database.read() as connection:
        left = store.administrators_left(connection, without=0)
    if not left:
        say_warning(
            "no administrator can log in now; make one: handbell technician role MAIL administrator, and: "
            "handbell technician invite MAIL"
        )


def _name(written: str, what: str) -> str:
    """The name on one line. Raises ClickException; `what` says whose name it is."""
    name = one_line(written)
    if name_fault(name):
        raise click.ClickException(f"{what} has 1 to 80 characters that can be seen, and no control characters")
    return name


def _password(file: TextIO | None) -> tuple[str, str]:
    """The password, and the text to print about it, which is empty for one from a file."""
    if file is not None:
        return file.read().rstrip("\r\n"), ""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    return password, f"; password {password} (shown this once)"


def _hashed(password: str, *about: str) -> str:
    try:
        return hashed_password(password, *about)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
