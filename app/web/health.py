"""Answers for programs: whether the process is alive, whether it can take requests, and what crawlers may not fetch."""

from flask import Blueprint, Response

from app.edge.access import Who, open_to
from app.edge.this_app import running
from app.process.leaving import is_leaving
from app.store.database import DATABASE_FAULTS

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@open_to(Who.EVERYONE)
def alive() -> Response:
    """200 as long as the process answers."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@pages.get("/readyz")
@open_to(Who.EVERYONE)
def ready() -> Response:
    """200 when the database answers and takes writes, and this host is not about to end; else 503."""
    if is_leaving():
        return _not_ready("this host is about to end")
    try:
        unwritable = running().database.unwritable()
    except DATABASE_FAULTS:
        return _not_ready("the database does not answer")
    if unwritable:
        return _not_ready(unwritable)
    return Response("ready\n", content_type="text/plain; charset=utf-8")


@pages.get("/robots.txt")
@open_to(Who.EVERYONE)
def robots() -> Response:
    """What crawlers may not fetch: one that follows a link of the New Session API would open a ticket."""
    closed = ("/integration/", "/rest/", "/api/", "/r/", "/go/", "/applet/", "/pin", "/console/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    return Response("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")


def _not_ready(why: str) -> Response:
    return Response(f"{why}\n", 503, content_type="text/plain; charset=utf-8")
