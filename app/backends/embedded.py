"""The embedded desk: a session is a ticket in our own database, opened in the caller's transaction."""

import secrets
import uuid
from datetime import datetime

from sqlalchemy import Connection

from app.backends.declaring import Backend
from app.core.backend import Browser, Opened, Start
from app.core.customer_info import info_mode
from app.core.declaration import N_, Opener
from app.core.links import new_link_id
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest
from app.core.routing import route
from app.core.staff import Staff
from app.core.ticket import Ticket, TicketState
from app.store.tickets import insert_ticket


class EmbeddedDesk:
    """Opens tickets for one site inside the caller's transaction."""

    def __init__(
        self, connection: Connection, staff: Staff, site: str, now: datetime, made_by: CustomerRequest | None = None
    ) -> None:
        """`made_by` is the customer's request, for a ticket that comes from one."""
        self._connection = connection
        self._staff = staff
        self._site = site
        self._now = now
        self._made_by = made_by

    def open_session(self, request: NewSessionRequest, browser: Browser) -> Opened:
        """Open a ticket in the right queue. Never refuses."""
        ticket = self.open_ticket(request)
        return Opened(Start.DESK, session_id=ticket.session_id, ticket_number=str(ticket.number), pin=ticket.pin)

    def open_ticket(self, request: NewSessionRequest) -> Ticket:
        """As `open_session`, but return the ticket."""
        return insert_ticket(self._connection, new_ticket(self._staff, self._site, request, self._now, self._made_by))


def new_ticket(
    staff: Staff, site: str, request: NewSessionRequest, now: datetime, made_by: CustomerRequest | None = None
) -> Ticket:
    """A ticket in the right queue, not stored yet; `made_by` as in `EmbeddedDesk`."""
    where = route(request.department, request.tech, staff)
    return Ticket(
        number=0,
        session_id=uuid.uuid4().hex,
        pin=f"{secrets.randbelow(900_000_000) + 100_000_000}",
        site=site,
        reference=made_by.reference if made_by else None,
        state=TicketState.WAITING,
        queue_kind=where.kind,
        department_id=where.department_id,
        technician_id=where.technician_id,
        asked_department=request.department,
        asked_tech=request.tech,
        reason=where.reason,
        customer=request.customer,
        ask_customer_info=request.ask_customer_info,
        info_mode=info_mode(request),
        language=request.language,
        applet_id=new_link_id(),
        created_at=now,
        more=made_by.more if made_by else (),
        verified=made_by.verified if made_by else (),
    )


BACKEND = Backend(name="embedded", label=N_("Our own desk"), opener=Opener.DESK)
