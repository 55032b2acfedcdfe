"""The customer's form for a file, on pages without script."""

from flask import Response

from app.actions.live_files import take_whole
from app.core.bodies import BadBody
from app.core.links import new_link_id
from app.core.live import CUSTOMER_SPEAKS, NotTaken, Refusal, TooMany, is_key
from app.core.live_file import clean_name
from app.core.security_event import Limit
from app.core.ticket import Ticket
from app.edge.incoming import see_other
from app.edge.security_log import limited
from app.edge.uploads import uploads
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS
from app.web.applet import said_again
from app.web.live_files import sender_of
from app.web.live_forms import Unsaid
from app.web.live_words import file_problems
from app.web.words import _


def sent_by_form(token: str, ticket: Ticket) -> Response:
    """Take each `file` of the form, once for each `key`; show the page again, with what was wrong."""
    try:
        _take(ticket)
    except NotTaken as refused:
        if refused.why is not Refusal.NOT_NOW:
            return _again(token, ticket, 422, file_problems().get(refused.why, file_problems()[Refusal.FIELD]))
    except BadBody as bad:
        why = Refusal.TOO_LARGE if bad.status == 413 else Refusal.FIELD
        return _again(token, ticket, bad.status, file_problems()[why])
    except TooMany as many:
        limited(Limit.LIVE)
        return _again(token, ticket, 429, _("Please wait a moment and try again."), many.retry_after)
    except DATABASE_FAULTS as fault:
        note_database_fault(fault, "conversation", ticket=str(ticket.number))
        return _again(token, ticket, 503, file_problems()[Refusal.FIELD], 5)
    return see_other(f"/applet/{token}#conversation")


def _take(ticket: Ticket) -> None:
    sender = sender_of(ticket, CUSTOMER_SPEAKS)
    taken = 0
    for taken, file in enumerate(uploads(), 1):
        key = f"{file.fields.get('key', '')}-{taken}"
        take_whole(sender, key if is_key(key) else new_link_id(), clean_name(file.name), file.pieces)
    if not taken:
        raise NotTaken(Refusal.EMPTY)


def _again(token: str, ticket: Ticket, status: int, problem: str, retry_after: int | None = None) -> Response:
    return said_again(token, ticket, Unsaid(status, {"file_problem": problem}, retry_after))
