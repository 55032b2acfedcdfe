"""Errors as pages for people and as JSON for programs; no internal detail is shown."""

from collections.abc import Callable

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from app.core.bodies import BadBody
from app.core.new_session import error_envelope
from app.core.site import Site
from app.edge.headers import FRAMED_BY_ANY, JSON, request_id, with_headers
from app.edge.incoming import is_framed
from app.edge.this_app import running
from app.log import frames
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, is_unknown
from app.web.words import _

log = structlog.get_logger()
_FOR_WHO_MADE_THE_FORM = (400, 413, 415)
NOT_WRITTEN, NOT_CONFIRMED = "not_written", "not_confirmed"


def register(app: Flask) -> None:
    """Register the handlers for all errors."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(BadBody, _bad_body)
    for kind in DATABASE_FAULTS:
        app.register_error_handler(kind, _database_error)
    app.register_error_handler(Exception, _our_fault)


def error_page(status: int, reason: str) -> Response:
    """A page for a call of a program's address that a person sees, with the English `reason` for its maker."""
    return _page(status, reason, *_words(status), for_maker=status < 500)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.response)
    response = _answer(error.code or 500, error.name)
    for name, value in error.get_headers():
        if name in ("Allow", "Content-Range", "Retry-After"):
            response.headers[name] = value
    return response


def _bad_body(error: BadBody) -> Response:
    return _answer(error.status, str(error))


def _database_error(error: Exception) -> Response:
    """503, which tells what was not written from what may be; what only reads is tried once more when its connection
    ended under it."""
    if request.method in ("GET", "HEAD") and getattr(error, "connection_invalidated", False):
        try:
            return current_app.make_response(current_app.dispatch_request())
        except HTTPException as refused:
            return _http_error(refused)
        except DATABASE_FAULTS as still:
            error = still
    note_database_fault(error, "answer", request_id=request_id())
    if kept := _kept(503):
        kept.headers["Retry-After"] = "5"
        return kept
    if is_unknown(error):
        response = _answer(503, "the database did not confirm in time: it may be written or not", NOT_CONFIRMED)
    else:
        response = _answer(503, "the database does not answer; nothing was written", NOT_WRITTEN)
    response.headers["Retry-After"] = "5"
    return response


def _our_fault(error: Exception) -> Response:
    log.error("unexpected_error", error=type(error).__name__, request_id=request_id(), at=frames(error))
    return _kept(500) or _answer(500, "internal error")


def _kept(status: int) -> Response | None:
    """The page again with all that was typed, where a fault came amid a form; None where there is none."""
    again: Callable[[int], Response] | None = g.pop("form_again", None)
    if again is None:
        return None
    try:
        return again(status)
    except Exception as second:  # noqa: BLE001 - whatever fails, the plain page below does not
        log.error("unexpected_error", error=type(second).__name__, request_id=request_id(), at=frames(second))
        return None


def _answer(status: int, reason: str, code: str | None = None) -> Response:
    if request.path.startswith("/api/"):
        coded = {"code": code} if code else {}
        return _json(status, {"error": {"status": status, "message": reason, **coded}})
    if _is_new_session_call():
        return _json(status, error_envelope(status, reason))
    return _page(status, reason, *(_not_confirmed_words() if code == NOT_CONFIRMED else _words(status)))


def _page(status: int, reason: str, title: str, lines: list[str], *, for_maker: bool = False) -> Response:
    in_console = request.path.startswith("/console")
    site = None if in_console else _site()
    in_frame = request.method == "POST" and not in_console and is_framed()
    html = render_template(
        "console/message.html" if in_console else "error.html",
        site=site,
        title=title,
        lines=lines,
        actions=_ways_on_in_console() if in_console else [] if in_frame else _ways_on(status, site),
        reason=f"{status}: {reason}" if for_maker or status in _FOR_WHO_MADE_THE_FORM else None,
        request_id=request_id() if status >= 500 else None,
        # Details that an applet may not show are not shown back either.
        tell_typed=not (status == 403 and request.path.startswith("/applet/")),
    )
    response = make_response(html, status)
    return with_headers(response, FRAMED_BY_ANY) if in_frame else response


def _is_new_session_call() -> bool:
    """Whether a program called the New Session API: REST always, the form flavour when it prefers JSON."""
    wants_json = request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    return request.path.startswith("/rest/") or (request.path.startswith("/integration/") and wants_json)


def _json(status: int, answer: dict[str, object]) -> Response:
    return with_headers(make_response(jsonify(answer), status), JSON)


def _site() -> Site | None:
    """The site of the failed page, as far as the view had determined it; else the default site."""
    site: Site | None = g.get("spoken_for")
    return site or running().desk.site("default")


def _ways_on_in_console() -> list[dict[str, str]]:
    return [{"label": _("Back to the queue"), "url": "/console/", "method": "get"}]


def _ways_on(status: int, site: Site | None) -> list[dict[str, str]]:
    """Links to go on. A page that failed temporarily can be reloaded, so that a customer need not make a second
    request; a broken link's request is found again by its reference."""
    form = f"/s/{site.slug}" if site and site.slug != "default" else "/"
    anew = {"label": _("Get support"), "url": form, "method": "get"}
    passes = request.method == "GET" and (status >= 500 or status == 429)
    if status in (404, 410):
        of_site = f"?site={site.slug}" if site and site.slug != "default" else ""
        return [anew, {"label": _("I have a reference"), "url": f"/reference{of_site}", "method": "get"}]
    return [{"label": _("Try again"), "url": "", "method": "get"}, anew] if passes else [anew]


def _not_confirmed_words() -> tuple[str, list[str]]:
    return _("It is not certain that this arrived"), [_("Please look whether it is there before you try again.")]


def _words(status: int) -> tuple[str, list[str]]:
    known = {
        401: (_("You are logged out"), [_("Please log in again.")]),
        403: (_("This is not allowed"), [_("You may not do this with this link.")]),
        404: (_("There is nothing here"), [_("The address may be mistyped, or the link was cut off.")]),
        405: (_("This does not work here"), [_("Please go back and press the button on the page.")]),
        413: (_("This is too much text"), [_("Please go back and shorten it.")]),
        429: (_("Too many tries"), [_("Please wait a moment and try again.")]),
    }
    if status in known:
        return known[status]
    if status < 500:
        return _("This could not be read"), [_("Please go back and try again.")]
    return _("Something went wrong"), [_("This is our mistake, not yours. Please try again in a moment.")]
