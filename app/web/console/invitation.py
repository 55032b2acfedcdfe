"""The page of an invitation: opening the link does not use it, sending the form does."""

from flask import Response, abort, flash, make_response, render_template, request
from flask_wtf.csrf import generate_csrf

from app.actions.invitations import (
    InvitationOver,
    PasswordRefused,
    UnknownInvitation,
    choose_password,
    invited,
)
from app.core.password import LONGEST, SHORTEST, PasswordProblem
from app.core.security_event import Limit, SecurityEvent
from app.edge.access import Who, open_to
from app.edge.incoming import client_address, see_other
from app.edge.security_log import limited, tell
from app.edge.this_app import running
from app.process.limits import WRONG_INVITATIONS
from app.store.invitations import Invited
from app.web.console.frame import LOG_IN, NothingForm, console_pages
from app.web.words import _

pages = console_pages("invitation")


@pages.route("/invitation/<secret>", methods=["GET", "POST"])
@open_to(Who.LINK_HOLDERS)
def invitation(secret: str) -> Response:
    """Show the technician that the link is for, and take a new password, typed twice."""
    here = running()
    try:
        found = invited(here.database, secret, now=here.clock())
        return _chosen(found, secret) if request.method == "POST" else _page(found)
    except UnknownInvitation:
        return _unknown()
    except InvitationOver:
        return _over()


def _chosen(found: Invited, secret: str) -> Response:
    """Redirect to the log-in, or show the page again; the typed passwords are never sent back."""
    if not NothingForm().validate():
        again = _("This page was open for too long. Please type your password once more.")
        return _page(found, {"password": again}, 400)
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        return _page(found, {"again": _("These are two different passwords. Please type both once more.")}, 422)
    here = running()
    try:
        choose_password(here.database, secret, password, now=here.clock())
    except PasswordRefused as refused:
        return _page(found, {"password": _why(refused.problem)}, 422)
    flash(_("Your password is set. Log in with it now."))
    return see_other(LOG_IN)


def _page(found: Invited, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    html = render_template(
        "console/invitation.html",
        invited=found,
        problems=problems or {},
        shortest=SHORTEST,
        csrf_token=generate_csrf(),
    )
    return make_response(html, status)


def _why(problem: PasswordProblem) -> str:
    return {
        PasswordProblem.TOO_SHORT: _("A password needs at least %(n)s characters.", n=SHORTEST),
        PasswordProblem.TOO_LONG: _("A password has at most %(n)s characters.", n=LONGEST),
        PasswordProblem.TOO_COMMON: _("This password is easy to guess. Please choose another one."),
        PasswordProblem.ABOUT_YOU: _("Your name or e-mail is no password. Please choose another one."),
    }[problem]


def _unknown() -> Response:
    """404, limited by client, to slow down guessing. A valid link is never refused."""
    tell(SecurityEvent.LINK_FORGED, link="invitation")
    wait = running().rates.client_retry_after(WRONG_INVITATIONS, client_address(), "invitation")
    if wait is None:
        abort(404)
    limited(Limit.INVITATIONS)
    response = _message(429, _("Too many tries"), _("Please wait a moment and try again."))
    response.headers["Retry-After"] = str(wait)
    return response


def _over() -> Response:
    tell(SecurityEvent.LINK_EXPIRED, link="invitation")
    return _message(
        410,
        _("This link has expired"),
        _("For your safety, a link like this works once, and for 24 hours."),
        _("If you have chosen your password, log in. If not, please ask your administrator for a new link."),
    )


def _message(status: int, title: str, *lines: str) -> Response:
    actions = [{"label": _("Log in"), "url": LOG_IN}]
    html = render_template("console/message.html", title=title, lines=lines, actions=actions)
    return make_response(html, status)
