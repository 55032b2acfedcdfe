"""Technicians: add, invite, change, disable; they are never deleted."""

from collections.abc import Callable

from flask import Response, abort, flash, request

from app.actions import team as acts
from app.actions.invitations import (
    LIFE,
    Disabled,
    InvitationOver,
    UnknownInvitation,
    invite,
    mail_invitation,
)
from app.actions.log_in import SESSION_IDLE, SESSION_LIFE
from app.core.role import Role
from app.core.staff import Technician
from app.core.team import LONGEST_MAIL, mail_fault, particulars
from app.core.user_agent import browser_words
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.store import staff as store
from app.store.console_sessions import ConsoleSession, sessions_of
from app.store.queues import count_waiting, mine
from app.web.console.frame import administrators_confirmed, administrators_only, console_page, console_pages, me
from app.web.console.team import TEAM, fault_words, role_words
from app.web.console.technician_form import choices, ticked, typed_again, wanted_particulars
from app.web.console.who_is_there import is_here
from app.web.words import _

pages = console_pages("technicians")
Act = Callable[[int], object]


@pages.route("/team/add", methods=["GET", "POST"])
@administrators_confirmed
def add() -> Response:
    """Add a technician. The answer shows, only once, the link with which they choose a password."""
    if request.method == "GET":
        return _new({"role": Role.TECHNICIAN.value}, frozenset(), {})
    here = running()
    email = request.form.get("email", "").strip().lower()
    wanted, problems = wanted_particulars()
    if fault := mail_fault(email):
        problems = {"email": fault_words(fault, LONGEST_MAIL), **problems}
    if wanted is None or problems:
        return _new(typed_again(), ticked(), problems)
    try:
        technician_id = acts.add_technician(here.database, email, wanted, None, by=me().id, now=here.clock())
    except acts.Taken:
        taken = _("There is somebody with this address already. Look in the list, among the disabled ones too.")
        return _new(typed_again(), ticked(), {"email": taken})
    return _link_for(technician_id)


@pages.route("/team/<int:technician_id>", methods=["GET", "POST"])
@administrators_confirmed
def technician(technician_id: int) -> Response:
    """A technician's name, role and departments; their ways to log in; their presence and sessions."""
    person = _technician(technician_id)
    if request.method == "GET":
        return _one(person)
    here = running()
    wanted, problems = wanted_particulars()
    if wanted is None:
        return _one(person, problems, 422)
    try:
        acts.change_technician(
            here.database,
            technician_id,
            by=me().id,
            now=here.clock(),
            name=wanted.name,
            role=wanted.role,
            departments=wanted.departments,
            seen=request.form.get("seen", ""),
        )
    except acts.ChangedMeanwhile:
        other = _("Somebody else has changed this meanwhile. Below is what you chose; look at it and save once more.")
        return _one(_technician(technician_id), {"name": other}, 409)
    except acts.LastAdministrator:
        return _one(person, {"role": _last_administrator()}, 409)
    except acts.OnOneself:
        return _one(person, {"role": _not_on_oneself()}, 409)
    flash(_("Saved."))
    return see_other(_address(technician_id))


@pages.post("/team/<int:technician_id>/disabled")
@administrators_confirmed
def disable(technician_id: int) -> Response:
    """Disable the technician with `disabled=1`, else enable them."""
    here = running()
    disabled = request.form.get("disabled") == "1"
    said = _("Disabled, and logged out everywhere.") if disabled else _("Enabled.")
    return _done(
        technician_id,
        lambda by: acts.disable_technician(here.database, technician_id, by=by, now=here.clock(), disabled=disabled),
        said,
    )


@pages.post("/team/<int:technician_id>/away")
@administrators_only
def away(technician_id: int) -> Response:
    """Set the technician away with `away=1`, else back."""
    here = running()
    gone = request.form.get("away") == "1"
    return _done(
        technician_id,
        lambda by: acts.set_away(here.database, technician_id, gone, by=by, now=here.clock()),
        _("Saved."),
    )


@pages.post("/team/<int:technician_id>/second-factor")
@administrators_confirmed
def second_factor(technician_id: int) -> Response:
    """Remove the technician's second factor: the telephone was lost, or was never theirs."""
    here = running()
    return _done(
        technician_id,
        lambda by: acts.forget_second_factor(here.database, technician_id, by=by, now=here.clock()),
        _("The password is enough to log in now, until a new second factor is set up."),
    )


