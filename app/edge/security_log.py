"""The security log of the requests at hand: their lines say which request, from where, and at which address of ours.

A refusal that nothing else told of is told when its answer is made, so that no 403 or 429 is missing.
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
    """Write and count an event of this request, which then stands for its 403 or 429 too.

    `account` is a mail address as accounts are kept, of whoever asks unless given; `words` are ours alone.
    """
    told_already()
    running().security.tell(event, account=account or _who_asks(), **words)


def told_already() -> None:
    """A 403 or 429 of this request is no event of its own."""
    g.security_told = True


def limited(limit: Limit) -> None:
    """Say which limit the 429 of this request stands for; it is told, whatever was before."""
    g.security_limit = limit
    g.pop("security_told", None)


def register(app: Flask, here: Running) -> None:
    """Tell of every request that is refused."""
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
