"""A kept file as a download: read chunk by chunk, so that neither memory nor a connection is held for a slow client."""

import errno
import io
from typing import Any

from flask import Response, request, send_file
from werkzeug.wsgi import FileWrapper

from app.core.kept_file import CHUNK
from app.edge.headers import ATTACHMENT, with_headers
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, Database
from app.store.files import KeptFile, read_chunk

_PIECE = 64 * 1024  # bytes handed to the server at a time


def send_kept_file(database: Database, file: KeptFile, name: str | None, media_type: str | None) -> Response:
    """The file, or the range of it that the request asks for, as an attachment. Raises 416 for a range outside it."""
    content = io.BufferedReader(_Content(database, file), _PIECE)
    response = send_file(
        content,
        mimetype=media_type or "application/octet-stream",
        as_attachment=True,
        download_name=name or "support.bin",
        conditional=False,
        etag=False,
        last_modified=file.created_at,
        max_age=0,
    )
    response.response = FileWrapper(content, _PIECE)  # the server's own wrapper cannot seek to a range
    response.content_length = file.size
    response.make_conditional(request, accept_ranges=True, complete_length=file.size)
    return with_headers(response, ATTACHMENT)


class _Content(io.RawIOBase):
    """The file's bytes; one chunk is in memory."""

    def __init__(self, database: Database, file: KeptFile) -> None:
        self._database = database
        self._file = file
        self._at = 0
        self._number = -1
        self._chunk = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._file.size:
            return 0
        number, start = divmod(self._at, CHUNK)
        if number != self._number:
            self._number, self._chunk = number, self._read(number)
        piece = self._chunk[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _read(self, number: int) -> bytes:
        try:
            with self._database.read() as connection:
                chunk = read_chunk(connection, self._file.id, number)
        except DATABASE_FAULTS as fault:
            note_database_fault(fault, "download")
            chunk = None
        if chunk is None:
            # The head is sent: only a connection that ends early tells the client. The server does not log this error.
            raise ConnectionResetError(errno.ECONNRESET, "the file cannot be read to its end")
        return chunk
