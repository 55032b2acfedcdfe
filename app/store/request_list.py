"""The list of requests for operators: newest first, filtered, page by page.

A filter without an index looks through a limited number of rows: a page may then have fewer rows than fit, and still
lead on to older ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, union

from app.core.request import CustomerRequest, RequestState, written_reference
from app.store.customer import has_whole
from app.store.requests import known_request
from app.store.tables import requests

LOOKED_THROUGH = 2_000  # rows looked through for one page
MOST_FOUND = 1_000  # by mail address or number, to be filtered
_REFERENCE = re.compile("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
_MANY = (RequestState.OPENED, RequestState.ENDED)  # the other states have few requests
_NEWEST_FIRST = (requests.c.created_at.desc(), requests.c.reference.desc())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters; None means any. `text` is a reference, or a whole mail address or customer number."""

    state: RequestState | None = None
    site: str | None = None
    backend: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the list: this request, after which older ones follow."""

    created_at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some requests, and the position of older ones, if there may be any."""

    requests: list[CustomerRequest]
    older: Place | None


def is_reference(text: str) -> bool:
    """Whether this is a reference in canonical spelling."""
    return _REFERENCE.fullmatch(text) is not None


def newest_requests(connection: Connection, wanted: Wanted, before: Place | None = None, most: int = 50) -> Page:
    """One page of at most `most` requests."""
    leading, others = _conditions(wanted)
    if wanted.text:
        leading.append(_is_about(wanted.text, before, MOST_FOUND if leading else most + 1))
    if before is not None:
        leading.append(_older_than(before))
    some = select(requests.c.created_at, requests.c.reference, *_FILTERED).where(*leading).order_by(*_NEWEST_FIRST)
    if not others:
        found = [Place(row.created_at, row.reference) for row in connection.execute(some.limit(most + 1))]
        return _page(connection, found, most, None)
    found = [Place(row.created_at, row.reference) for row in connection.execute(_among(some, others, most + 1))]
    end = None if len(found) > most else connection.execute(some.offset(LOOKED_THROUGH - 1).limit(1)).one_or_none()
    return _page(connection, found, most, Place(end.created_at, end.reference) if end else None)


_FILTERED = (requests.c.state, requests.c.site, requests.c.backend)
Filters = dict[str, str]


def _conditions(wanted: Wanted) -> tuple[list[ColumnElement[bool]], Filters]:
    """Conditions that an index serves in the list's order, and filters for the rows found by them. A search's own
    condition is not among them."""
    given = {"state": wanted.state, "site": wanted.site, "backend": wanted.backend}
    others: Filters = {name: value for name, value in given.items() if value is not None}
    if wanted.text:
        return [requests.c[name] == value for name, value in others.items()], {}
    lead = "site" if wanted.site and (wanted.state is None or wanted.state in _MANY) else "state"
    if lead not in others:
        return [], others
    return [requests.c[lead] == others.pop(lead)], others


def _among(some: Select[tuple[datetime, str]], others: Filters, most: int) -> Select[tuple[datetime, str]]:
    looked = some.limit(LOOKED_THROUGH).subquery()
    matches = and_(*(looked.c[name] == value for name, value in others.items()))
    newest = (looked.c.created_at.desc(), looked.c.reference.desc())
    return select(looked.c.created_at, looked.c.reference).where(matches).order_by(*newest).limit(most)


def _older_than(place: Place) -> ColumnElement[bool]:
    tie = or_(requests.c.created_at < place.created_at, requests.c.reference < place.reference)
    return and_(requests.c.created_at <= place.created_at, tie)


def _is_about(text: str, before: Place | None, most: int) -> ColumnElement[bool]:
    """Look up the newest `most` by three indexes; the limits also keep the planner from scanning the list instead."""
    columns = requests.c
    ways = [and_(columns.customer_email.is_not(None), _mail() == text.lower()), *has_whole(requests, text)]
    finds = [select(columns.reference).where(way, *_not_newer(before)).order_by(*_NEWEST_FIRST) for way in ways]
    if is_reference(written_reference(text)):
        finds.append(select(columns.reference).where(columns.reference == written_reference(text)))
    limited = [select(find.limit(most).subquery()) for find in finds]
    return columns.reference.in_(union(*limited))


def _not_newer(place: Place | None) -> tuple[ColumnElement[bool], ...]:
    return () if place is None else (_older_than(place),)


def _mail() -> ColumnElement[str]:
    return func.lower(requests.c.customer_email)


def _page(connection: Connection, found: Sequence[Place], most: int, end: Place | None) -> Page:
    shown = found[:most]
    rows = connection.execute(select(requests).where(requests.c.reference.in_([place.reference for place in shown])))
    whole = {row.reference: known_request(row) for row in rows}
    older = shown[-1] if len(found) > most else end
    return Page([whole[place.reference] for place in shown if place.reference in whole], older)
