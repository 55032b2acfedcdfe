"""Pictures on a site's request form: sent with it from pages without script, or one by one before, by script."""

from collections.abc import Iterable

from flask import Blueprint, Response, abort, jsonify

from app.actions import pictures as actions
from app.core.bodies import BadBody
from app.core.links import Link
from app.core.picture import MOST_BYTES, MOST_PICTURES, NoPicture, PictureRefused, RequestPicture
from app.core.posted import posted_form
from app.core.security_event import Limit
from app.core.site import Site
from app.edge.access import Who, open_to
from app.edge.headers import JSON, with_headers
from app.edge.incoming import client_address
from app.edge.security_log import limited
from app.edge.this_app import running
from app.edge.uploads import form_with_files, picture_status
from app.process.database_faults import note_database_fault
from app.process.limits import PICTURES
from app.store.database import DATABASE_FAULTS
from app.store.pictures import pictures_of_form
from app.web.enabled_site import enabled_site
from app.web.picture_words import not_kept, why_not
from app.web.request_form import NotTaken, wait_sentence
from app.web.take_in import sent_form
from app.web.words import speak_for

pages = Blueprint("form_pictures", __name__)


@pages.post("/s/<slug>/pictures")
@open_to(Who.EVERYONE)
def change(slug: str) -> Response:
    """Add the form's `pictures` to the form with this `form_token`, or remove those named `remove_picture`, for our
    page's script.

    Answers `{"id"}` of the last picture added, null without one, or `{"error"}`, a sentence, with 400, 413, 422, 429 or
    503.
    """
    site = enabled_site(running().desk, slug)
    if not site.takes_pictures:
        abort(404)
    speak_for(site)
    try:
        sent = form_with_files(MOST_PICTURES, MOST_BYTES)
    except BadBody as bad:
        return _error(not_kept(), bad.status)
    posted = posted_form(sent.pairs)
    form = sent_form(posted.value("form_token"), site.slug)
    if isinstance(form, NotTaken):
        return _error(form.sentence, form.status)
    removed = removed_of(sent.pairs)
    problem = changed(form, sent.files, removed)
    if problem is not None:
        return _error(problem.sentence, problem.status, problem.retry_after)
    added = pictures_of(site, form)
    return with_headers(jsonify(id=added[-1].id if added and sent.files else None), JSON)


def removed_of(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The ids of the pictures that a form asks to remove."""
    return [value for name, value in pairs if name == "remove_picture"][:MOST_PICTURES]


def changed(form: Link, files: list[bytes | None], removed: list[str]) -> NotTaken | None:
    """Remove pictures from a form and add others; the reason why one of them was not added."""
    here = running()
    now, room = here.clock(), here.settings.files_max
    problem = None
    try:
        if removed:
            actions.remove_pictures(here.database, form.id, removed)
        for raw in files:
            if wait := here.rates.client_retry_after(PICTURES, client_address(), "pictures"):
                limited(Limit.PICTURES)
                return NotTaken(wait_sentence(wait), 429, wait)
            try:
                if raw is None:
                    raise PictureRefused(NoPicture.TOO_LARGE)
                actions.add_picture(here.database, form.id, raw, room=room, now=now)
            except PictureRefused as refused:
                problem = problem or NotTaken(why_not(refused.why), picture_status(refused.why))
    except DATABASE_FAULTS as fault:
        note_database_fault(fault, "pictures")
        return NotTaken(not_kept(), 503, 5)
    return problem


def pictures_of(site: Site, form: Link) -> tuple[RequestPicture, ...]:
    """The pictures that were added to a form; none where the site takes none, or while the database is away."""
    here = running()
    if not site.takes_pictures:
        return ()
    try:
        with here.database.read() as connection:
            return tuple(pictures_of_form(connection, form.id))
    except DATABASE_FAULTS as fault:
        note_database_fault(fault, "pictures")
        return ()


def _error(sentence: str, status: int, retry_after: int | None = None) -> Response:
    response = with_headers(jsonify(error=sentence), JSON)
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
