"""Personal data: find, export, erase. The search is posted, so that it appears in no address and no log."""

import hashlib
import json
from dataclasses import dataclass

from flask import Response, flash, request

from app.actions.privacy import Person, erase, export, find_person, record_export
from app.core.request import CustomerRequest, written_reference
from app.core.text import is_blank, text_problem, without_control
from app.core.ticket import Ticket
from app.edge.headers import ATTACHMENT, with_headers
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.web.console.frame import administrators_only, console_page, console_pages, me
from app.web.words import _

pages = console_pages("data")
_HERE = "/console/data"
_KINDS = ("email", "number", "reference")
_LONGEST = 254  # characters
_SHOWN = 100  # rows


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The person to find: `kind` is one of _KINDS."""

    kind: str
    value: str

    @property
    def values(self) -> dict[str, str]:
        return {"kind": self.kind, "value": self.value}


@pages.get("/data")
@administrators_only
def data() -> Response:
    """The search form."""
    return _search({"kind": "email", "value": ""})


@pages.post("/data")
@administrators_only
def find() -> Response:
    """Show the records about a person, without their texts."""
    wanted = _wanted()
    return wanted if isinstance(wanted, Response) else _found(wanted, _person(wanted))


@pages.post("/data/export")
@administrators_only
def give_out() -> Response:
    """Export all of it as JSON, recorded in the audit log."""
    wanted = _wanted()
    if isinstance(wanted, Response):
        return wanted
    here, person = running(), _person(wanted)
    if not any(person.names.values()):
        return _found(wanted, person)
    text = json.dumps(export(here.database, person), indent=2, ensure_ascii=False)
    record_export(here.database, person, by=me().id, now=here.clock())
    response = with_headers(Response(text, content_type="application/json"), ATTACHMENT)
    name = f"personal-data-{here.clock():%Y%m%d-%H%M%S}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.post("/data/erase")
@administrators_only
def erase_all() -> Response:
    """Ask first; then erase what was shown, or ask again if more has come in meanwhile."""
    wanted = _wanted()
    if isinstance(wanted, Response):
        return wanted
    here, person = running(), _person(wanted)
    if not any(person.names.values()):
        return _found(wanted, person)
    confirmed = request.form.get("confirmed", "")
    if confirmed != _mark(person):
        return _confirm(wanted, person, changed=bool(confirmed))
    finished = erase(here.database, person, by=me().id, now=here.clock())
    flash(_("Erased for good. Counts, times and states stay.") if finished else _not_yet_gone())
    return see_other(_HERE)


def _not_yet_gone() -> str:
    return _(
        "Erased here, but not yet gone from the database's log, which a backup or another program is reading. "
        "Handbell finishes this by itself."
    )


def _wanted() -> _Wanted | Response:
    """The person to find, or the search form with its problems."""
    values = {name: request.form.get(name, "") for name in ("kind", "value")}
    problems = {}
    if values["kind"] not in _KINDS:
        problems["kind"] = _("Please choose one of the list.")
    if is_blank(values["value"]):
        problems["value"] = _("Please fill this in.")
    elif text_problem("value", values["value"], _LONGEST):
        problems["value"] = _(
            "This cannot be searched for: it is too long, or contains characters that cannot be used."
        )
    return _search(values, problems) if problems else _Wanted(values["kind"], values["value"].strip())


def _person(wanted: _Wanted) -> Person:
    value = written_reference(wanted.value) if wanted.kind == "reference" else wanted.value
    return find_person(running().database, **{wanted.kind: value})


def _search(values: dict[str, str], problems: dict[str, str] | None = None) -> Response:
    status = 422 if problems else 200
    shown = {name: without_control(value) for name, value in values.items()}
    return console_page("console/data.html", status=status, kinds=_kinds(), values=shown, problems=problems or {})


def _found(wanted: _Wanted, person: Person) -> Response:
    rows = _rows(person)
    return console_page(
        "console/data.html",
        kinds=_kinds(),
        values=wanted.values,
        problems={},
        found=True,
        rows=rows[:_SHOWN],
        more=max(0, len(rows) - _SHOWN),
        count=len(rows),
    )


def _confirm(wanted: _Wanted, person: Person, *, changed: bool) -> Response:
    return console_page(
        "console/erase.html",
        values=wanted.values,
        confirmation=_mark(person),
        changed=changed,
        requests=len(person.requests),
        tickets=len(person.tickets),
        still_open=person.still_open,
    )


def _rows(person: Person) -> list[dict[str, object]]:
    """One row for a request and its ticket, the newest first."""
    tickets = {ticket.number: ticket for ticket in person.tickets}
    pairs: list[tuple[CustomerRequest | Ticket, Ticket | None]] = [
        (made, tickets.pop(made.ticket_number or 0, None)) for made in person.requests
    ]
    pairs += [(ticket, ticket) for ticket in tickets.values()]
    return [_row(*pair) for pair in sorted(pairs, key=lambda pair: pair[0].created_at, reverse=True)]


def _row(kept: CustomerRequest | Ticket, ticket: Ticket | None) -> dict[str, object]:
    site = running().desk.sites.get(kept.site)
    return {
        "reference": kept.reference,
        "ticket": ticket.number if ticket else None,
        "state": (ticket or kept).state,
        "site": site.name if site else kept.site,
        "created_at": kept.created_at,
        "ended_at": (ticket or kept).ended_at,
        "erased": kept.erased_at,
    }


def _mark(person: Person) -> str:
    """A digest of the requests and tickets, which changes when they do."""
    return hashlib.sha256(json.dumps(person.names).encode()).hexdigest()


def _kinds() -> list[tuple[str, str]]:
    return [("email", _("E-mail")), ("number", _("Customer number")), ("reference", _("Reference"))]