@pages.post("/team/<int:technician_id>/sessions")
@administrators_only
def sessions(technician_id: int) -> Response:
    """End one session by its public id in `session`, or all of them."""
    here = running()
    which = request.form.get("session", "")

    def end(by: int) -> None:
        if which:
            acts.end_session(here.database, technician_id, which, by=by, now=here.clock())
        else:
            acts.end_sessions(here.database, technician_id, by=by, now=here.clock())

    return _done(technician_id, end, _("Logged out there.") if which else _("Logged out everywhere."))


@pages.post("/team/<int:technician_id>/invitation")
@administrators_confirmed
def invitation(technician_id: int) -> Response:
    """Make a new link, shown only once; with `end_password=1` the old password ends now."""
    _technician(technician_id)
    return _link_for(technician_id, without_password=request.form.get("end_password") == "1")


@pages.post("/team/<int:technician_id>/invitation/mail")
@administrators_confirmed
def mail_link(technician_id: int) -> Response:
    """Send the link that was just made, whose secret is `link`, by mail."""
    person, here = _technician(technician_id), running()
    if here.settings.mailing is None or not here.desk.sites:
        abort(404)
    site = next(iter(here.desk.sites))
    try:
        mail_invitation(
            here.database, request.form.get("link", ""), person.id, site, here.keys.sealer.seal, now=here.clock()
        )
    except (UnknownInvitation, InvitationOver):
        abort(404)
    here.tell_now()
    flash(_("The link is on its way by mail."))
    return see_other(_address(person.id))


def _link_for(technician_id: int, *, without_password: bool = False) -> Response:
    here = running()
    now = here.clock()
    try:
        secret = invite(here.database, technician_id, by=me().id, now=now, without_password=without_password)
    except Disabled:
        return _one(_technician(technician_id), {"disabled": _("Somebody who is disabled cannot log in.")}, 409)
    except acts.LastAdministrator:
        return _one(_technician(technician_id), {"end_password": _last_administrator()}, 409)
    except acts.OnOneself:
        return _one(_technician(technician_id), {"end_password": _not_on_oneself()}, 409)
    return console_page(
        "console/team_link.html",
        person=_technician(technician_id),
        link=f"{here.settings.base_url}/console/invitation/{secret}",
        until=now + LIFE,
        secret=secret,
        has_mail=here.settings.mailing is not None,
        password_ended=without_password,
    )


def _done(technician_id: int, act: Act, said: str) -> Response:
    """Run `act` and redirect to the technician's page; if it is refused, show the page with the reason."""
    _technician(technician_id)
    try:
        act(me().id)
    except acts.NotThere:
        abort(404)
    except acts.LastAdministrator:
        return _one(_technician(technician_id), {"disabled": _last_administrator()}, 409)
    except acts.OnOneself:
        return _one(_technician(technician_id), {"second_factor": _not_on_oneself()}, 409)
    flash(said)
    return see_other(_address(technician_id))


def _technician(technician_id: int) -> Technician:
    found = running().desk.staff.technician(technician_id)
    if found is None:
        abort(404)
    return found


def _address(technician_id: int) -> str:
    return f"{TEAM}/{technician_id}"


def _last_administrator() -> str:
    return _("At least one administrator with a password must remain. Make somebody else an administrator first.")


def _not_on_oneself() -> str:
    return _("Another administrator must do this for you. Your password and second factor are on your account page.")


def _new(values: dict[str, str], chosen: frozenset[int], problems: dict[str, str]) -> Response:
    return console_page(
        "console/team_add.html",
        status=422 if problems else 200,
        values=values,
        choices=choices(chosen),
        roles=role_words(),
        problems=problems,
    )


def _one(person: Technician, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    """The technician's page; after a refusal its form keeps the typed values."""
    here = running()
    now = here.clock()
    with here.database.read() as connection:
        account = store.accounts(connection, [person.id], now)[person.id]
        logged_in = [each for each in sessions_of(connection, person.id) if _lives(each)]
        waiting = count_waiting(connection, {"mine": mine(person)})["mine"]
    refused = status >= 400 and "name" in request.form
    return console_page(
        "console/team_technician.html",
        status=status,
        person=person,
        here=is_here(person),
        account=account,
        sessions=logged_in,
        waiting=waiting,
        values=typed_again() if refused else {"name": person.name, "role": person.role},
        seen=particulars(person).mark,
        choices=choices(ticked() if refused else person.departments),
        roles=role_words(),
        problems=problems or {},
        browser_words=browser_words,
        myself=person.id == me().id,
    )


def _lives(session: ConsoleSession) -> bool:
    now = running().clock()
    return now - session.created_at < SESSION_LIFE and now - session.seen_at < SESSION_IDLE
