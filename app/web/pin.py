"""Entry for a customer with a session code: its nine digits, or its link."""

from dataclasses import replace

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
from app.actions.live_move import move
from app.actions.submit import CodeOver, Once, TooMany
from app.core.links import Expired, Forged, Purpose, new_link_id
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest
from app.core.security_event import Limit, SecurityEvent
from app.core.session_code import SessionCode, written_pin
from app.core.site import Site
from app.core.text import without_control
from app.edge.access import Who, open_to
from app.edge.headers import JSON, with_headers
from app.edge.incoming import client_address, form_body, is_foreign_post, see_other
from app.edge.intake import record, submission
from app.edge.security_log import limited, tell
from app.edge.this_app import running
from app.files.assets import asset_url
from app.web.applet import start_url
from app.web.language import page_language
from app.web.links import gone, link_or_abort
from app.web.request_form import NotTaken, wait_sentence
from app.web.take_in import sent_form, take_in, to_status
from app.web.words import _, ngettext, speak_for

pages = Blueprint("pin", __name__)
CHECKED = "pin"  # stands in for a site in checks


@pages.get("/pin")
@open_to(Who.EVERYONE)
def ask() -> Response:
    """The page on which a PIN is typed."""
    return _page(site_of_page())


@pages.post("/pin")
@open_to(Who.EVERYONE)
def typed() -> Response:
    """Take a PIN: redirect to its session, or show the page again."""
    here = running()
    site = site_of_page()
    if is_foreign_post(here.settings):  # another site must not use up its visitors' tries
        return not_from_there(site)
    sent = dict(form_body())
    pin, slug = sent.get("pin", ""), site.slug if site else ""
    form = sent_form(sent.get("form_token", ""), slug)
    if isinstance(form, NotTaken):
        taken: Response | NotTaken = form
    else:
        taken = take_in(lambda: _entered(form.id, pin, sent.get("check", "")), slug)
    return _page(site, taken, typed=without_control(pin)[:64]) if isinstance(taken, NotTaken) else taken


@pages.get("/pin/check")
@open_to(Who.EVERYONE)
def check() -> Response:
    """`{"check": null}`, or the challenge for the page's script while too many wrong PINs come from all networks."""
    here = running()
    wanted = wants_check(here.database, now=here.clock())
    challenge = here.keys.puzzles.new_check(CHECKED, here.clock()) if wanted else None
    answer = {"challenge": challenge, "script": asset_url("altcha.js")} if challenge else None
    return with_headers(jsonify(check=answer), JSON)


@pages.get("/pin/<token>")
@open_to(Who.LINK_HOLDERS)
def invitation(token: str) -> Response:
    """The inviting technician and a button; only opening the link does not use it."""
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
    """The button: start the session."""
    here = running()
    code, site, form = _of_link(token, request.args.get("form", ""))
    if is_foreign_post(here.settings):
        return not_from_there(site)
    try:
        return to_status(_taken_in(site, code, form))
    except CodeOver:
        return gone(site)
    except TooMany as many:
        limited(Limit.REQUESTS)
        return _page(site, NotTaken(wait_sentence(many.retry_after), 429, many.retry_after))


def site_of_page() -> Site | None:
    """The site of this page: the one named in the address, else the one named `default`."""
    desk = running().desk
    site = desk.site(request.args.get("site", "default")) or desk.site("default")
    speak_for(site)
    return site


def _page(site: Site | None, wrong: NotTaken | None = None, typed: str = "") -> Response:
    html = render_template(
        "pin.html",
        site=site,
        problem=wrong.sentence if wrong else None,
        typed=typed,
        form_token=running().links.form_token(site.slug if site else ""),
        action=f"/pin?site={site.slug}" if site and site.slug != "default" else "/pin",
        request_url=f"/s/{site.slug}" if site else "/",
        reference_url=f"/reference?site={site.slug}" if site and site.slug != "default" else "/reference",
    )
    response = make_response(html, wrong.status if wrong else 200)
    if wrong and wrong.retry_after is not None:
        response.headers["Retry-After"] = str(wrong.retry_after)
    return response


