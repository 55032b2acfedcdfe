"""The hosted request page: a small form, and its post."""

import hashlib
from dataclasses import replace

from flask import Blueprint, Response, jsonify

from app.actions.pictures import give_to_request
from app.core.bodies import BadForm
from app.core.customer import NAMES
from app.core.links import Link
from app.core.new_session import NewSessionRequest
from app.core.picture import MOST_BYTES, MOST_PICTURES
from app.core.posted import HONEYPOT, Posted, content_digest, posted_form
from app.core.site import Site
from app.core.text import without_control
from app.edge.access import Who, open_to
from app.edge.headers import JSON, with_headers
from app.edge.incoming import form_body
from app.edge.intake import allowed_return, new_check, record, submission
from app.edge.this_app import running
from app.edge.uploads import form_with_files
from app.process.configuration import Desk
from app.web.customer_form import asked_of
from app.web.enabled_site import enabled_site
from app.web.form_pictures import changed, pictures_of, removed_of
from app.web.language import page_language
from app.web.open_request import ADD, CHOICE, NEW, added, ask_which, open_request, remembering
from app.web.request_form import (
    Filled,
    NotTaken,
    empty_form,
    form_again,
    form_mended,
    keep_for_faults,
    offered_departments,
)
from app.web.take_in import sent_form, take_in, to_status
from app.web.words import speak_for

pages = Blueprint("request_page", __name__)
_VALUES = (*NAMES, "department", "check_details")


@pages.get("/")
@open_to(Who.EVERYONE)
def front_page() -> Response:
    """The page of the site named `default`."""
    return _empty_page("default")


@pages.get("/s/<slug>")
@open_to(Who.EVERYONE)
def site_page(slug: str) -> Response:
    """The page of one site."""
    return _empty_page(slug)


@pages.get("/s/<slug>/check")
@open_to(Who.EVERYONE)
def check(slug: str) -> Response:
    """`{"check": null}`, or the challenge that the page's script must solve before this client's next request."""
    site = enabled_site(running().desk, slug)
    return with_headers(jsonify(check=new_check(site)), JSON)


@pages.post("/s/<slug>")
@open_to(Who.EVERYONE)
def send(slug: str) -> Response:
    """Take a filled form: record it and redirect to its status page, or refuse it and show it again with all typed
    values."""
    desk = running().desk
    site = enabled_site(desk, slug)
    speak_for(site)
    try:
        posted = posted_form(form_body())
    except BadForm as bad:
        return form_mended(desk, site, bad)
    return sent(site, posted)


@pages.post("/s/<slug>/with-pictures")
@open_to(Who.EVERYONE)
def send_with_pictures(slug: str) -> Response:
    """Take a filled form with its pictures, or show it again when one of them cannot be taken."""
    desk = running().desk
    site = enabled_site(desk, slug)
    speak_for(site)
    try:
        form = form_with_files(MOST_PICTURES, MOST_BYTES)
    except BadForm as bad:
        return form_mended(desk, site, bad)
    posted = posted_form(form.pairs)
    keep_for_faults(desk, site, _filled(site, posted))
    token = posted.value("form_token")
    link = sent_form(token, site.slug)
    removed = removed_of(form.pairs)
    if not site.takes_pictures or not (form.files or removed):
        return sent(site, posted)
    if isinstance(link, NotTaken):
        return _moved_on(site, posted, link, form.files)
    problem = changed(link, form.files, removed)
    if problem is None:
        return sent(site, posted)
    filled = replace(_filled(site, posted), token=token, pictures=pictures_of(site, link))
    refused = filled.refused(problem)
    return form_again(desk, site, replace(refused, problems={"pictures": problem.sentence}))


