"""The account page: the reader's own role, password, second factor and sessions."""

from collections.abc import Callable
from datetime import datetime

import segno
from flask import Response, flash, request, session

from app.actions import second_factor as factor
from app.actions.log_in import SESSION_IDLE, SESSION_LIFE, Proof, new_password_problem, prove, session_hash
from app.actions.own_account import change_password, end_one_session, end_other_sessions
from app.actions.second_factor import AlreadyOn, Offer, Stale, WrongCode
from app.actions.tries import TooManyTries, WrongLogin
from app.core.password import LONGEST, SHORTEST, PasswordProblem
from app.core.role import Role
from app.core.security_event import SecurityEvent
from app.core.user_agent import browser_words
from app.edge.headers import REGISTERING, with_headers
from app.edge.incoming import client_address, see_other
from app.edge.security_log import tell
from app.edge.this_app import running
from app.store.account import account, recovery_codes_left
from app.store.console_sessions import ConsoleSession, public_id, sessions_of
from app.web.console.browsers import own_browsers
from app.web.console.frame import console_page, console_pages, me, my_session, technicians_confirmed, technicians_only
from app.web.console.tries_told import tell_code_used, tell_refused
from app.web.console.tries_words import why_to_wait, wrong_code
from app.web.words import _

pages = console_pages("account")
ACCOUNT = "/console/account"
SECOND_FACTOR = f"{ACCOUNT}/second-factor"


@pages.get("/account")
@technicians_only
def own_account() -> Response:
    """The reader's own account and sessions."""
    return _account_page()


@pages.post("/account/password")
@technicians_only
def new_password() -> Response:
    """Change the reader's password; this requires the old one and ends all other sessions."""
    here = running()
    if problems := _password_problems():
        return _account_page(422, problems)

    def change() -> None:
        proof = _proof(request.form.get("old_password", ""))
        about = (me().email, me().name)
        password = request.form.get("new_password", "")
        session["sid"] = change_password(
            here.database, proof, password, about, my_session(), now=here.clock(), turns=here.log_in_turns
        )

    if refused := _refusal(change, at="old_password"):
        return _with_wait(_account_page(refused.status, refused.problems), refused.retry_after)
    flash(_("Your password is changed. You are logged out everywhere else."))
    return see_other(ACCOUNT)


@pages.get("/account/second-factor")
@technicians_only
def second_factor() -> Response:
    """Set a second factor up, or, where there is one, turn it off and make new recovery codes."""
    here = running()
    if _has_second_factor():
        return _second_factor_page()
    return _offer_page(factor.offer(here.keys.sealer, me().id, me().email, now=here.clock()))


@pages.post("/account/second-factor")
@technicians_only
def set_up_second_factor() -> Response:
    """Put the second factor in force, with the password and a code of the app; shows the recovery codes only this
    once."""
    here = running()
    try:
        offer = factor.offered(here.keys, request.form.get("offer", ""), me().id, me().email, now=here.clock())
    except Stale:
        fresh = factor.offer(here.keys.sealer, me().id, me().email, now=here.clock())
        return _offer_page(fresh, 422, {"code": _("This page was open for too long. Scan the new picture, please.")})

    def set_up() -> None:
        proof = _proof(request.form.get("password", ""))
        code, seals = request.form.get("code", ""), here.keys.sealer_in
        factor.set_up(here.database, offer, proof, code, seals, here.keys, my_session(), now=here.clock())

    try:
        refused = _refusal(set_up, at="password")
    except AlreadyOn:
        flash(_("The second factor is on already."))
        return see_other(SECOND_FACTOR)
    if refused:
        return _with_wait(_offer_page(offer, refused.status, refused.problems), refused.retry_after)
    return _codes_page(list(offer.codes))


@pages.post("/account/second-factor/off")
@technicians_only
def turn_off_second_factor() -> Response:
    """Turn the second factor off, so that the password alone is enough."""
    here = running()

    def turn_off() -> None:
        proof = _proof(request.form.get("password", ""))
        code = request.form.get("code", "")
        factor.turn_off(here.database, proof, code, client_address(), here.keys, now=here.clock())
        tell_code_used(code, account=me().email)

    if not _has_second_factor():
        return see_other(SECOND_FACTOR)
    if refused := _refusal(turn_off, at="password"):
        return _with_wait(_second_factor_page(refused.status, refused.problems), refused.retry_after)
    flash(_("The second factor is off."))
    return see_other(ACCOUNT)


@pages.post("/account/second-factor/codes")
@technicians_only
def new_recovery_codes() -> Response:
    """Make new recovery codes and show them only this once."""
    here = running()
    codes: list[str] = []

    def renew() -> None:
        proof = _proof(request.form.get("password", ""))
        code = request.form.get("code", "")
        codes.extend(
            factor.renew_recovery_codes(here.database, proof, code, client_address(), here.keys, now=here.clock())
        )
        tell_code_used(code, account=me().email)

    if not _has_second_factor():
        return see_other(SECOND_FACTOR)
    if refused := _refusal(renew, at="password"):
        return _with_wait(_second_factor_page(refused.status, refused.problems), refused.retry_after)
    return _codes_page(codes)