def _entered(form: str, text: str, check: str) -> CustomerRequest | Response | NotTaken:
    """The session that the PIN leads to, opened now or before; or the problem. Raises TooMany."""
    here = running()
    pin = written_pin(text)
    if pin is None:
        return NotTaken(_("A PIN has 9 digits. Please look at it again."), 422)
    now, solved = here.clock(), solved_pin_check(check)
    try:
        code = code_of_pin(here.database, pin, client_address(), lambda found: _mark(found, form), solved, now=now)
        site = _site_of(code) if code else None
        if code and code.ticket is not None:
            return _moved_here(code, form)
        if code and site:
            return _taken_in(site, code, form)
    except CheckWanted:
        limited(Limit.PINS)
        return NotTaken(_("Many wrong PINs are being tried just now. Please press the button again."), 429, 1)
    except TooManyWrong as many:
        limited(Limit.PINS)
        return NotTaken(_wait(many.retry_after), 429, many.retry_after)
    except CodeOver:
        pass
    tell(SecurityEvent.PIN_WRONG)
    return NotTaken(_("This PIN does not work. Please look at it again, or ask your technician for a new one."), 422)


def solved_pin_check(check: str) -> Once | None:
    here = running()
    found = here.keys.solved(CHECKED, check) if check else None
    return Once("check", found.id, found.expires_at) if found else None


def _mark(code: SessionCode, form: str) -> str:
    """Marks the form that uses the code; it is the request's idempotency key, so that a second press is the same
    request."""
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
    technician = here.desk.staff.technician(code.technician_id)
    asked = NewSessionRequest(tech=technician.email if technician else None, language=page_language().replace("_", "-"))
    came_in = submission(site, asked, source="pin", key=mark)
    # The PIN shows that a technician expects this customer, so no check is needed.
    return record(replace(came_in, code=code.id, unchecked=None))


def _moved_here(code: SessionCode, form: str) -> Response:
    """To the page of the ticket, which is on this device from now on. Raises CodeOver."""
    here = running()
    ticket = move(here.database, code, _mark(code, form), now=here.clock())
    if ticket is None:
        raise CodeOver
    return see_other(start_url(ticket.applet_id, ticket.created_at))


def _of_link(token: str, form_token: str) -> tuple[SessionCode, Site, str]:
    """The code in the address, its site, and the form's id.

    Answers 404 for a forged link, 410 for a code that has expired or was used by another form.
    """
    here = running()
    link = link_or_abort(Purpose.CODE, token)
    form = _form_id(form_token)
    code = usable_code(here.database, link.id, f"pin:{link.id}:{form}", now=here.clock())
    site = _site_of(code) if code else None
    if code is None or site is None:
        abort(gone(here.desk.site(link.site or "default") or here.desk.site("default")))
    return code, site, form


def _form_id(token: str) -> str:
    """The id of a form of this page; a new one for an expired or foreign token, whose press is accepted once."""
    try:
        return running().links.read(Purpose.FORM, token).id
    except (Forged, Expired):
        return new_link_id()


def _site_of(code: SessionCode) -> Site | None:
    """The code's site, while its sessions still open at the embedded desk."""
    site = running().desk.site(code.site)
    return site if site and site.at_desk else None


def _wait(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return ngettext(
        "Too many wrong PINs came from your network. Please try again in %(num)d minute.",
        "Too many wrong PINs came from your network. Please try again in %(num)d minutes.",
        minutes,
    )


def not_from_there(site: Site | None) -> Response:
    tell(SecurityEvent.ORIGIN_REFUSED)
    html = render_template(
        "message.html",
        site=site,
        title=_("This form cannot be sent from there"),
        lines=[_("Please ask us on our own page.")],
        actions=[{"label": _("Get support"), "url": f"/s/{site.slug}" if site else "/", "method": "get"}],
    )
    return make_response(html, 403)
