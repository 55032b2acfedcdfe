"""The code with which a customer opens the page on their computer, as it is shown and told."""

from dataclasses import dataclass

from app.actions.live_move import offered_move
from app.core.moment import iso
from app.core.session_code import SessionCode, shown_pin
from app.core.ticket import Ticket
from app.edge.this_app import running


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The PIN in groups, the address at which it is typed, and until when (ISO 8601)."""

    pin: str
    address: str
    until: str | None


def code_of(ticket: Ticket) -> ShownCode | None:
    """The code that the customer has asked for and can use now."""
    here = running()
    code = offered_move(here.database, ticket, now=here.clock())
    return shown_code(code) if code else None


def shown_code(code: SessionCode) -> ShownCode:
    """The code in the customer's words."""
    return ShownCode(shown_pin(code.pin), f"{running().settings.base_url}/pin", iso(code.expires_at))
