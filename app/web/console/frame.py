"""Shared by all console pages: access rules, refusal of foreign posts, and the frame around the page."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, cast
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, make_response, render_template, request, session
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.urls import iri_to_uri
from wtforms.validators import ValidationError

from app.actions.log_in import current_session, session_hash
from app.core.bodies import MAX_BODY
from app.core.log_in_rules import Duty, duty_of
from app.core.role import Role
from app.core.security_event import SecurityEvent
from app.core.staff import Technician
from app.core.ticket import Ticket
from app.core.way_back import HOME, way_back
from app.core.who_sees import may_see
from app.edge.access import Who, open_to
from app.edge.incoming import FORM_TYPE, MULTIPART, is_foreign_post, see_other, sent_from
from app.edge.security_log import tell
from app.edge.stream import EVENTS
from app.edge.this_app import running
from app.process.streams import Listener, Room
from app.store.console_sessions import LiveSession
from app.store.live_here import Spot
from app.store.queues import MOST_SUSPECTS, newest_ticket, suspects
from app.web.console.confirmation import confirmation
from app.web.words import _

View = Callable[..., Response]
LOG_IN = "/console/login"
REQUESTS = "/console/requests"
NOTICES = "/console/notices"
SENT = "/console/desk/notices"  # reached from the page of notices
_FOR = {
    Role.TECHNICIAN: Who.TECHNICIANS,
    Role.SUPERVISOR: Who.SUPERVISORS,
    Role.ADMINISTRATOR: Who.ADMINISTRATORS,
}
_SAFE = ("GET", "HEAD")
_FOR_DUTIES = ("console_account", "console_login")
_WHERE_DUTIES_ARE_DONE = {Duty.PASSWORD: "/console/account", Duty.SECOND_FACTOR: "/console/account/second-factor"}


class ConsoleForm(FlaskForm):  # type: ignore[misc]
    """A form whose CSRF token alone is checked here."""

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Whether its token is good; one that is not is in the security log."""
        good = bool(super().validate(extra_validators))
        if not good:
            tell(SecurityEvent.CSRF_FAILED)
        return good


class NothingForm(ConsoleForm):
    """A form that is only a button with its CSRF token."""


def console_pages(name: str, *, json: bool = False) -> Blueprint:
    """A blueprint below /console that refuses posts from other sites' pages; with `json` for scripts alone."""
    pages = Blueprint(f"console_{name}", __name__, url_prefix="/console")
    pages.before_request(_script_calls if json else _form_calls)
    return pages


def only(role: Role, *, largest: int = MAX_BODY, sensitive: bool = False) -> Callable[[View], View]:
    """Declare a view for this role and higher ones.

    Without a log-in it redirects there, another role gets 403, and a post without its CSRF token 400. A technician with
    a duty (see `core/log_in_rules.py`) is redirected to that first. A post to a `sensitive` view asks for password and
    code again when they were given more than ten minutes ago. `largest` is the limit of a body in bytes. A script's
    call gets 401 instead of a redirect, and has its token in the header X-CSRF-Token.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: object) -> Response:
            log_in = _log_in()
            technician = running().desk.staff.technician(log_in.technician_id) if log_in else None
            if log_in is None or technician is None:
                return _to_log_in()
            g.technician = technician
            if not technician.role.includes(role):
                abort(403)
            g.duty = duty_at(technician, log_in)
            if g.duty and request.blueprint not in _FOR_DUTIES:
                return _to_duty(g.duty)
            if request.method not in _SAFE:
                request.max_content_length = largest
                if not _has_token():
                    abort(make_response(_too_old(), 400))
                if sensitive and (asked := confirmation(technician, log_in, my_session())):
                    return asked
            return view(**arguments)

        return open_to(_FOR[role])(guarded)

    return declare


technicians_only = only(Role.TECHNICIAN)
technicians_confirmed = only(Role.TECHNICIAN, sensitive=True)
supervisors_only = only(Role.SUPERVISOR)
administrators_only = only(Role.ADMINISTRATOR)
administrators_confirmed = only(Role.ADMINISTRATOR, sensitive=True)


def me() -> Technician:
    """The logged-in technician."""
    return cast(Technician, g.technician)


def my_session() -> str:
    """The secret of the current session."""
    return str(session.get("sid", ""))


def listener(page: Spot | None = None) -> Listener:
    """The logged-in technician as one who listens, on this page of a ticket or at the console."""
    return Listener(Room.TECHNICIANS, me().id, session_hash(my_session()), page)


def in_background() -> bool:
    """Whether the page's script calls by itself, without any use of the page since its last call."""
    asks = bool(g.get("script_calls")) and request.method in _SAFE
    return asks or "X-Background" in request.headers or request.headers.get("Accept") == EVENTS


def by_script() -> bool:
    """Whether the page's script calls, so that the answer is not shown as a page of its own."""
    return bool(g.get("script_calls")) or "X-Live" in request.headers or in_background()


def waiting_since() -> datetime:
    """The start of the long wait: a ticket that has waited since before this time is shown to all technicians."""
    here = running()
    return here.desk.waiting_since(here.clock())


