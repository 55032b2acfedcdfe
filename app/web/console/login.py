"""Log-in, with a second step for accounts with a second factor, and log-out."""

from flask import Response, flash, make_response, render_template, request, session
from flask_babel import lazy_gettext
from wtforms import EmailField, PasswordField, StringField

from app.actions.log_in import awaited_technician, log_in, log_out
from app.actions.notices import note_language
from app.actions.second_factor import NotPending, enter_code
from app.actions.tries import TooManyTries, WrongLogin, plain_email
from app.core.security_event import SecurityEvent
from app.core.staff import Technician
from app.core.text import without_control
from app.core.way_back import HOME, way_back
from app.edge.access import Who, open_to
from app.edge.incoming import browser, client_address, see_other
from app.edge.security_log import tell
from app.edge.this_app import running
from app.web.console.frame import LOG_IN, ConsoleForm, console_pages, my_session, technicians_only, to_log_in
from app.web.console.tries_told import tell_code_used, tell_refused
from app.web.console.tries_words import why_to_wait, wrong_code
from app.web.language import page_language
from app.web.words import _

pages = console_pages("login")
_LOGGED_OUT = '"cache", "cookies", "storage"'


class LoginForm(ConsoleForm):
    """Mail address and password, with the CSRF token."""

    email = EmailField(lazy_gettext("E-mail"), filters=[lambda typed: typed and without_control(typed)])
    password = PasswordField(lazy_gettext("Password"))


class CodeForm(ConsoleForm):
    """The app's code, or a recovery code."""

    code = StringField(lazy_gettext("Code"))


@pages.route("/login", methods=["GET", "POST"])
@open_to(Who.EVERYONE)
def login() -> Response:
    """Log in with mail address and password; `next` is the console page to go to."""
    form = LoginForm()
    if request.method != "POST":
        return _page("console/login.html", form)
    if not form.validate():
        return _page("console/login.html", form, _("This page was open for too long. Please log in again."), 400)
    try:
        return _logged_in(form)
    except (TooManyTries, WrongLogin) as refused:
        tell_refused(refused, wrong=SecurityEvent.LOG_IN_WRONG, account=_typed(form))
        return _refused("console/login.html", form, refused, _("The e-mail or the password is wrong."))


@pages.route("/login/code", methods=["GET", "POST"])
@open_to(Who.EVERYONE)
def code() -> Response:
    """The second step, after the password: the technician has no access until the code is verified."""
    form = CodeForm()
    here = running()
    awaited = awaited_technician(here.database, my_session(), now=here.clock()) if my_session() else None
    if awaited is None:
        return see_other(to_log_in(_next()))
    if request.method != "POST":
        return _page("console/login-code.html", form)
    if not form.validate():
        return _page("console/login-code.html", form, _("Please type the code once more."), 400)
    try:
        return _code_entered(form, awaited)
    except NotPending:
        return see_other(to_log_in(_next()))
    except (TooManyTries, WrongLogin) as refused:
        tell_refused(refused, wrong=SecurityEvent.SECOND_FACTOR_WRONG, account=running().mail_of(awaited))
        return _refused("console/login-code.html", form, refused, wrong_code())


@pages.post("/logout")
@technicians_only
def logout() -> Response:
    """End the session here and on the server."""
    log_out(running().database, my_session())
    tell(SecurityEvent.LOG_OUT)
    session.clear()
    response = see_other(LOG_IN)
    response.headers["Clear-Site-Data"] = _LOGGED_OUT
    return response


def _logged_in(form: LoginForm) -> Response:
    here = running()
    before = my_session()
    secret = log_in(
        here.database,
        form.email.data or "",
        form.password.data or "",
        client_address(),
        now=here.clock(),
        turns=here.log_in_turns,
        user_agent=browser().user_agent,
    )
    if before:
        log_out(here.database, before, told=True)
    _take(secret)
    if awaited_technician(here.database, secret, now=here.clock()) is None:
        tell(SecurityEvent.LOG_IN, account=_typed(form))
        _note_language(here.desk.staff.technicians.get((form.email.data or "").strip().lower()))
        return see_other(_next())
    tell(SecurityEvent.SECOND_FACTOR_ASKED, account=_typed(form))
    return see_other(to_log_in(_next()).replace(LOG_IN, f"{LOG_IN}/code", 1))


def _code_entered(form: CodeForm, technician_id: int) -> Response:
    here = running()
    entered = enter_code(
        here.database,
        my_session(),
        form.code.data or "",
        client_address(),
        here.keys,
        now=here.clock(),
        user_agent=browser().user_agent,
    )
    _take(entered.secret)
    tell_code_used(form.code.data or "", account=running().mail_of(technician_id))
    tell(SecurityEvent.LOG_IN, account=running().mail_of(technician_id))
    _note_language(here.desk.staff.technician(technician_id))
    if entered.wrong_elsewhere:
        flash(
            _(
                "Somebody else has typed your password in the last hour, and wrong codes after it: %(n)s. "
                "Please change your password.",
                n=entered.wrong_elsewhere,
            )
        )
    return see_other(_next())


def _note_language(technician: Technician | None) -> None:
    """For mails to this technician."""
    if technician is None:
        return
    here, language = running(), page_language()
    own = here.desk.notices.people.get(technician.id)
    if own is None or own.language != language:
        note_language(here.database, technician.id, language, now=here.clock())


def _typed(form: LoginForm) -> str:
    """The account that is tried."""
    return plain_email(form.email.data or "")


def _take(secret: str) -> None:
    """Start a new cookie with this secret, without any content from before the log-in."""
    session.clear()
    session["sid"] = secret


def _next() -> str:
    return way_back(request.args.get("next", HOME))


def _refused(template: str, form: ConsoleForm, why: TooManyTries | WrongLogin, wrong: str) -> Response:
    if isinstance(why, WrongLogin):
        return _page(template, form, wrong, 403)
    response = _page(template, form, why_to_wait(why), 429)
    response.headers["Retry-After"] = str(why.retry_after)
    return response


def _page(template: str, form: ConsoleForm, problem: str | None = None, status: int = 200) -> Response:
    html = render_template(template, form=form, problem=problem, again_url=to_log_in(_next()))
    return make_response(html, status)
