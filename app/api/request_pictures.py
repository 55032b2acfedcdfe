"""A picture that is added to an open request, from the widget or by a program that has the status link."""

from flask import Blueprint, Response, request

from app.actions.follow import Followed, follow
from app.actions.pictures import add_to_request, pictures_left
from app.api.from_pages import PageRefused, answer, answering, is_preflight, preflight_answer, register_cors
from app.api.request_state import let_its_pages_read, status_link
from app.core.bodies import BadBody
from app.core.picture import MOST_BYTES, NoPicture, PictureRefused
from app.core.security_event import Limit, SecurityEvent
from app.core.site import Site
from app.edge.access import Who, open_to
from app.edge.customer_words import customer_words
from app.edge.incoming import body, client_address
from app.edge.security_log import limited, tell
from app.edge.this_app import running
from app.edge.uploads import picture_status
from app.process.limits import PICTURES

api = Blueprint("request_pictures", __name__, url_prefix="/api/v1")
register_cors(api)
OCTETS = "application/octet-stream"


@api.route("/requests/<token>/pictures", methods=["POST", "OPTIONS"], provide_automatic_options=False)
@open_to(Who.LINK_HOLDERS)
@answering
def add(token: str) -> Response:
    """Add the picture that is the body, for a request with an open ticket: `{"id", "pictures_left"}`.

    The same picture again is the one that is there. A refusal is a sentence in the language of `?lang=`, else in the
    request's. Checked in this order: link, origin, site, rate, size, picture.
    """
    here = running()
    link = status_link(token)
    let_its_pages_read(link)
    if is_preflight():
        return preflight_answer("POST")
    followed = follow(here.database, here.desk.sites, link.id, now=here.clock())
    if followed is None:
        raise PageRefused(410, "this request is not kept any more")
    site = _site_of(followed)
    reference, language = followed.request.reference, request.args.get("lang") or followed.request.language or ""
    if wait := here.rates.client_retry_after(PICTURES, client_address(), "pictures"):
        limited(Limit.PICTURES)
        raise PageRefused(429, customer_words().wait(wait, site, language)).after(wait)
    try:
        added = add_to_request(here.database, reference, _picture(), now=here.clock(), room=here.settings.files_max)
    except PictureRefused as refused:
        why = refused.why
        raise PageRefused(picture_status(why), customer_words().picture(why, site, language)) from None
    return answer({"id": added.id, "pictures_left": pictures_left(here.database, reference)})


def _site_of(followed: Followed) -> Site:
    """The request's site, which must list the origin of a calling page (403) and take pictures (404)."""
    here = running()
    slug, origin = followed.request.site, request.headers.get("Origin")
    site = here.desk.sites.get(slug)
    if origin is not None and not (here.settings.is_ours(origin) or (site and origin in site.origins)):
        tell(SecurityEvent.ORIGIN_REFUSED, site=slug)
        raise PageRefused(403, f"the site {slug} does not list this page's origin")
    if site is None or not site.takes_pictures:
        raise PageRefused(404, f"the site {slug} takes no pictures; see: handbell site set {slug} --pictures")
    return site


def _picture() -> bytes:
    """The bytes of the picture. Raises PictureRefused for too many, BadBody."""
    if request.mimetype != OCTETS and not request.mimetype.startswith("image/"):
        raise PageRefused(415, f"send the picture as {OCTETS}, or as its own type")
    try:
        return body(MOST_BYTES)
    except BadBody as bad:
        if bad.status != 413:
            raise
        raise PictureRefused(NoPicture.TOO_LARGE) from None
