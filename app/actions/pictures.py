"""A picture is added to a request's form, drawn anew, and waits there until the form is sent."""

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.actions.keep_file import keep_file
from app.actions.live_picture import NotAPicture, Picture, drawn_anew
from app.core.kept_file import NoRoom, TooLarge
from app.core.live import NotTaken, TooMany
from app.core.live_file import MOST_BYTES as MOST_KEPT
from app.core.live_file import claims_to_be_picture
from app.core.picture import MOST_BYTES, MOST_PICTURES, SHARE_OF_ROOM, NoPicture, PictureRefused, RequestPicture
from app.store import pictures as store
from app.store.database import Database
from app.store.files import abandon_files

UNSENT_FOR = timedelta(hours=3)  # a form can be sent for two


def add_picture(database: Database, form: str, raw: bytes, *, now: datetime, room: int) -> RequestPicture:
    """Add a picture to the form with this id; the same picture again is the one that is there.

    `room` is how many bytes all kept files may have together, of which all pictures may have one part in
    SHARE_OF_ROOM. Raises PictureRefused.
    """
    _refuse_if(len(raw) > MOST_BYTES, NoPicture.TOO_LARGE)
    with database.read() as connection:
        there = store.pictures_of_form(connection, form)
        _refuse_if(store.bytes_of_pictures(connection) + len(raw) > room // SHARE_OF_ROOM, NoPicture.NO_ROOM)
    picture = _drawn(raw)
    digest = hashlib.sha256(picture.content).hexdigest()
    if known := next((one for one in there if one.sha256 == digest), None):
        return known
    _refuse_if(len(there) >= MOST_PICTURES, NoPicture.TOO_MANY)
    try:
        kept, size = keep_file(database, [picture.content], MOST_KEPT, room, now=now)
    except (NoRoom, TooLarge):
        raise PictureRefused(NoPicture.NO_ROOM) from None
    new = RequestPicture(
        id=secrets.token_hex(16),
        form=form,
        position=0,
        at=now,
        kept=kept,
        type=picture.type,
        size=size,
        sha256=digest,
        width=picture.width,
        height=picture.height,
    )

    def add(connection: Connection) -> RequestPicture:
        taken = {one.position for one in store.pictures_of_form(connection, form)}
        free = [position for position in range(MOST_PICTURES) if position not in taken]
        _refuse_if(not free, NoPicture.TOO_MANY)
        placed = replace(new, position=free[0])
        store.add_picture(connection, placed)
        return placed

    try:
        try:
            return database.write(add)
        except IntegrityError:  # on PostgreSQL another picture has taken this position meanwhile
            return database.write(add)
    except BaseException:
        database.write(lambda connection: abandon_files(connection, [kept]))
        raise


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
