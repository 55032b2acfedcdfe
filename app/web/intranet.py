"""Plain HTML forms on other pages; whether the customer has to confirm first depends on the page's origin.

Such a page can have no token of ours and cannot use a cookie: see docs/intranet.md.
"""

from dataclasses import replace
from datetime import datetime
from enum import Enum

from flask import Blueprint, Response, make_response, render_template, request

from app.actions.submit import Submission, received_before
from app.core.bodies import BadForm
from app.core.client import client_network
from app.core.customer import NAMES
from app.core.links import Expired, Forged, Purpose, new_link_id
from app.core.new_session import LIMITS, NewSessionRequest
from app.core.origins import origin_of
from app.core.posted import HONEYPOT, Posted, content_digest, form_keys, posted_form
from app.core.request import CustomerRequest
from app.core.routing import department_id
from app.core.security_event import SecurityEvent
from app.core.site import DENY, Site
from app.core.text import is_blank, text_problem, without_control
from app.edge.access import Who, open_to
from app.edge.headers import FRAMED_BY_ANY, with_headers
from app.edge.incoming import browser, client_address, foreign_form, is_framed, page_origin
from app.edge.intake import allowed_return, record, submission
from app.edge.security_log import tell
from app.edge.this_app import running
from app.process.configuration import Desk
from app.process.signed_links import FORM_LIFE
from app.web.customer_form import asked_of
from app.web.enabled_site import enabled_site
from app.web.language import page_language
from app.web.request_form import Filled, NotTaken, form_again, form_mended, keep_for_faults, offered_departments
from app.web.take_in import take_in
from app.web.words import _, speak_for

pages = Blueprint("intranet", __name__)
_ROUTING = ("department", "tech")


class Source(Enum):
    """The page that posted the form."""

    LISTED = "one of the site's own"
    OURS = "one of ours"
    UNSAID = "the browser tells nothing"
    FOREIGN = "anybody's"


@pages.post("/s/<slug>/submit")
@open_to(Who.EVERYONE)
def submit_form(slug: str) -> Response:
    """Take a form with the New Session API's names in any case.

    Answers 303 to the status page, or a page that asks for confirmation, or our own form with the problems and
    everything that was typed.
    """
    here = running()
    desk = here.desk
    site = enabled_site(desk, slug)
    speak_for(site)
    try:
        form = foreign_form()
    except BadForm as bad:
        if is_framed():
            return _out_of_the_frame(site, posted_form(bad.pairs), page_source(site))
        return form_mended(desk, site, bad)
    posted = posted_form(form.pairs)
    keep_for_faults(desk, site, _filled(site, posted))
    source = page_source(site)
    if is_framed():
        return _out_of_the_frame(site, posted, source)
    trusted = _is_trusted(site, posted, source)
    if not trusted and site.foreign_forms == DENY:
        return _not_from_here(site)
    if not trusted or (form.guessed and source is not Source.OURS):
        return _ask_first(site, posted)
    return _taken(desk, site, posted)


def _is_trusted(site: Site, posted: Posted, source: Source) -> bool:
    """Whether the form is taken without a question.

    Another site may frame our page that leads out of a frame, and have it pressed. That page counts as ours only with
    the mark that it got when the form came from a listed page.
    """
    if source is Source.UNSAID or (source is Source.OURS and posted.value("from_frame")):
        return _is_confirmed(site, posted)
    return source in (Source.LISTED, Source.OURS)


def page_source(site: Site) -> Source:
    """The source of this form, as far as the browser tells.

    `Origin` decides; where it is absent or `null`, a `Referer` at one of the site's origins does.
    """
    origin = page_origin()
    if origin not in (None, "null"):
        return _source_of(site, origin or "")
    referer = origin_of(request.headers.get("Referer", ""))
    if referer is not None:
        found = _source_of(site, referer)
        return found if found is Source.LISTED or origin is None else Source.FOREIGN
    return Source.UNSAID if origin is None else Source.FOREIGN


def _source_of(site: Site, origin: str) -> Source:
    if running().settings.is_ours(origin):
        return Source.OURS
    return Source.LISTED if site.may_post_forms(origin) else Source.FOREIGN


def _is_confirmed(site: Site, posted: Posted) -> bool:
    """Whether the form comes from our own confirmation page.

    Any page could have fetched that token, so it counts only where the browser does not report the page's origin.
    """
    try:
        link = running().links.read(Purpose.CONFIRM, posted.value("confirm"))
    except (Forged, Expired):
        return False
    return link.site == site.slug


def _ask_first(site: Site, posted: Posted) -> Response:
    here = running()
    origin = page_origin()
    known = {name: without_control(posted.value(name)) for name in NAMES}
    html = render_template(
        "confirm.html",
        site=site,
        origin=origin if origin not in (None, "null") else origin_of(request.headers.get("Referer", "")),
        shown=[(name, known[name]) for name in NAMES if not is_blank(known[name])],
        more=posted.more,
        carried=_carried(site, posted),
        confirm=here.links.token(Purpose.CONFIRM, new_link_id(), here.clock() + FORM_LIFE, site.slug),
        action=f"/s/{site.slug}/submit",
        check_url=f"/s/{site.slug}/check",
    )
    return make_response(html)


