"""A ticket's conversation on its page: what is shown without script, and the words that the script needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.core.kept_file import written_size
from app.core.live import FILE, Kind, Line, Session, Side, Speaker, takes_part
from app.core.live_file import LiveFile
from app.core.role import Role
from app.core.staff import Staff, Technician
from app.core.ticket import Ticket, TicketState
from app.store.live import lines_after, load_session, newest_line
from app.store.live_files import files_by_id
from app.web.live_words import file_problems
from app.web.words import _

_MOST_SHOWN = 200  # lines without script


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line on a page without script. `words` is a fact's sentence, empty for what somebody said; `size` is the
    file's, in words."""

    id: int
    at: datetime
    mine: bool
    theirs: bool
    name: str
    body: str
    words: str
    file: LiveFile | None
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A ticket's conversation for one technician. Supervisors may join that of a colleague, so the field to write in is
    on their page too (`has_field`)."""

    lines: Sequence[Shown]
    session: Session
    takes_part: bool
    may_write: bool
    has_field: bool
    is_owner: bool
    is_supervisor: bool
    words: Mapping[str, str]
    sources: Mapping[str, str]
    problems: Mapping[str, str]


def conversation_of(connection: Connection, ticket: Ticket, viewer: Technician, staff: Staff) -> Conversation:
    """The newest lines of the ticket's conversation, and what the technician may do in it."""
    newest = newest_line(connection, ticket.number)
    lines = lines_after(connection, ticket.number, 0, newest)[-_MOST_SHOWN:] if newest else []
    session = load_session(connection, ticket.number)
    is_in = takes_part(ticket, session, Speaker(Side.TECHNICIAN, str(viewer.id)))
    is_active, is_supervisor = ticket.state is TicketState.ACTIVE, viewer.role.includes(Role.SUPERVISOR)
    files = files_by_id(connection, [line.file for line in lines if line.file])
    shown = (_shown(line, files.get(line.file or ""), ticket, viewer, staff) for line in lines)
    return Conversation(
        lines=[line for line in shown if line],
        session=session,
        takes_part=is_in,
        may_write=is_in and is_active,
        has_field=is_active and (is_in or is_supervisor),
        is_owner=is_active and ticket.owner_id == viewer.id,
        is_supervisor=is_supervisor,
        words=fact_words(),
        sources=source_words(),
        problems=file_problems(),
    )


def fact_words() -> dict[str, str]:
    """Sentences by the name of their fact, as widget/src/live/log.ts makes it. `{name}` is who did it."""
    return {
        "asked": _("{name} asked to see the screen."),
        "screen-shared-monitor": _("The customer shows the whole screen."),
        "screen-shared-window": _("The customer shows one window."),
        "screen-shared-browser": _("The customer shows one tab of the browser."),
        "screen-shared-camera": _("The customer shows the camera’s picture."),
        "screen-stopped": _("The customer no longer shows anything."),
        "screen-ended": _("{name} stopped viewing. Nothing is shown any more."),
        "screen-refused": _("The customer did not show the screen."),
        "mark-claimed": _by_name(_("Took the ticket")),
        "mark-joined": _("{name} joins the conversation."),
        "mark-left": _("{name} has left the conversation."),
        "mark-here-on-computer": _("The customer opened the page on another device."),
        "end-customer": _("{name} ended the session."),
        "end-cancelled": _by_name(_("Cancelled the request")),
        "end-closed": _("{name} ended the session."),
        "end-released": _by_name(_("Put the ticket back into its queue")),
        "end-passed-on": _by_name(_("Passed the ticket on")),
        "end-taken-over": _("{name} takes over."),
    }


def source_words() -> dict[str, str]:
    """What a picture of the screen is, beside it."""
    return {
        "snapshot": _("Picture of what the customer showed"),
        "drawing": _("Picture of what the customer showed, with marks"),
    }


def _by_name(act: str) -> str:
    """An act of the ticket's history, which there has its name beside it."""
    return f"{{name}}: {act}"


def _shown(line: Line, file: LiveFile | None, ticket: Ticket, viewer: Technician, staff: Staff) -> Shown | None:
    mine = line.who == str(viewer.id)
    speaks = line.kind in (Kind.SAY, FILE)
    name = _name(line, ticket, staff)
    words = "" if speaks else _sentence(line).replace("{name}", name)
    if not (speaks or words):
        return None
    return Shown(
        id=line.id,
        at=line.at,
        mine=mine,
        theirs=line.is_customers,
        name=name,
        body=line.body,
        words=words,
        file=file,
        size=written_size(file.size) if file else "",
    )


def _name(line: Line, ticket: Ticket, staff: Staff) -> str:
    if line.is_customers:
        return ticket.customer.name or _("Customer")
    technician = staff.technician(int(line.who)) if line.who.isdecimal() else None
    return technician.name if technician else "Handbell"


def _sentence(line: Line) -> str:
    fact = "-".join(filter(None, (line.kind, *line.body.replace("_", "-").split(":"))))
    return fact_words().get(fact, "")