@pages.post("/account/sessions/end")
@technicians_confirmed
def end_session() -> Response:
    """End one of the reader's other sessions."""
    ended = end_one_session(running().database, me().id, request.form.get("session", ""))
    if ended:
        tell(SecurityEvent.SESSION_ENDED)
    flash(_("That session is ended.") if ended else _("That session had ended before."))
    return see_other(ACCOUNT)


@pages.post("/account/sessions/end-others")
@technicians_confirmed
def end_others() -> Response:
    """End all of the reader's sessions but this one."""
    if end_other_sessions(running().database, me().id, my_session()):
        tell(SecurityEvent.SESSION_ENDED)
    flash(_("You are logged out everywhere else."))
    return see_other(ACCOUNT)


class _Refused:
    """A refused form: its problems by field, the answer's status, and whole seconds to wait."""

    def __init__(self, problems: dict[str, str], status: int = 422, retry_after: int | None = None) -> None:
        self.problems = problems
        self.status = status
        self.retry_after = retry_after


def _refusal(act: Callable[[], None], *, at: str) -> _Refused | None:
    """Run `act`; None when it succeeds. `at` is the field of the current password."""
    try:
        act()
    except TooManyTries as tries:
        tell_refused(tries, wrong=SecurityEvent.CONFIRMATION_WRONG, account=me().email)
        return _Refused({at: why_to_wait(tries)}, 429, tries.retry_after)
    except WrongCode as wrong:
        tell_refused(wrong, wrong=SecurityEvent.CONFIRMATION_WRONG, account=me().email)
        return _Refused({"code": wrong_code()})
    except WrongLogin as wrong:
        tell_refused(wrong, wrong=SecurityEvent.CONFIRMATION_WRONG, account=me().email)
        return _Refused({at: _("The password is wrong.")})
    return None


def _proof(password: str) -> Proof:
    here = running()
    return prove(here.database, me().email, password, client_address(), now=here.clock(), turns=here.log_in_turns)


def _password_problems() -> dict[str, str]:
    old, new, again = (request.form.get(name, "") for name in ("old_password", "new_password", "new_password_again"))
    if problem := new_password_problem(new, me().email, me().name):
        return {"new_password": password_words(problem)}
    if new == old:
        return {"new_password": _("This is the old password. Choose a new one.")}
    if new != again:
        return {"new_password_again": _("These are two different passwords. Please type both once more.")}
    return {}


def password_words(problem: PasswordProblem) -> str:
    """The reason why a new password is refused, and what to do."""
    return {
        PasswordProblem.TOO_SHORT: _("A password needs at least %(n)s characters.", n=SHORTEST),
        PasswordProblem.TOO_LONG: _("A password has at most %(n)s characters.", n=LONGEST),
        PasswordProblem.TOO_COMMON: _("This password is easy to guess. Please choose another one."),
        PasswordProblem.ABOUT_YOU: _("Your name or e-mail is no password. Please choose another one."),
    }[problem]


def _has_second_factor() -> bool:
    with running().database.read() as connection:
        found = account(connection, me().id)
    return found is not None and found.sealed_totp is not None


def _account_page(status: int = 200, problems: dict[str, str] | None = None) -> Response:
    here, now = running(), running().clock()
    with here.database.read() as connection:
        sessions = sessions_of(connection, me().id)
        left = recovery_codes_left(connection, me().id)
    staff = here.desk.staff
    page = console_page(
        "console/account.html",
        status=status,
        problems=problems or {},
        role=_role_words(me().role),
        departments=[staff.departments[number].name for number in sorted(me().departments)],
        sessions=[_session(each) for each in sessions if _is_live(each, now)],
        has_second_factor=_has_second_factor(),
        codes_left=left,
        shortest=SHORTEST,
        browsers=own_browsers(),
    )
    return with_headers(page, REGISTERING)


def _second_factor_page(status: int = 200, problems: dict[str, str] | None = None) -> Response:
    with running().database.read() as connection:
        left = recovery_codes_left(connection, me().id)
    return console_page("console/second-factor.html", status=status, problems=problems or {}, codes_left=left)


def _offer_page(offer: Offer, status: int = 200, problems: dict[str, str] | None = None) -> Response:
    return console_page(
        "console/second-factor-new.html",
        status=status,
        problems=problems or {},
        offer=offer.sealed,
        picture=segno.make(offer.address, error="m", micro=False).svg_data_uri(dark="#000", light="#fff"),
        key=" ".join(offer.secret[n : n + 4] for n in range(0, len(offer.secret), 4)),
    )


def _codes_page(codes: list[str]) -> Response:
    return console_page("console/recovery-codes.html", codes="\n".join(codes))


def _with_wait(response: Response, retry_after: int | None) -> Response:
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _is_live(one: ConsoleSession, now: datetime) -> bool:
    return not one.pending and now - one.created_at < SESSION_LIFE and now - one.seen_at < SESSION_IDLE


def _session(one: ConsoleSession) -> dict[str, object]:
    return {
        "id": one.public_id,
        "browser": browser_words(one.user_agent),
        "address": one.address,
        "since": one.created_at,
        "used": one.seen_at,
        "here": one.public_id == public_id(session_hash(my_session())),
    }


def _role_words(role: Role) -> str:
    return {
        Role.TECHNICIAN: _("Technician"),
        Role.SUPERVISOR: _("Supervisor"),
        Role.ADMINISTRATOR: _("Administrator"),
    }[role]