def _out_of_the_frame(site: Site, posted: Posted, source: Source) -> Response:
    """A page that other sites may frame: one button sends what was typed on, into a window of its own."""
    here = running()
    if source not in (Source.LISTED, Source.OURS) and site.foreign_forms == DENY:
        return with_headers(_not_from_here(site), FRAMED_BY_ANY)
    mark = [("from_frame", "1")]
    if source is Source.LISTED:
        token = here.links.token(Purpose.CONFIRM, new_link_id(), here.clock() + FORM_LIFE, site.slug)
        mark.append(("confirm", token))
    html = render_template(
        "framed.html", site=site, carried=[*_carried(site, posted), *mark], action=f"/s/{site.slug}/submit"
    )
    return with_headers(make_response(html), FRAMED_BY_ANY)


def _carried(site: Site, posted: Posted) -> list[tuple[str, str]]:
    """The fields that a page of ours between form and request passes on."""
    carried = {name: without_control(posted.value(name)) for name in (*NAMES, *_ROUTING)}
    carried |= {"ask_customer_info": posted.value("ask_customer_info"), HONEYPOT: posted.value(HONEYPOT)}
    if return_to := allowed_return(site, posted.value("return_to")):
        carried["return_to"] = return_to
    return [*((name, value) for name, value in carried.items() if value), *posted.more]


def _not_from_here(site: Site) -> Response:
    """403: a form from an unknown page."""
    tell(SecurityEvent.ORIGIN_REFUSED)
    html = render_template(
        "message.html",
        site=site,
        title=_("This form cannot be sent from there"),
        lines=[_("Please ask us on our own page.")],
        actions=[{"label": _("Get support"), "url": f"/s/{site.slug}", "method": "get"}],
    )
    return make_response(html, 403)


def _taken(desk: Desk, site: Site, posted: Posted) -> Response:
    filled = _filled(site, posted)
    asked = _asked(desk, site, posted)
    if isinstance(asked, dict):
        return form_again(desk, site, replace(filled, problems=asked, status=422))
    came_in = _submission(site, posted, asked, filled.return_to)

    def recorded() -> CustomerRequest | Response:
        if known := _received(site, posted):
            return _received_page(site, posted, *known)
        return record(came_in)

    taken = take_in(recorded, site.slug)
    return form_again(desk, site, filled.refused(taken)) if isinstance(taken, NotTaken) else taken


def _filled(site: Site, posted: Posted) -> Filled:
    values = {name: posted.value(name) for name in NAMES}
    return Filled(values, more=posted.more, return_to=allowed_return(site, posted.value("return_to")))


def _received(site: Site, posted: Posted) -> tuple[str, datetime] | None:
    """Reference and time of the same request of the same person, identified by mail address or number.

    None if there is none, or if the customer has said that this request is a new one.
    """
    here = running()
    if is_blank(posted.value("customer_email")) and is_blank(posted.value("customer_number")):
        return None
    if _new_id(site, posted):
        return None
    return received_before(here.database, site.slug, content_digest(posted, site.slug), now=here.clock())


def _received_page(site: Site, posted: Posted, reference: str, at: datetime) -> Response:
    """Tell that the request was received, without a link to it, as another person may have sent the same content."""
    here = running()
    html = render_template(
        "received.html",
        site=site,
        reference=reference,
        at=at,
        carried=_carried(site, posted),
        new=here.links.token(Purpose.CONFIRM, new_link_id(), here.clock() + FORM_LIFE, site.slug),
        action=f"/s/{site.slug}/submit",
    )
    return make_response(html)


def _new_id(site: Site, posted: Posted) -> str | None:
    """The id of the page on which the customer said that this request is a new one; else None."""
    try:
        link = running().links.read(Purpose.CONFIRM, posted.value("new"))
    except (Forged, Expired):
        return None
    return link.id if link.site == site.slug else None


def _asked(desk: Desk, site: Site, posted: Posted) -> NewSessionRequest | dict[str, str]:
    """The customer's request, or its faults by field. Whether they may choose department and technician is up to the
    site."""
    department, tech = _routable(posted, "department"), _routable(posted, "tech")
    if not site.browser_routing:
        offered = [offer.id for offer in offered_departments(desk, site)]
        department, tech = department if department_id(department) in offered else "", ""
    language = page_language().replace("_", "-")
    values = {name: posted.value(name) for name in NAMES}
    return asked_of(values, site=site, department=department, tech=tech, language=language)


def _routable(posted: Posted, name: str) -> str:
    """A part of the routing if it could be valid, else empty; a wrong one never refuses a form."""
    value = posted.value(name)
    return "" if text_problem(name, value, LIMITS.get(name)) else value


def _submission(site: Site, posted: Posted, asked: NewSessionRequest, return_to: str | None) -> Submission:
    who = browser()
    client = (client_network(client_address()), who.user_agent or "", who.accept_language or "")
    content = content_digest(posted, site.slug)
    keys: tuple[str, str | None] = form_keys(content_digest(posted, site.slug, *client), running().clock())
    if new := _new_id(site, posted):
        keys = (f"form:new:{new}:{content}", None)  # other content is another request
    made = submission(
        site,
        asked,
        source="form",
        key=keys[0],
        ticked="1" in (posted.value("ask_customer_info").strip(), posted.value("check_details").strip()),
        trap=posted.value(HONEYPOT),
        check=posted.value("check"),
    )
    return replace(made, earlier_key=keys[1], more=posted.more, return_to=return_to, body_hash=content)
