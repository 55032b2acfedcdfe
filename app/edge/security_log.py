"""Security log lines of HTTP requests, with the request's id, the client's network and our endpoint.

Each 403 and 429 is logged when it is answered, unless the code that refused has logged a more exact event.
"""

from collections.abc import Mapping

from flask import Flask, Response, g, has_request_context, request

from app.core.security_event import Limit, SecurityEvent, logged_network
from app.edge.headers import request_id
from app.edge.incoming import client_address
from app.edge.this_app import running
from app.process.running import Running

_REFUSED = {403: SecurityEvent.FORBIDDEN, 429: SecurityEvent.TOO_MANY}


def tell(event: SecurityEvent, *, account: str | None = None, **words: object) -> None:
    """Write and count an event of this request, in place of that of its 403 or 429.

    `account` is a mail address as accounts are stored; by default that of the technician who is logged in. `words` must
    not come from the request.
    """
    told_already()
    running().security.tell(event, account=account or _who_asks(), **words)


def told_already() -> None:
    """Log no further event for a 403 or 429 of this request."""
    g.security_told = True


def limited(limit: Limit) -> None:
    """Name the limit behind the 429 of this request; it is logged, also after another event."""
    g.security_limit = limit
    g.pop("security_told", None)


def register(app: Flask, here: Running) -> None:
    """Log every 403 and 429."""
    here.security.surroundings = _surroundings

    @app.after_request
    def notice(response: Response) -> Response:
        if response.status_code in _REFUSED and "security_told" not in g:
            limit = g.get("security_limit", Limit.OTHER) if response.status_code == 429 else None
            tell(_REFUSED[response.status_code], limit=limit)
        return response


def _surroundings() -> Mapping[str, object]:
    if not has_request_context():
        return {}
    site = g.get("spoken_for")
    return {
        "request_id": request_id(),
        "network": logged_network(client_address()),
        "where": request.endpoint,
        "site": site.slug if site else None,
    }


def _who_asks() -> str | None:
    technician = g.get("technician")
    return technician.email if technician else None
