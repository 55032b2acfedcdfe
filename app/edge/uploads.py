"""A form with files, read piece by piece: only its fields are held in memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from app.core.bodies import MAX_BODY, MAX_FIELDS, BadBody, decoded_form
from app.core.picture import NoPicture
from app.edge.incoming import MULTIPART, form_body, pieces_of_body

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
    events = _events(_decoder(_MOST_PARTS))
    fields: dict[str, str] = {}
    for event in events:
        if isinstance(event, File):
            yield Upload(event.filename or "", _data(events), dict(fields))
        if isinstance(event, Field):
            fields[event.name] = _short(_data(events))


@dataclass(frozen=True, slots=True)
class FormWithFiles:
    """Name and value pairs of a form, and the bytes of its chosen files; None for one that is too large."""

    pairs: list[tuple[str, str]]
    files: list[bytes | None]


def form_with_files(most_files: int, most_bytes: int) -> FormWithFiles:
    """The form in the request's body with its files of at most so many bytes each; those beyond one more than
    `most_files` are passed over.

    A body that the server cut off amid a file keeps its fields, and that file is too large. Raises BadBody, BadText for
    fields.
    """
    if request.mimetype != MULTIPART:
        return FormWithFiles(form_body(), [])
    fields: list[tuple[bytes, bytes]] = []
    files: list[bytes | None] = []
    events = _events(_decoder(MAX_FIELDS + most_files))
    left = MAX_BODY
    for event in events:
        if isinstance(event, Field):
            value = _up_to(left, _data(events))
            if value is None:
                raise BadBody(f"the fields are larger than {MAX_BODY // 1024} KiB", 413)
            left -= len(value)
            fields.append((event.name.encode(), value))
        elif isinstance(event, File):
            try:
                content = _up_to(most_bytes, _data(events))
            except BadBody:
                files.append(None)
                break
            if (event.filename or content) and len(files) <= most_files:
                files.append(content)
    return FormWithFiles(decoded_form(fields, "utf-8").pairs, files)


def picture_status(why: NoPicture) -> int:
    """The HTTP status that tells why a picture is not taken."""
    known = {NoPicture.TOO_LARGE: 413, NoPicture.BUSY: 503, NoPicture.NO_ROOM: 503, NoPicture.NOT_NOW: 409}
    return known.get(why, 422)


def _up_to(most: int, pieces: Iterator[bytes]) -> bytes | None:
    """All the bytes, or None when there are more."""
    held = bytearray()
    for piece in pieces:
        if len(held) <= most:
            held += piece
    return bytes(held) if len(held) <= most else None


def _decoder(most_parts: int) -> MultipartDecoder:
    boundary = request.mimetype_params.get("boundary", "").encode("ascii", "replace")
    if request.mimetype != MULTIPART or not boundary:
        raise BadBody(f"send the form as {MULTIPART}", 415)
    return MultipartDecoder(boundary, _MOST_HELD, max_parts=most_parts)


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
