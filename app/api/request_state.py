"""A request's state as JSON, for its status page and for the widget."""

from flask import Blueprint, Response, jsonify

from app.access import Who, open_to
from app.actions.follow import Progress, follow
from app.core.client import client_network
from app.core.links import Expired, Forged, Purpose
from app.headers import JSON, with_headers
from app.incoming import client_address
from app.limits import POLLS
from app.wiring import running

api = Blueprint("request_state", __name__, url_prefix="/api/v1")


@api.get("/requests/<token>")
@open_to(Who.LINK_HOLDERS)
def request_state(token: str) -> Response:
    """`{"reference", "state", "start"}`; `start` is the path that starts the session, or null."""
    here = running()
    try:
        link = here.read(Purpose.STATUS, token)
    except Forged:
        return _error(404, "this is not a status link")
    except Expired:
        return _error(410, "this status link has expired")
    if wait := here.rates.retry_after(POLLS, "poll", link.id, client_network(client_address())):
        response = _error(429, f"asked too often; wait {wait} s")
        response.headers["Retry-After"] = str(wait)
        return response
    followed = follow(here.database, here.desk.sites, link.id, here.clock())
    if followed is None:
        return _error(410, "this request is not kept any more")
    start = followed.start
    may_start = followed.progress in (Progress.READY, Progress.STARTED) and start is not None
    answer = {
        "reference": followed.request.reference,
        "state": followed.progress,
        "start": f"/go/{here.token(Purpose.GO, start.id, start.expires_at)}" if may_start and start else None,
    }
    return with_headers(jsonify(answer), JSON)


def _error(status: int, message: str) -> Response:
    response = jsonify(error={"status": status, "message": message})
    response.status_code = status
    return with_headers(response, JSON)
