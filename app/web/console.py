"""The technicians' console: log-in, queues, a ticket."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, make_response, render_template, request, session
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from sqlalchemy import ColumnElement
from wtforms import EmailField, PasswordField

from app.access import Who, open_to
from app.actions.log_in import TooManyTries, WrongLogin, current_technician, log_in, log_out
from app.actions.ticket import CUSTOMER
from app.core.bodies import MAX_BODY
from app.core.customer_info import InfoMode
from app.core.routing import QueueKind, Reason, Technician
from app.core.ticket import Ticket, TicketEvent
from app.incoming import client_address, see_other
from app.store import tickets as store
from app.web.words import _
from app.wiring import Running, running

pages = Blueprint("console", __name__, url_prefix="/console")
_PAGE = 50
_LOGGED_OUT = '"cache", "cookies", "storage"'


class LoginForm(FlaskForm):  # type: ignore[misc]
    """Mail address and password, with the CSRF token."""

    email = EmailField(lazy_gettext("E-mail"))
    password = PasswordField(lazy_gettext("Password"))


class NothingForm(FlaskForm):  # type: ignore[misc]
    """A button: only its CSRF token counts."""


def technicians_only(view: Callable[..., Response]) -> Callable[..., Response]:
    """Declare a view as the technicians', and send everyone else to the log-in."""

    @wraps(view)
    def guarded(**arguments: object) -> Response:
        here = running()
        secret = session.get("sid", "")
        found = current_technician(here.database, secret, here.clock()) if secret else None
        technician = here.desk.staff.technician(found)
        if technician is None:
            return see_other("/console/login")
        g.technician = technician
        return view(**arguments)

    return open_to(Who.TECHNICIANS)(guarded)


@pages.before_request
def refuse_foreign_posts() -> None:
    """An unsafe request must be small and come from our own pages, whatever its CSRF token says."""
    request.max_content_length = MAX_BODY
    if request.method in ("GET", "HEAD"):
        return
    fetched_from = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin.lower()).netloc not in running().settings.hosts
    if fetched_from != "same-origin" or foreign:
        abort(403)


@pages.route("/login", methods=["GET", "POST"])
@open_to(Who.EVERYONE)
def login() -> Response:
    """Log in with mail address and password."""
    form = LoginForm()
    problem = None
    status = 200
    retry_after = None
    if request.method == "POST":
        if not form.validate():
            problem, status = _("This page was open for too long. Please log in again."), 400
        else:
            try:
                return _logged_in(form)
            except WrongLogin:
                problem, status = _("The e-mail or the password is wrong."), 403
            except TooManyTries as tries:
                retry_after = tries.retry_after
                problem, status = _("Too many wrong tries. Wait %(n)s seconds.", n=retry_after), 429
    response = make_response(render_template("console/login.html", form=form, problem=problem), status)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


@pages.post("/logout")
@technicians_only
def logout() -> Response:
    """End the session here and on the server."""
    if not NothingForm().validate():
        abort(400)
    log_out(running().database, session["sid"])
    session.clear()
    response = see_other("/console/login")
    response.headers["Clear-Site-Data"] = _LOGGED_OUT
    return response


@pages.get("/")
@technicians_only
def queue() -> Response:
    """Mine, my departments' or the general queue, the newest first."""
    here = running()
    technician: Technician = g.technician
    queues = _queues(technician)
    name = request.args.get("queue", "mine")
    if name not in queues:
        abort(404)
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < 2**63:
        abort(404)
    with here.database.read() as connection:
        counts = {key: store.count_open(connection, which) for key, (_label, which) in queues.items()}
        found = store.open_tickets(connection, queues[name][1], before=before, most=_PAGE + 1)
    rows = [_row(here, ticket) for ticket in found[:_PAGE]]
    older = f"/console/?queue={name}&before={found[_PAGE - 1].number}" if len(found) > _PAGE else None
    tabs = [
        {
            "key": key,
            "label": label,
            "url": f"/console/?queue={key}",
            "count": counts[key],
            "current": key == name,
        }
        for key, (label, _which) in queues.items()
    ]
    return _console_page(
        "console/queue.html", tabs=tabs, rows=rows, next_url=older, refresh_url=f"/console/?queue={name}"
    )


@pages.get("/tickets/<int:number>")
@technicians_only
def ticket(number: int) -> Response:
    """Everything that was sent, where it went and why."""
    here = running()
    if number >= 2**63:
        abort(404)
    with here.database.read() as connection:
        found = store.ticket_by_number(connection, number)
        history = store.ticket_history(connection, number)
    if found is None or not may_see(g.technician, found):
        abort(404)
    return _console_page(
        "console/ticket.html",
        ticket=_shown(here, found),
        history=[_entry(event) for event in history],
        back_url=f"/console/?queue={_queue_of(g.technician, found)}",
    )


