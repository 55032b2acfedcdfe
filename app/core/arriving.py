"""A request arriving in pieces: whether it is complete, so that no thread has to wait for the rest.

This only finds the ends of heads and bodies. A malformed request counts as complete as soon as that is known; the
server's parser, which gets the same bytes and no more, refuses it.
"""

import math
import re
from enum import Enum, auto

MOST_HEAD = 96 * 1024  # bytes: an address of 32 KiB, and headers
MOST_BODY = 2 * 1024 * 1024 + 64 * 1024  # bytes: the largest upload in the console with its form; the views allow less
MOST_UPLOAD = 25 * 1024 * 1024 + 64 * 1024  # bytes: the largest file of a conversation with its form
_MOST_LINE = 16 * 1024  # bytes of one chunk's size, and of a trailer
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n")
_EXPECTS = re.compile(rb" http/1\.1(?=\r\n).*?\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.DOTALL)
_UPLOADS = re.compile(
    rb"post /(?:applet/[^/? ]+/files|s/[^/? ]+/(?:with-)?pictures|api/v1/requests/[^/? ]+/pictures(?:\?[^ ]*)?)"
    rb" http/1\.[01]\r\n"
)
_SIZE = re.compile(rb"([0-9a-fA-F]{1,64})[ \t]*(?:;[^\r]*)?")


class Stage(Enum):
    """How much of a request has arrived. HERE is all that will be waited for."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()
    HERE = auto()
    HEAD_TOO_LONG = auto()


class Arriving:
    """The bytes of one request, and of those that may follow it on the same connection.

    `length` is the body's in bytes, None for chunks. At Stage.HERE, `is_whole` tells whether the request is complete
    and well delimited; otherwise it must be the last on its connection.
    """

    def __init__(self, data: bytes = b"") -> None:
        self.stage = Stage.NOTHING
        self.length: int | None = 0
        self.is_whole = False
        self.wants_continue = False
        self._data = bytearray()
        self._most = MOST_BODY
        self._body_at = 0
        self._end = 0
        if data:
            self.add(data)

    @property
    def held(self) -> int:
        """The number of bytes kept."""
        return len(self._data)

    @property
    def of_body(self) -> int:
        """The number of bytes of the body that have arrived."""
        return len(self._data) - self._body_at if self._body_at else 0

    @property
    def request(self) -> bytes:
        """The bytes of this request."""
        return bytes(memoryview(self._data)[: self._end])

    @property
    def rest(self) -> bytes:
        """The bytes after it."""
        return bytes(memoryview(self._data)[self._end :])

    def add(self, data: bytes) -> Stage:
        """Add bytes. Returns the new stage."""
        before = len(self._data)
        self._data += data
        if self.stage in (Stage.NOTHING, Stage.HEAD):
            self._look_for_head(before)
        if self.stage is Stage.BODY:
            self._look_for_end()
        return self.stage

    def end(self) -> Stage:
        """No more will come. A body that is cut off then counts as HERE, for the application to refuse."""
        if self.stage is Stage.BODY:
            self._broken_off()
        return self.stage

    def _look_for_head(self, before: int) -> None:
        self.stage = Stage.HEAD
        end = self._data.find(_END, max(0, before - 3))
        if end >= 0:
            self._begin_body(end + len(_END))
        elif self._has_bare_line_feed(before):
            self._broken_off()
        elif len(self._data) > MOST_HEAD:
            self.stage = Stage.HEAD_TOO_LONG

    def _has_bare_line_feed(self, before: int) -> bool:
        """Whether the new bytes hold a line feed without a CR before it: such a head never ends."""
        start = before - 1 if before and self._data[before - 1] != ord("\n") else before
        return self._data.count(b"\n", start) != self._data.count(b"\r\n", start)

    def _begin_body(self, at: int) -> None:
        self._body_at = self._end = at
        head = bytes(self._data[:at]).lower()
        self.length = _length(head)
        self.wants_continue = b"\r\nexpect:" in head and bool(_EXPECTS.search(head))
        self.stage = Stage.BODY
        self._most = MOST_UPLOAD if _UPLOADS.match(head) else MOST_BODY
        if self.wants_continue and self.length is not None and self.length > self._most:
            self._broken_off()  # the client learns that this is too much before it sends it

    def _look_for_end(self) -> None:
        if self.length is None:
            self._look_for_last_chunk()
        elif self.of_body >= self.length:
            self._whole(self._body_at + self.length)
        if self.stage is Stage.BODY and self.of_body > self._most:
            self._broken_off()

    def _look_for_last_chunk(self) -> None:
        """Move `_end` past every complete chunk."""
        while self.stage is Stage.BODY:
            line_end = self._data.find(b"\r\n", self._end, self._end + _MOST_LINE)
            if line_end < 0:
                if len(self._data) - self._end >= _MOST_LINE:
                    self._broken_off()
                return
            written = _SIZE.fullmatch(self._data, self._end, line_end)
            size = int(written[1], 16) if written else math.inf
            if size > self._most:
                self._broken_off()
            elif size == 0:
                self._look_for_trailer(line_end)
                return
            elif (after := line_end + 2 + int(size) + 2) <= len(self._data):
                self._end = after
            else:
                return

    def _look_for_trailer(self, line_end: int) -> None:
        end = self._data.find(_END, line_end, line_end + _MOST_LINE)
        if end >= 0:
            self._whole(end + len(_END))
        elif len(self._data) - line_end >= _MOST_LINE:
            self._broken_off()

    def _whole(self, end: int) -> None:
        self.stage, self.is_whole, self._end = Stage.HERE, True, end

    def _broken_off(self) -> None:
        self.stage, self._end = Stage.HERE, len(self._data)


def _length(head: bytes) -> int | None:
    """The length of the body that this head, in lower case, announces; None for chunks."""
    if b"\r\ntransfer-encoding:" in head:
        return None
    announced = _LENGTH.search(head) if b"\r\ncontent-length:" in head else None
    return int(announced[1]) if announced else 0
