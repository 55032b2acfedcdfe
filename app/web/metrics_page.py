"""Metrics for Prometheus, for clients named by the operator. Other clients get 404."""

import hmac

from flask import Blueprint, Response, abort, request

from app import metrics
from app.core.address import parse_authority
from app.core.client import is_in, is_loopback
from app.edge.access import Who, open_to
from app.edge.incoming import client_address, is_forwarded, is_told_by_our_proxy
from app.edge.this_app import running
from app.store.backlog import Backlog, load_backlog
from app.store.database import DATABASE_FAULTS

pages = Blueprint("metrics_page", __name__)
_PATH = "/metrics"


@pages.before_app_request
def hide() -> None:
    """Answer 404 to every method, as for an unknown address, unless it is an allowed scrape."""
    if request.path == _PATH and not is_scrape():
        abort(404)


@pages.get(_PATH)
@open_to(Who.SCRAPERS)
def show() -> Response:
    """The metrics of all processes of this host."""
    return Response(metrics.page(_backlog()), content_type=metrics.CONTENT_TYPE)


def is_scrape() -> bool:
    """Whether this is a request for the metrics from an allowed client."""
    return request.path == _PATH and (_has_token() or _is_in_networks())


def _has_token() -> bool:
    token = running().settings.metrics_token
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _is_in_networks() -> bool:
    """Whether the client is in the networks, by the address of its connection or by a report of our proxy.

    Calls through other proxies are refused: their clients are unknown. Over loopback the `Host` must also be a name or
    address of loopback, which excludes other sites' pages in a browser on this machine.
    """
    address = client_address()
    if not is_in(address, running().settings.metrics_networks):
        return False
    if is_forwarded():
        return is_told_by_our_proxy() and not is_loopback(address)
    return not is_loopback(address) or _asks_for_this_machine()


def _asks_for_this_machine() -> bool:
    asked = parse_authority(request.environ.get("HTTP_HOST", ""))
    return asked is not None and asked.is_loopback


def _backlog() -> Backlog | None:
    here = running()
    try:
        with here.database.read() as connection:
            return load_backlog(connection, here.clock())
    except DATABASE_FAULTS:
        return None
