"""Log in and out."""

from flask import Response, make_response, render_template, request, session
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField

from app.access import Who, open_to
from app.actions.log_in import TooManyTries, WrongLogin, log_in, log_out
from app.incoming import client_address, see_other
from app.web.console.frame import LOG_IN, console_pages, technicians_only
from app.web.words import _
from app.wiring import running

pages = console_pages("login")
_LOGGED_OUT = '"cache", "cookies", "storage"'


class LoginForm(FlaskForm):  # type: ignore[misc]
    """Mail address and password, with the CSRF token."""

    email = EmailField(lazy_gettext("E-mail"))
    password = PasswordField(lazy_gettext("Password"))


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
    log_out(running().database, session["sid"])
    session.clear()
    response = see_other(LOG_IN)
    response.headers["Clear-Site-Data"] = _LOGGED_OUT
    return response


def _logged_in(form: LoginForm) -> Response:
    here = running()
    email, password = form.email.data or "", form.password.data or ""
    secret = log_in(here.database, email, password, client_address(), here.clock())
    session.clear()
    session["sid"] = secret
    return see_other("/console/")