def sees(ticket: Ticket) -> bool:
    """Whether the logged-in technician may see the ticket."""
    return may_see(me(), ticket, running().desk.staff, waiting_since())


def console_page(template: str, *, status: int = 200, **context: object) -> Response:
    """A page in the console's frame."""
    html = render_template(
        template,
        technician=me(),
        csrf_token=generate_csrf(),
        logout_url="/console/logout",
        log_in_url=to_log_in(_asked_for()),
        places=() if g.get("duty") else _places(me().role),
        live_tag=g.get("live_tag"),
        by_script=by_script(),
        duty=g.get("duty"),
        newest_ticket=newest_ticket(running().database),
        **context,
    )
    return make_response(html, status)


def _places(role: Role) -> list[dict[str, object]]:
    """The pages in this role's menu."""
    everything = (
        (Role.TECHNICIAN, "/console/", _("Queue")),
        (Role.TECHNICIAN, "/console/codes", _("Session codes")),
        (Role.TECHNICIAN, NOTICES, _("Notices")),
        (Role.SUPERVISOR, REQUESTS, _("Requests")),
        (Role.SUPERVISOR, "/console/figures", _("Figures")),
        (Role.ADMINISTRATOR, "/console/sites", _("Sites")),
        (Role.ADMINISTRATOR, "/console/team", _("Team")),
        (Role.ADMINISTRATOR, "/console/data", _("Personal data")),
        (Role.ADMINISTRATOR, "/console/desk", _("Desk")),
        (Role.ADMINISTRATOR, "/console/audit", _("Audit log")),
    )
    return [
        {"url": url, "label": label, "current": _is_at(url), "suspects": _suspects() if url == REQUESTS else None}
        for needed, url, label in everything
        if role.includes(needed)
    ]


def _suspects() -> str | None:
    """How many requests wait for somebody to judge whether a person sent them; None without any."""
    number = suspects(running().database)
    return f"{MOST_SUSPECTS - 1}+" if number >= MOST_SUSPECTS else str(number) if number else None


def _is_at(url: str) -> bool:
    if url == "/console/":
        return request.path == url or request.path.startswith("/console/tickets/")
    if request.path == SENT:
        return url == NOTICES
    return request.path == url or request.path.startswith(f"{url}/")


def _form_calls() -> None:
    """Only small forms are taken. JSON is refused: Flask-WTF would read it as a form, and fails on anything but a flat
    object."""
    if request.method not in _SAFE and request.mimetype not in ("", FORM_TYPE, MULTIPART):
        abort(415)
    _refuse_foreign_posts()


def _script_calls() -> None:
    """The token is in a header, which no form can set, for each type of body."""
    g.script_calls = True
    _refuse_foreign_posts()


def _refuse_foreign_posts() -> None:
    """Refuse an unsafe request unless it comes from our own pages, even with a valid CSRF token."""
    request.max_content_length = MAX_BODY
    if request.method not in _SAFE and is_foreign_post(running().settings):
        tell(SecurityEvent.ORIGIN_REFUSED)
        abort(403)


def _has_token() -> bool:
    """Whether an unsafe request has its CSRF token: in a header by a script, else in its form."""
    if not g.get("script_calls"):
        return NothingForm().validate()
    try:
        validate_csrf(request.headers.get("X-CSRF-Token"))
    except ValidationError:
        tell(SecurityEvent.CSRF_FAILED)
        return False
    return True


def _log_in() -> LiveSession | None:
    here, secret = running(), my_session()
    return current_session(here.database, secret, now=here.clock(), used=not in_background()) if secret else None


def duty_at(technician: Technician, log_in: LiveSession) -> Duty | None:
    """The duty that this technician must do before using any other page; None without one."""
    here = running()
    return duty_of(
        password_temporary=log_in.password_temporary,
        has_second_factor=log_in.has_second_factor,
        second_factor_demanded=here.desk.options.demands_second_factor(technician.role, https=here.settings.https),
    )


def _to_duty(duty: Duty) -> Response:
    if by_script():
        abort(401)
    return see_other(_WHERE_DUTIES_ARE_DONE[duty])


def _to_log_in() -> Response:
    if by_script():
        abort(401)
    return see_other(to_log_in(_asked_for()))


def to_log_in(page: str) -> str:
    """The address of the log-in that leads back to this console page."""
    page = way_back(page)
    return LOG_IN if page == HOME else f"{LOG_IN}?next={quote(page, safe='/')}"


def _asked_for() -> str:
    """The page to come back to: this one, or the page from which a form was sent."""
    if request.method in _SAFE:
        return iri_to_uri(request.full_path.rstrip("?"))
    return sent_from(running().settings) or HOME


def _too_old() -> str:
    return render_template(
        "console/message.html",
        title=_("This page was open for too long"),
        lines=[_("Nothing was changed. Please go back, reload the page and try again.")],
        actions=[{"label": _("Back to the queue"), "url": "/console/"}],
    )
