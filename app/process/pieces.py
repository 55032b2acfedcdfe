"""What gunicorn's parser reads a request from: all of its bytes are here, and are given to it a few at a time."""

from gunicorn.http.unreader import Unreader

PIECE = 8 * 1024  # bytes; gunicorn's own measure


class Pieces(Unreader):  # type: ignore[misc]
    """The bytes of one request at a time.

    gunicorn copies all that it was given and has not used yet at every chunk of a body: given a whole body of a million
    one-byte chunks, it would be busy for minutes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._left = memoryview(b"")

    def give(self, request: bytes) -> None:
        """Let these be the next bytes to read."""
        self._left = memoryview(request)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next piece, empty at the end; larger when the parser needs so many bytes of a body at once."""
        size = max(PIECE, size_hint or 0)
        piece, self._left = bytes(self._left[:size]), self._left[size:]
        return piece

    def take_buffered(self) -> bytes:
        """What was not read, and is not any more."""
        left, self._left = bytes(self._left), memoryview(b"")
        return bytes(super().take_buffered()) + left
