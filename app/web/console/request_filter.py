"""The filters in the address of a console page about requests."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import abort, request

from app.core.declaration import is_declared
from app.core.request import RequestState
from app.edge.this_app import running
from app.store.request_list import Place, Wanted

LIST = "/console/requests"
_LONGEST_SEARCH = 255  # characters
_PLACE = re.compile("([0-9]{1,16})\\.([0-9A-Z-]{9})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def wanted_here() -> Wanted:
    """The filters in the address; 404 for unknown values."""
    given = {name: request.args.get(name) or None for name in ("state", "site", "backend")}
    sites = running().desk.sites
    known = (given["state"] or "waiting") in list(RequestState)
    if given["backend"] is not None and not is_declared(given["backend"]):
        known = False
    if not known or (given["site"] is not None and given["site"] not in sites):
        abort(404)
    text = "".join(c for c in request.args.get("q", "").strip() if c.isprintable())[:_LONGEST_SEARCH]
    state = RequestState(given["state"]) if given["state"] else None
    return Wanted(state, given["site"], given["backend"], text)


def place_here() -> Place | None:
    """The position at which the current page begins; 404 for an invalid one."""
    text = request.args.get("before", "")
    if not text:
        return None
    found = _PLACE.fullmatch(text)
    if found is None or int(found[1]) > 2**53:
        abort(404)
    return Place(_EPOCH + int(found[1]) * _US, found[2])


def list_address(wanted: Wanted, path: str = LIST, **more: str) -> str:
    """The address of the list with these filters, or of another page at `path`."""
    asked = {"state": wanted.state, "site": wanted.site, "backend": wanted.backend, "q": wanted.text, **more}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path


def older_address(wanted: Wanted, older: Place | None) -> str | None:
    """The address of the list's next page; None when there is none."""
    if older is None:
        return None
    return list_address(wanted, before=f"{(older.created_at - _EPOCH) // _US}.{older.reference}")
