"""A form with files, read piece by piece: only its fields are held in memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from app.core.bodies import BadBody
from app.edge.incoming import MULTIPART, pieces_of_body

_MOST_PARTS = 10
_MOST_HELD = 256 * 1024  # bytes
_LONGEST_FIELD = 1000  # bytes
_CUT_SHORT = "the multipart body could not be read"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file with its name as the browser gives it, its bytes, which can be read once and before the next file, and the
    form's fields before it. Reading them raises BadBody."""

    name: str
    pieces: Iterator[bytes]
    fields: dict[str, str]


def uploads() -> Iterator[Upload]:
    """The files of the form in the request's body, each with its bytes unread. Raises BadBody."""
    boundary = request.mimetype_params.get("boundary", "").encode("ascii", "replace")
    if request.mimetype != MULTIPART or not boundary:
        raise BadBody(f"send the form as {MULTIPART}", 415)
    events = _events(MultipartDecoder(boundary, _MOST_HELD, max_parts=_MOST_PARTS))
    fields: dict[str, str] = {}
    for event in events:
        if isinstance(event, File):
            yield Upload(event.filename or "", _data(events), dict(fields))
        if isinstance(event, Field):
            fields[event.name] = _short(_data(events))


def _short(pieces: Iterator[bytes]) -> str:
    value = b""
    for piece in pieces:
        value += piece
        if len(value) > _LONGEST_FIELD:
            raise BadBody("a field is too large", 413)
    return value.decode("utf-8", "replace")


def _events(decoder: MultipartDecoder) -> Iterator[Event]:
    pieces = pieces_of_body()
    while True:
        try:
            event = decoder.next_event()
            if isinstance(event, NeedData):
                decoder.receive_data(next(pieces, None))
                continue
        except RequestEntityTooLarge:
            raise BadBody("a field is too large", 413) from None
        except (ValueError, AttributeError):
            raise BadBody(_CUT_SHORT) from None
        yield event
        if isinstance(event, Epilogue):
            return


def _data(events: Iterator[Event]) -> Iterator[bytes]:
    """The bytes of the part that has just begun."""
    for event in events:
        if not isinstance(event, Data):
            raise BadBody(_CUT_SHORT)
        yield event.data
        if not event.more_data:
            return
    raise BadBody(_CUT_SHORT)
