"""A customer's way in by a session code: its nine digits, or its link."""

from dataclasses import dataclass, replace

import structlog
from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request

from app.actions.codes import (
    CheckWanted,
    TooManyWrong,
    code_of_pin,
    come_back,
    session_of,
    usable_code,
    wants_check,
)
from app.actions.submit import CodeOver, Once, TooMany
from app.core.links import Expired, Forged, Purpose, new_link_id
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest
from app.core.session_code import SessionCode, written_pin
from app.core.site import Site
from app.core.text import without_control
from app.edge.access import Who, open_to
from app.edge.headers import JSON, with_headers
from app.edge.incoming import client_address, form_body, is_foreign_post, see_other
from app.edge.intake import submission
from app.edge.this_app import running
from app.files.assets import asset_url
from app.web.language import page_language
from app.web.links import gone, link_or_abort
from app.web.request_form import NOT_RECORDED, not_recorded_sentence, wait_sentence
from app.web.words import _, ngettext, speak_for

pages = Blueprint("pin", __name__)
log = structlog.get_logger()
_CHECKED = "pin"  # in the place of a site: what the check is for


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
    form = _form_of(site, sent.get("form_token", ""))
    answer = form if isinstance(form, _Said) else _entered(form, sent.get("pin", ""), sent.get("check", ""))
    if isinstance(answer, Response):
        return answer
    return _page(site, replace(answer, typed=without_control(sent.get("pin", ""))[:64]))


@pages.get("/pin/check")
@open_to(Who.EVERYONE)
def check() -> Response:
    """`{"check": null}`, or what the page's script has to solve first, while wrong PINs come from everywhere."""
    here = running()
    wanted = wants_check(here.database, now=here.clock())
    challenge = here.keys.puzzles.new_check(_CHECKED, here.clock()) if wanted else None
    answer = {"challenge": challenge, "script": asset_url("altcha.js")} if challenge else None
    return with_headers(jsonify(check=answer), JSON)


@pages.get("/pin/<token>")
@open_to(Who.LINK_HOLDERS)
def invitation(token: str) -> Response:
    """Who invites to a session, and a button: whoever only looks at the link uses nothing up."""
    here = running()
    form_token = here.links.form_token("")
    code, site, _form = _of_link(token, form_token)
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
        actions=[{"label": _("Start the session"), "url": f"/pin/{token}?form={form_token}", "method": "post"}],
    )
    return make_response(html)


@pages.post("/pin/<token>")
@open_to(Who.LINK_HOLDERS)
def follow(token: str) -> Response:
    """The button: on to the session."""
    here = running()
    code, site, form = _of_link(token, request.args.get("form", ""))
    if is_foreign_post(here.settings):
        return _not_from_there(site)
    try:
        return _on_to(_taken_in(site, code, form))
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
        form_token=running().links.form_token(site.slug if site else ""),
        action=f"/pin?site={site.slug}" if site and site.slug != "default" else "/pin",
        request_url=f"/s/{site.slug}" if site else "/",
    )
    response = make_response(html, said.status if said else 200)
    if said and said.retry_after is not None:
        response.headers["Retry-After"] = str(said.retry_after)
    return response


def _form_of(site: Site | None, token: str) -> str | _Said:
    """The id of the form that was sent, or what to say of one that is not ours or too old; the page comes back with a
    good one."""
    try:
        link = running().links.read(Purpose.FORM, token)
    except Expired:
        late = _("This page has been open for a long time. Nothing is lost: please press the button once more.")
        return _Said(late, 400)
    except Forged:
        link = None
    if link is None or link.origin is not None or link.site != (site.slug if site else ""):
        return _Said(_("Please look over what will be sent, then press the button once more."), 400)
    return link.id


def _entered(form: str, text: str, check: str) -> Response | _Said:
    here = running()
    pin = written_pin(text)
    if pin is None:
        return _Said(_("A PIN has 9 digits. Please look at it again."), 422)
    now, solved = here.clock(), _solved(check)
    try:
        code = code_of_pin(here.database, pin, client_address(), lambda found: _mark(found, form), solved, now=now)
        site = _site_of(code) if code else None
        if code and site:
            return _on_to(_taken_in(site, code, form))
    except (CheckWanted, TooManyWrong, TooMany) as refused:
        return _wait_for(refused)
    except CodeOver:
        pass
    except NOT_RECORDED as error:
        log.error("request_not_recorded", error=type(error).__name__)
        return _Said(not_recorded_sentence(), 503, retry_after=5)
    return _Said(_("This PIN does not work. Please look at it again, or ask your technician for a new one."), 422)


def _solved(check: str) -> Once | None:
    here = running()
    found = here.keys.puzzles.solved(_CHECKED, check, here.clock()) if check else None
    return Once("check", found.id, found.expires_at) if found else None


def _mark(code: SessionCode, form: str) -> str:
    """Which form uses the code: what its request is known by, so that a second press of it is the same."""
    return f"pin:{code.id}:{form}"


def _taken_in(site: Site, code: SessionCode, form: str) -> CustomerRequest:
    """The code's session, opened now or by the same form before. Raises CodeOver or TooMany."""
    here = running()
    mark = _mark(code, form)
    if code.leads_to:
        found = come_back(here.database, code, mark, now=here.clock())
        if found is None:
            raise CodeOver
        return found
    if known := session_of(here.database, code):
        return known
    staff = here.desk.staff
    technician = staff.technician(code.technician_id)
    asked = NewSessionRequest(tech=technician.email if technician else None, language=page_language().replace("_", "-"))
    came_in = submission(site, asked, source="pin", key=mark)
    # The PIN shows that a technician expects this customer: no check is asked.
    return here.hand_offs.take_in(replace(came_in, code=code.id, unchecked=None), staff)


def _on_to(found: CustomerRequest) -> Response:
    log.info("request_recorded", reference=found.reference, site=found.site, ticket=found.ticket_number)
    return see_other(f"/r/{running().links.status_token(found.status_id, found.created_at)}")


def _of_link(token: str, form_token: str) -> tuple[SessionCode, Site, str]:
    """The code in the address, its site, and the id of the form that asks; 404 for a forged link, 410 for one that is
    over or was used by another form."""
    here = running()
    link = link_or_abort(Purpose.CODE, token)
    form = _form_id(form_token)
    code = usable_code(here.database, link.id, f"pin:{link.id}:{form}", now=here.clock())
    site = _site_of(code) if code else None
    if code is None or site is None:
        abort(gone(here.desk.site(link.site or "default") or here.desk.site("default")))
    return code, site, form


def _form_id(token: str) -> str:
    """The id of a form of this page; for one that is late or not ours a fresh one: its press is good, once."""
    try:
        return running().links.read(Purpose.FORM, token).id
    except (Forged, Expired):
        return new_link_id()


def _wait_for(refused: CheckWanted | TooManyWrong | TooMany) -> _Said:
    match refused:
        case CheckWanted():
            pressed = _("Many wrong PINs are being tried just now. Please press the button again.")
            return _Said(pressed, 429, retry_after=1)
        case TooManyWrong():
            return _Said(_wait(refused.retry_after), 429, retry_after=refused.retry_after)
        case TooMany():
            return _Said(wait_sentence(refused.retry_after), 429, retry_after=refused.retry_after)


def _site_of(code: SessionCode) -> Site | None:
    """The code's site, while its sessions still open at our own desk."""
    site = running().desk.site(code.site)
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
