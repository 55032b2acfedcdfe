"""Password and code are required again for changes by which a stolen session could take the desk over.

The form that asks for them carries the first form's fields, so that nothing has to be typed twice.
"""

from flask import Response, make_response, render_template, request
from flask import session as cookie
from flask_wtf.csrf import generate_csrf

from app.actions.log_in import prove
from app.actions.second_factor import SessionOver, WrongCode, confirm
from app.actions.tries import TooManyTries, WrongLogin
from app.core.log_in_rules import is_confirmed
from app.core.security_event import SecurityEvent
from app.core.staff import Technician
from app.core.way_back import HOME
from app.edge.incoming import client_address, see_other
from app.edge.security_log import tell, told_already
from app.edge.this_app import running
from app.store.console_sessions import LiveSession
from app.web.console.tries_told import tell_code_used, tell_refused
from app.web.console.tries_words import why_to_wait, wrong_code
from app.web.words import _

_OURS = ("confirm_password", "confirm_code", "csrf_token")


def confirmation(technician: Technician, log_in: LiveSession, session: str) -> Response | None:
    """The page that asks for password and code, if they were given too long ago; None once they are confirmed.

    `session` is the secret of the technician's session.
    """
    if is_confirmed(log_in.confirmed_at, running().clock()):
        return None
    if "confirm_password" not in request.form:
        told_already()  # this 403 asks
        return _page(technician, log_in, {}, 403)
    try:
        _confirm(technician, session, has_second_factor=log_in.has_second_factor)
    except SessionOver:
        return see_other(HOME)
    except TooManyTries as tries:
        tell_refused(tries, wrong=SecurityEvent.CONFIRMATION_WRONG, account=technician.email)
        response = _page(technician, log_in, {"confirm_password": why_to_wait(tries)}, 429)
        response.headers["Retry-After"] = str(tries.retry_after)
        return response
    except WrongLogin as wrong:
        tell_refused(wrong, wrong=SecurityEvent.CONFIRMATION_WRONG, account=technician.email)
        return _page(technician, log_in, _problem(wrong), 403)
    tell(SecurityEvent.CONFIRMED)
    return None


def _problem(wrong: WrongLogin) -> dict[str, str]:
    if isinstance(wrong, WrongCode):
        return {"confirm_code": wrong_code()}
    return {"confirm_password": _("The password is wrong.")}


def _confirm(technician: Technician, session: str, *, has_second_factor: bool) -> None:
    here, address = running(), client_address()
    password, code = request.form["confirm_password"], request.form.get("confirm_code", "")
    proof = prove(here.database, technician.email, password, address, now=here.clock(), turns=here.log_in_turns)
    cookie["sid"] = confirm(here.database, proof, code, address, here.keys, session, now=here.clock())
    if has_second_factor:
        tell_code_used(code, account=technician.email)


def _page(technician: Technician, log_in: LiveSession, problems: dict[str, str], status: int) -> Response:
    html = render_template(
        "console/confirm.html",
        email=technician.email,
        csrf_token=generate_csrf(),
        action=request.full_path.rstrip("?"),
        carried=[pair for pair in request.form.items(multi=True) if pair[0] not in _OURS],
        has_second_factor=log_in.has_second_factor,
        problems=problems,
    )
    return make_response(html, status)
