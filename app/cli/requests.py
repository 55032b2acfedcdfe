"""`handbell request …` and `handbell prune`."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from app.actions.operate import Operator
from app.actions.operate import retry as try_again
from app.actions.privacy import Person, erase, export, find_person, prune_by_hand, record_export, retention_of
from app.cli.opening import now, open_database
from app.cli.output import json_option, more_rows, show, show_one, spoken
from app.core.file_name import parted
from app.core.kept_file import CHUNK
from app.core.live_file import LiveFile
from app.core.moment import iso
from app.core.picture import RequestPicture
from app.core.request import CustomerRequest, RequestState, written_reference
from app.settings import load_settings
from app.store.database import Database
from app.store.files import read_chunk
from app.store.live_files import all_files
from app.store.pictures import pictures_of_request
from app.store.requests import list_requests, request_by_reference
from app.store.why import why_members

_FOLDER = click.Path(file_okay=False, path_type=Path)
_CHOICES = [choice.value for choice in RequestState]


@click.group()
def request() -> None:
    """Requests that customers submitted."""


@request.command("list")
@click.option("--state", type=click.Choice(_CHOICES), help="Only requests in this state.")
@click.option("--site", help="Only requests of this site.")
@click.option("--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at the most.")
@json_option
def list_all(state: str | None, site: str | None, most: int, as_json: bool) -> None:
    """List requests, the newest first."""
    wanted = RequestState(state) if state else None
    with open_database() as database, database.read() as connection:
        rows = [_plain(found) for found in list_requests(connection, state=wanted, site=site, most=most)]
    columns = ("reference", "site", "state", "attempts", "ticket_number", "customer_name", "created_at", "last_error")
    show(rows, columns, as_json=as_json)


@request.command("show")
@click.argument("reference")
@json_option
def show_request(reference: str, as_json: bool) -> None:
    """Show one request."""
    with open_database() as database, database.read() as connection:
        found = request_by_reference(connection, written_reference(reference))
    if found is None:
        raise click.ClickException(f"there is no request {reference}")
    shown = _plain(found)
    if not as_json:
        shown = {name: value for name, value in spoken(shown).items() if name not in ("why", "why_values")}
    show_one(shown, as_json=as_json)


@request.command("retry")
@click.argument("reference")
def retry(reference: str) -> None:
    """Make a parked or suspect request due again, or a waiting one due now; a running server hands it off."""
    spelled = written_reference(reference)
    with open_database() as database:
        if not try_again(database, spelled, by=Operator(), now=now()):
            with database.read() as connection:
                found = request_by_reference(connection, spelled)
            if found is None:
                raise click.ClickException(f"there is no request {reference}")
            raise click.ClickException(
                f"request {spelled} is {found.state}; only waiting, parked and suspect ones are tried again"
            )
    click.echo(f"request {spelled} is on its way again")


_email = click.option("--email", help="All requests and tickets that bear this mail address.")
_number = click.option("--number", help="All requests and tickets that bear this customer number.")


@request.command("erase")
@click.argument("reference", required=False)
@_email
@_number
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_person(reference: str | None, email: str | None, number: str | None, yes: bool) -> None:
    """Erase a request's or a person's data for good; counts and states stay."""
    with open_database() as database:
        person = _person(database, reference, email, number)
        what = f"{len(person.requests)} requests and {len(person.tickets)} tickets"
        if not yes:
            click.confirm(f"erase the data of {what} for good?", abort=True)
        finished = erase(database, person, by=None, now=now())
    click.echo(f"erased the data of {what}")
    _say_unfinished(finished)


@request.command("export")
@click.argument("reference", required=False)
@_email
@_number
@click.option("--files", type=_FOLDER, help="Also write pictures and the files of conversations into this folder.")
def export_person(reference: str | None, email: str | None, number: str | None, files: Path | None) -> None:
    """Print all data kept about a request or a person, as JSON."""
    with open_database() as database:
        person = _person(database, reference, email, number)
        if files:
            _write_files(database, person, files)
        exported = json.dumps(export(database, person), indent=2, ensure_ascii=False)
        record_export(database, person, by=None, now=now())
    click.echo(exported)


def _write_files(database: Database, person: Person, folder: Path) -> None:
    """Write the person's files under their ids, for the owner of the folder alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with database.read() as connection:
        kept: list[LiveFile | RequestPicture] = []
        for asked in person.requests:
            kept += pictures_of_request(connection, asked.reference)
        for ticket in person.tickets:
            kept += (file for file in all_files(connection, ticket.number) if file.line is not None)
    for file in kept:
        path = folder / f"{file.id}{parted(file.name)[1]}"
        with open(path, "wb", opener=_for_the_owner) as target:
            target.writelines(_chunks(database, file))


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _chunks(database: Database, file: LiveFile | RequestPicture) -> Iterator[bytes]:
    for number in range(-(-file.size // CHUNK)):
        with database.read() as connection:
            yield read_chunk(connection, file.kept, number) or b""


@click.command()
def prune() -> None:
    """Expire and erase due data now; the worker does the same every few minutes."""
    settings = load_settings()
    with open_database(settings) as database:
        kept_for = retention_of(database, settings.retention_days)
        done = prune_by_hand(database, kept_for, by=None, now=now())
    click.echo(
        f"expired {done.tickets_expired} tickets; erased {done.requests_erased} requests, {done.tickets_erased} tickets"
    )
    _say_unfinished(done.finished)


def _say_unfinished(finished: bool) -> None:
    """Report that erased values are still in the database's log, and exit with status 3."""
    if not finished:
        click.echo(
            "not yet gone from the database's log: a backup, a replicator or a long query reads it; "
            "`handbell serve` or `handbell worker` finishes it, and `handbell check` shows whether it is",
            err=True,
        )
        raise click.exceptions.Exit(3)


def _person(database: Database, reference: str | None, email: str | None, number: str | None) -> Person:
    if sum(value is not None for value in (reference, email, number)) != 1:
        raise click.ClickException("give a reference, --email or --number")
    spelled = written_reference(reference) if reference else None
    person = find_person(database, reference=spelled, email=email, number=number)
    if not person.requests and not person.tickets:
        raise click.ClickException("nothing is kept about that")
    return person


def _plain(found: CustomerRequest) -> dict[str, Any]:
    return {
        "reference": found.reference,
        "site": found.site,
        "state": found.state,
        "backend": found.backend,
        "source": found.source,
        "attempts": found.attempts,
        **why_members(found.why),
        "maybe_duplicate": found.maybe_duplicate,
        "next_try_at": iso(found.due_at) if found.state is RequestState.WAITING else None,
        **found.customer.values(),
        "verified": list(found.verified),
        "more": more_rows(found.more),
        "department": found.department,
        "tech": found.tech,
        "ask_customer_info": found.ask_customer_info,
        "created_at": iso(found.created_at),
        "opened_at": iso(found.opened_at),
        "ended_at": iso(found.ended_at),
        "ticket_number": found.ticket_number or found.vendor_ticket,
        "session_id": found.session_id,
    }
