"""Metrics for Prometheus. Other clients get 404."""

from ipaddress import ip_address

from flask import Blueprint, Response, abort, request

from app import metrics
from app.core.client import is_in
from app.edge.access import Who, open_to
from app.edge.incoming import client_address
from app.edge.this_app import running
from app.store.backlog import Backlog, load_backlog
from app.store.database import DATABASE_FAULTS

pages = Blueprint("metrics_page", __name__)
_PATH = "/metrics"
# Headers that proxies add: a call through a proxy on this machine does not come from this machine.
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


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
    """Whether this is a request for the metrics from an allowed address."""
    if request.path != _PATH:
        return False
    address = client_address()
    if _is_loopback(address):
        return not any(name in request.headers for name in _FORWARDED)
    return is_in(address, running().settings.metrics_networks)


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback


def _backlog() -> Backlog | None:
    here = running()
    try:
        with here.database.read() as connection:
            return load_backlog(connection, here.clock())
    except DATABASE_FAULTS:
        return None