def may_see(technician: Technician, ticket: Ticket) -> bool:
    """One's own tickets, those of one's departments and the general queue's."""
    match ticket.queue_kind:
        case QueueKind.GENERAL:
            return True
        case QueueKind.DEPARTMENT:
            return ticket.department_id in technician.departments
        case QueueKind.TECHNICIAN:
            return ticket.technician_id == technician.id


def _logged_in(form: LoginForm) -> Response:
    here = running()
    email, password = form.email.data or "", form.password.data or ""
    secret = log_in(here.database, email, password, client_address(), here.clock())
    session.clear()
    session["sid"] = secret
    return see_other("/console/")


def _queues(technician: Technician) -> dict[str, tuple[str, ColumnElement[bool]]]:
    return {
        "mine": (_("Mine"), store.mine(technician.id)),
        "departments": (_("My departments"), store.of_departments(technician.departments)),
        "general": (_("General"), store.general()),
    }


def _queue_of(technician: Technician, ticket: Ticket) -> str:
    if ticket.technician_id == technician.id:
        return "mine"
    return "departments" if ticket.queue_kind is QueueKind.DEPARTMENT else "general"


def _console_page(template: str, **context: object) -> Response:
    html = render_template(
        template, technician=g.technician, csrf_token=generate_csrf(), logout_url="/console/logout", **context
    )
    return make_response(html)


def _row(here: Running, ticket: Ticket) -> dict[str, object]:
    staff = here.desk.staff
    technician = staff.technician(ticket.technician_id)
    department = staff.departments.get(ticket.department_id or -1)
    return {
        "number": ticket.number,
        "reference": ticket.reference,
        "url": f"/console/tickets/{ticket.number}",
        "waited": _waited(here.clock(), ticket.created_at),
        "created_at": ticket.created_at.isoformat(timespec="seconds"),
        "customer": ticket.customer_name or ticket.customer_email or ticket.customer_number or "",
        "problem": " ".join((ticket.problem_description or "").split())[:160],
        "department": department.name if department else None,
        "technician": technician.name if technician else None,
        "asked_info": ticket.info_mode is not InfoMode.HIDDEN,
        "state": ticket.state,
    }


def _shown(here: Running, ticket: Ticket) -> dict[str, object]:
    row = _row(here, ticket)
    site = here.desk.sites.get(ticket.site)
    return {
        **{name: getattr(ticket, name) for name in _TICKET_FACTS},
        **ticket.elements,
        "site_name": site.name if site else ticket.site,
        "queue_label": row["technician"] or row["department"] or _("General queue"),
        "reason_text": _reason(ticket.reason),
        "mode": ticket.info_mode,
    }


_TICKET_FACTS = (
    "number",
    "reference",
    "state",
    "created_at",
    "asked_department",
    "asked_tech",
    "ask_customer_info",
    "applet_opened_at",
    "session_id",
    "pin",
    "more",
    "verified",
)


def _entry(event: TicketEvent) -> dict[str, object]:
    texts = {
        "details_changed": _("Changed the details"),
        "cancelled": _("Cancelled the request"),
        "expired": _("Nobody took it in time"),
    }
    changes = [{"field": name, "old": old, "new": new} for name, (old, new) in event.detail.items()]
    who = {CUSTOMER: _("Customer"), "desk": "Handbell"}
    return {
        "at": event.at,
        "who": who.get(event.who, event.who),
        "text": texts.get(event.what, event.what),
        "changes": changes,
    }


def _waited(now: datetime, since: datetime) -> str:
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return _("%(n)s min", n=minutes)
    if minutes < 48 * 60:
        return _("%(h)s h %(m)s min", h=minutes // 60, m=minutes % 60)
    return _("%(n)s days", n=minutes // (24 * 60))


def _reason(reason: Reason) -> str:
    return {
        Reason.NOTHING_ASKED: _("No department or technician was asked for."),
        Reason.DEPARTMENT: _("This department was asked for."),
        Reason.TECHNICIAN: _("This technician was asked for."),
        Reason.TECHNICIAN_IN_DEPARTMENT: _("This technician was asked for, who is in the department asked for."),
        Reason.TECHNICIAN_OVER_DEPARTMENT: _(
            "The technician asked for is in another department than the one asked for."
        ),
        Reason.TECHNICIAN_DEPARTMENT_WRONG: _(
            "This technician was asked for; the department asked for is unknown or disabled."
        ),
        Reason.DEPARTMENT_TECHNICIAN_WRONG: _(
            "This department was asked for; the technician asked for is unknown or disabled."
        ),
        Reason.BOTH_WRONG: _("Neither the department nor the technician asked for is known and enabled."),
        Reason.DEPARTMENT_WRONG: _("The department asked for is unknown or disabled."),
        Reason.TECHNICIAN_WRONG: _("The technician asked for is unknown or disabled."),
    }[reason]