def sent(site: Site, posted: Posted) -> Response:
    """Take a form of this site, whose pictures are already added to it, or show it again."""
    desk = running().desk
    filled = _filled(site, posted)
    values = filled.values
    keep_for_faults(desk, site, filled)
    token = posted.value("form_token")
    form = sent_form(token, site.slug)
    if isinstance(form, NotTaken):
        return form_again(desk, site, filled.refused(form))
    filled = replace(filled, token=token, pictures=pictures_of(site, form))
    asked = _asked(desk, site, values)
    if isinstance(asked, dict):
        return form_again(desk, site, replace(filled, problems=asked, status=422))
    key = _idempotency_key(form, posted)
    if answer := _about_open_request(site, form, posted, key, [("form_token", token), *_carried(filled)]):
        return answer
    came_in = submission(
        site,
        asked,
        source="page",
        key=key,
        ticked=values["check_details"] == "1",
        trap=posted.value(HONEYPOT),
        check=posted.value("check"),
    )
    came_in = replace(
        came_in,
        more=filled.more,
        return_to=filled.return_to,
        body_hash=_content(site, posted),
        pictures=form.id if site.takes_pictures else None,
    )
    taken = take_in(lambda: record(came_in), site.slug)
    if isinstance(taken, NotTaken):
        return form_again(desk, site, filled.refused(taken))
    return remembering(taken, site)


def _moved_on(site: Site, posted: Posted, why: NotTaken, files: list[bytes | None]) -> Response:
    """The form of a page that is too old, shown again with its pictures, which a new form has now."""
    desk = running().desk
    token = running().links.form_token(site.slug)
    form = sent_form(token, site.slug)
    if isinstance(form, NotTaken):  # the server's clock was set back meanwhile
        return form_again(desk, site, _filled(site, posted).refused(why))
    changed(form, files, [])
    filled = replace(_filled(site, posted), token=token, pictures=pictures_of(site, form))
    return form_again(desk, site, filled.refused(why))


def _filled(site: Site, posted: Posted) -> Filled:
    values = {name: posted.value(name) for name in _VALUES}
    return Filled(values, more=posted.more, return_to=allowed_return(site, posted.value("return_to")))


def _about_open_request(
    site: Site, form: Link, posted: Posted, key: str, carried: list[tuple[str, str]]
) -> Response | None:
    """The answer to a form that may belong to the request that this browser has open; None for a new one."""
    found = open_request(site)
    if found is None or found.request.idempotency_key == key:
        return None
    values = {name: posted.value(name) for name in _VALUES}
    choice = posted.value(CHOICE)
    same = found.request.body_hash == _content(site, posted)
    if same or (choice == ADD and added(found, values, key.removeprefix("page:"))):
        if site.takes_pictures:
            give_to_request(running().database, form.id, found.request.reference)
        return to_status(found.request)
    if choice == NEW:
        return None
    return ask_which(site, found, values, carried)


def _carried(filled: Filled) -> list[tuple[str, str]]:
    """The fields that the page between form and request passes on."""
    carried = {name: without_control(value) for name, value in filled.values.items()}
    carried |= {"return_to": filled.return_to or ""}
    return [*((name, value) for name, value in carried.items() if value), *filled.more]


def _content(site: Site, posted: Posted) -> str:
    """A digest of what was typed, whatever form of ours it was typed into."""
    return content_digest(posted, "page", site.slug)


def _empty_page(slug: str) -> Response:
    desk = running().desk
    return empty_form(desk, enabled_site(desk, slug))


def _asked(desk: Desk, site: Site, values: dict[str, str]) -> NewSessionRequest | dict[str, str]:
    """The customer's request, or its faults by field; a department that is not offered (any more) is ignored."""
    chosen = values["department"]
    offered = any(str(department.id) == chosen for department in offered_departments(desk, site))
    language = page_language().replace("_", "-")
    return asked_of(values, site=site, department=chosen if offered else None, language=language)


def _idempotency_key(form: Link, posted: Posted) -> str:
    """A key by which the same form with the same content is the same request; other content is another request."""
    content = [form.id, *(posted.value(name) for name in _VALUES), *(text for pair in posted.more for text in pair)]
    digest = hashlib.sha256("\0".join(content).encode()).hexdigest()
    return f"page:{digest[:32]}"
