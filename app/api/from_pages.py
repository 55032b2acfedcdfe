"""Calls from sites' pages: check of their exact origin, CORS headers for their scripts, and refusals as JSON."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from app.core.bodies import BadBody
from app.core.origins import listed_origin
from app.core.security_event import SecurityEvent
from app.core.site import Site
from app.core.text import Invalid
from app.edge.headers import JSON, preflight, readable_by, with_headers
from app.edge.incoming import page_origin
from app.edge.security_log import tell
from app.edge.this_app import running


class PageRefused(Exception):
    """The call is refused with this status and sentence; `more` are further members of `error`, `beside` of the
    answer."""

    def __init__(self, status: int, message: str, *, beside: dict[str, Any] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.more = more
        self.beside = beside or {}
        self.headers: dict[str, str] = {}

    def after(self, seconds: int) -> "PageRefused":
        """Add `Retry-After`."""
        self.headers["Retry-After"] = str(seconds)
        return self


def answering(view: Callable[..., Response]) -> Callable[..., Response]:
    """Turn refusals and bad bodies into `{"error": {"status", "message", …}}`."""

    @wraps(view)
    def guarded(**arguments: Any) -> Response:
        try:
            return view(**arguments)
        except PageRefused as refused:
            error = {"status": refused.status, "message": str(refused), **refused.more}
            response = answer({"error": error, **refused.beside}, refused.status)
            response.headers.extend(refused.headers)
            return response
        except BadBody as bad:
            return answer({"error": {"status": bad.status, "message": str(bad)}}, bad.status)

    return guarded


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer with the headers of the JSON API."""
    response = jsonify(body)
    response.status_code = status
    return with_headers(response, JSON)


def preflight_answer(method: str) -> Response:
    """A 204 answer. The caller has already checked `own_origin`."""
    return with_headers(Response(status=204), [*JSON, *preflight(method)])


def site_of(key: str) -> Site:
    """The site in the address. Raises PageRefused (404)."""
    site = running().desk.site(key)
    if site is None:
        raise PageRefused(404, f"there is no site {key[:40]} here; the console's page Embed has each site's line")
    return site


def own_origin(site: Site) -> str:
    """The calling page's origin, which must be one of the site's or ours; its scripts may read the answer, errors too.

    Raises PageRefused (403).
    """
    origin = page_origin()
    if origin is None or not (origin in site.origins or running().settings.is_ours(origin)):
        tell(SecurityEvent.ORIGIN_REFUSED, site=site.slug)
        fix = f"handbell site set {site.slug} --origin {_listable(origin) or 'ORIGIN'}"
        raise PageRefused(403, f"the site {site.slug} does not list this page's origin; to list it too: {fix}")
    let_read(origin)
    return origin


def let_read_refusal() -> None:
    """Let the calling page read why it is refused, where it is one that a site could list. An answer says nothing
    else."""
    if origin := _listable(page_origin()):
        let_read(origin)


def _listable(origin: str | None) -> str | None:
    """This origin, if a site could list it as it is."""
    try:
        return origin if origin and listed_origin(origin) == origin else None
    except Invalid:
        return None


def let_read(origin: str) -> None:
    """Let pages at this origin read the current answer."""
    g.readable_by = origin


def register_cors(api: Blueprint) -> None:
    """Add the CORS headers for the page that `let_read` named to every answer of these views, errors too."""

    @api.after_request
    def add(response: Response) -> Response:
        if "readable_by" in g:
            with_headers(response, readable_by(g.readable_by))
        return response


def is_preflight() -> bool:
    """Whether this is a CORS preflight request."""
    return request.method == "OPTIONS"
