"""A customer's way in by a session code: its nine digits, or its link."""

from dataclasses import dataclass, replace

import structlog
from flask import Blueprint, Response, abort, make_response, render_template, request

from app.actions.codes import TooManyWrong, code_of_pin, session_of, usable_code
from app.actions.submit import CodeOver, TooMany
from app.core.links import Expired, Forged, Purpose
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest
from app.core.session_code import SessionCode, written_pin
from app.core.site import Site
from app.core.text import without_control
from app.edge.access import Who, open_to
from app.edge.incoming import client_address, form_body, is_foreign_post, see_other
from app.edge.intake import submission
from app.edge.this_app import running
from app.process.running import Running
from app.web.language import page_language
from app.web.links import gone, link_or_abort
from app.web.request_form import NOT_RECORDED, not_recorded_sentence, wait_sentence
from app.web.words import _, ngettext, speak_for

pages = Blueprint("pin", __name__)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Said:
    """What is wrong with a PIN that was sent; `typed` is what stood in the field, `retry_after` whole seconds."""

    problem: str
    status: int
    typed: str = ""
    retry_after: int | None = None


@pages.get("/pin")
@open_to(Who.EVERYONE)
def ask() -> Response:
    """Where a PIN is typed."""
    return _page(_site())


@pages.post("/pin")
@open_to(Who.EVERYONE)
def typed() -> Response:
    """A PIN: on to its session, or the page again."""
    here = running()
    site = _site()
    if is_foreign_post(here.settings):  # it would use up somebody's tries
        return _not_from_there(site)
    sent = dict(form_body())
    answer = _form_problem(here, site, sent.get("form_token", "")) or _entered(here, sent.get("pin", ""))
    if isinstance(answer, Response):
        return answer
    return _page(site, replace(answer, typed=without_control(sent.get("pin", ""))[:64]))


@pages.get("/pin/<token>")
@open_to(Who.LINK_HOLDERS)
def invitation(token: str) -> Response:
    """Who invites to a session, and a button: whoever only looks at the link uses nothing up."""
    here = running()
    code, site = _of_link(here, token)
    technician = here.desk.staff.technician(code.technician_id)
    speak_for(site)
    lines = [_("Your technician: %(name)s", name=technician.name)] if technician and not technician.disabled else []
    html = render_template(
        "message.html",
        site=site,
        title=_("Start your session"),
        lines=[
            *lines,
            _("Press the button only if you asked for help. You see what happens, and can end it any time."),
        ],
        actions=[{"label": _("Start the session"), "url": f"/pin/{token}", "method": "post"}],
    )
    return make_response(html)


@pages.post("/pin/<token>")
@open_to(Who.LINK_HOLDERS)
def follow(token: str) -> Response:
    """The button: on to the session."""
    here = running()
    code, site = _of_link(here, token)
    if is_foreign_post(here.settings):
        return _not_from_there(site)
    try:
        return _on_to(here, _taken_in(here, site, code))
    except CodeOver:
        return gone(site)
    except TooMany as many:
        return _page(site, _Said(wait_sentence(many.retry_after), 429, retry_after=many.retry_after))


def _site() -> Site | None:
    """Whose page it is: of the site that is asked for, or of the one named `default`."""
    desk = running().desk
    site = desk.site(request.args.get("site", "default")) or desk.site("default")
    speak_for(site)
    return site


def _page(site: Site | None, said: _Said | None = None) -> Response:
    html = render_template(
        "pin.html",
        site=site,
        problem=said.problem if said else None,
        typed=said.typed if said else "",
        form_token=running().form_token(site.slug if site else ""),
        action=f"/pin?site={site.slug}" if site and site.slug != "default" else "/pin",
        request_url=f"/s/{site.slug}" if site else "/",
    )
    response = make_response(html, said.status if said else 200)
    if said and said.retry_after is not None:
        response.headers["Retry-After"] = str(said.retry_after)
    return response


def _form_problem(here: Running, site: Site | None, token: str) -> _Said | None:
    """What to say of a form that is not ours, or too old; the page comes back with a good one."""
    try:
        link = here.read(Purpose.FORM, token)
    except Expired:
        late = _("This page has been open for a long time. Nothing is lost: please press the button once more.")
        return _Said(late, 400)
    except Forged:
        link = None
    if link is None or link.origin is not None or link.site != (site.slug if site else ""):
        return _Said(_("Please look over what will be sent, then press the button once more."), 400)
    return None


def _entered(here: Running, text: str) -> Response | _Said:
    pin = written_pin(text)
    if pin is None:
        return _Said(_("A PIN has 9 digits. Please look at it again."), 422)
    try:
        code = code_of_pin(here.database, pin, client_address(), here.clock())
        site = _site_of(here, code) if code else None
        if code and site:
            return _on_to(here, _taken_in(here, site, code))
    except TooManyWrong as tries:
        return _Said(_wait(tries.retry_after), 429, retry_after=tries.retry_after)
    except TooMany as many:
        return _Said(wait_sentence(many.retry_after), 429, retry_after=many.retry_after)
    except CodeOver:
        pass
    except NOT_RECORDED as error:
        log.error("request_not_recorded", error=type(error).__name__)
        return _Said(not_recorded_sentence(), 503, retry_after=5)
    return _Said(_("This PIN does not work. Please look at it again, or ask your technician for a new one."), 422)


def _taken_in(here: Running, site: Site, code: SessionCode) -> CustomerRequest:
    """The code's session, opened now or before. Raises CodeOver or TooMany."""
    if known := session_of(here.database, code):
        return known
    staff = here.desk.staff
    technician = staff.technician(code.technician_id)
    asked = NewSessionRequest(tech=technician.email if technician else None, language=page_language().replace("_", "-"))
    came_in = submission(here, site, asked, source="pin", key=f"pin:{code.id}")
    # Who has a PIN is no stranger's program: the customer is not asked to prove it.
    return here.hand_offs.take_in(replace(came_in, code=code.id, unchecked=None), staff)


def _on_to(here: Running, found: CustomerRequest) -> Response:
    log.info("request_recorded", reference=found.reference, site=found.site, ticket=found.ticket_number)
    return see_other(f"/r/{here.status_token(found.status_id, found.created_at)}")


def _of_link(here: Running, token: str) -> tuple[SessionCode, Site]:
    """The code in the address and its site; 404 for a forged link, 410 for one that is over."""
    link = link_or_abort(Purpose.CODE, token)
    code = usable_code(here.database, link.id, here.clock())
    site = _site_of(here, code) if code else None
    if code is None or site is None:
        abort(gone(here.desk.site(link.site or "default") or here.desk.site("default")))
    return code, site


def _site_of(here: Running, code: SessionCode) -> Site | None:
    """The code's site, while its sessions still open at our own desk."""
    site = here.desk.site(code.site)
    return site if site and site.at_desk else None


def _wait(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return ngettext(
        "Too many wrong PINs came from your network. Please try again in %(num)d minute.",
        "Too many wrong PINs came from your network. Please try again in %(num)d minutes.",
        minutes,
    )


def _not_from_there(site: Site | None) -> Response:
    html = render_template(
        "message.html",
        site=site,
        title=_("This form cannot be sent from there"),
        lines=[_("Please ask us on our own page.")],
        actions=[{"label": _("Get support"), "url": f"/s/{site.slug}" if site else "/", "method": "get"}],
    )
    return make_response(html, 403)
