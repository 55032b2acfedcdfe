"""A picture is added to a request's form, drawn anew, and waits there until the form is sent; or to an open request."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.actions.keep_file import keep_file
from app.actions.live_picture import NotAPicture, Picture, drawn_anew
from app.actions.ticket import CUSTOMER
from app.core.kept_file import NoRoom, TooLarge
from app.core.live import NotTaken, TooMany
from app.core.live_file import MOST_BYTES as MOST_KEPT
from app.core.live_file import claims_to_be_picture
from app.core.picture import MOST_BYTES, MOST_PICTURES, SHARE_OF_ROOM, NoPicture, PictureRefused, RequestPicture
from app.core.request import RequestState
from app.core.ticket import TicketEvent
from app.store import pictures as store
from app.store.database import Database
from app.store.files import abandon_files
from app.store.requests import confirmed_request, request_by_reference
from app.store.tickets import add_event, ticket_by_number

UNSENT_FOR = timedelta(hours=3)  # a form can be sent for two
PICTURE_ADDED = "picture_added"  # in a ticket's history


@dataclass(frozen=True, slots=True)
class _Place:
    """The form that a picture is added to, with the pictures that count with it. `reference` and `ticket` are those of
    the request that it has become."""

    form: str
    there: list[RequestPicture]
    reference: str | None = None
    ticket: int | None = None


def add_picture(database: Database, form: str, raw: bytes, *, now: datetime, room: int) -> RequestPicture:
    """Add a picture to the form with this id; the same picture again is the one that is there.

    `room` is how many bytes all kept files may have together, of which all pictures may have one part in
    SHARE_OF_ROOM. Raises PictureRefused.
    """

    def place(connection: Connection) -> _Place:
        return _Place(form, store.pictures_of_form(connection, form))

    return _add(database, place, raw, now=now, room=room)


def add_to_request(database: Database, reference: str, raw: bytes, *, now: datetime, room: int) -> RequestPicture:
    """Add a picture to a request whose ticket is open, and a line to that ticket's history; otherwise as
    `add_picture`."""
    return _add(database, lambda connection: _of_request(connection, reference), raw, now=now, room=room)


def pictures_left(database: Database, reference: str) -> int:
    """How many more pictures the request may have."""
    with database.read() as connection:
        return max(0, MOST_PICTURES - len(store.pictures_of_request(connection, reference)))


def _of_request(connection: Connection, reference: str) -> _Place:
    asked = request_by_reference(connection, reference)
    number = asked.ticket_number if asked else None
    ticket = ticket_by_number(connection, number) if number is not None else None
    if asked is None or asked.erased_at is not None or asked.state is not RequestState.OPENED:
        raise PictureRefused(NoPicture.NOT_NOW)
    if ticket is None or not ticket.is_open:
        raise PictureRefused(NoPicture.NOT_NOW)
    its = store.pictures_of_request(connection, reference)
    form = its[0].form if its else asked.status_id
    others = [one for one in its if one.form != form]
    return _Place(form, [*store.pictures_of_form(connection, form), *others], reference, number)


def _add(
    database: Database, find_place: Callable[[Connection], _Place], raw: bytes, *, now: datetime, room: int
) -> RequestPicture:
    _refuse_if(len(raw) > MOST_BYTES, NoPicture.TOO_LARGE)
    with database.read() as connection:
        place = find_place(connection)
        _refuse_if(store.bytes_of_pictures(connection) + len(raw) > room // SHARE_OF_ROOM, NoPicture.NO_ROOM)
    picture = _drawn(raw)
    digest = hashlib.sha256(picture.content).hexdigest()
    if known := next((one for one in place.there if one.sha256 == digest), None):
        return known
    _refuse_if(len(place.there) >= MOST_PICTURES, NoPicture.TOO_MANY)
    new = _kept(database, picture, digest, now=now, room=room)

    def add(connection: Connection) -> RequestPicture:
        if place.reference is not None:
            confirmed_request(connection, place.reference)  # locked, so that an erasure comes before or after
        now_there = find_place(connection)
        taken = {one.position for one in now_there.there}
        free = [position for position in range(MOST_PICTURES) if position not in taken]
        _refuse_if(len(now_there.there) >= MOST_PICTURES or not free, NoPicture.TOO_MANY)
        placed = replace(new, form=now_there.form, position=free[0], reference=place.reference)
        store.add_picture(connection, placed)
        if place.ticket is not None:
            add_event(connection, place.ticket, TicketEvent(now, CUSTOMER, PICTURE_ADDED, {}))
        return placed

    try:
        try:
            return database.write(add)
        except IntegrityError:  # on PostgreSQL another picture has taken this position meanwhile
            return database.write(add)
    except (PictureRefused, IntegrityError):  # after another fault it may be there; else pruning removes the bytes
        database.write(lambda connection: abandon_files(connection, [new.kept]))
        raise


def _kept(database: Database, picture: Picture, digest: str, *, now: datetime, room: int) -> RequestPicture:
    """The picture with its bytes on disk, at no form yet."""
    try:
        kept, size = keep_file(database, [picture.content], MOST_KEPT, room, now=now)
    except (NoRoom, TooLarge):
        raise PictureRefused(NoPicture.NO_ROOM) from None
    return RequestPicture(
        id=secrets.token_hex(16),
        form="",
        position=0,
        at=now,
        kept=kept,
        type=picture.type,
        size=size,
        sha256=digest,
        width=picture.width,
        height=picture.height,
    )


def remove_pictures(database: Database, form: str, ids: list[str]) -> None:
    """Remove pictures of a form that has not been sent."""
    database.write(lambda connection: store.remove_pictures(connection, form, ids))


def give_to_request(database: Database, form: str, reference: str) -> None:
    """Let what was added to this form belong to a request that is recorded."""
    database.write(lambda connection: store.give_to_request(connection, form, reference))


def _drawn(raw: bytes) -> Picture:
    try:
        _refuse_if(not claims_to_be_picture(raw[:16]), NoPicture.UNREADABLE)
        return drawn_anew(raw)
    except NotTaken:
        raise PictureRefused(NoPicture.HEIC) from None
    except NotAPicture:
        raise PictureRefused(NoPicture.UNREADABLE) from None
    except TooMany:
        raise PictureRefused(NoPicture.BUSY) from None


def _refuse_if(refused: bool, why: NoPicture) -> None:
    if refused:
        raise PictureRefused(why)
