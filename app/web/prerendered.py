"""A page that is rendered once; each answer only gets its own token."""

import struct
import zlib
from typing import Self

MARK = "@@token@@"
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"


class Prerendered:
    """The page before and after its one token, plain and deflated.

    Gzip costs almost nothing per page: the token is sent as a stored block between two parts that were deflated
    beforehand. Each part is deflated separately, so a token's bytes never influence the size of the rest.
    """

    def __init__(self, before: bytes, after: bytes) -> None:
        self._before = before
        self._after = after
        self._deflated_before = _deflate(before, last=False)
        self._deflated_after = _deflate(after, last=True)
        self._checksum = zlib.crc32(before)

    @classmethod
    def from_html(cls, html: str) -> Self:
        """From a page that contains MARK once, in the token's place."""
        before, after = html.encode().split(MARK.encode())
        return cls(before, after)

    def plain(self, token: str) -> bytes:
        """The page."""
        return b"%b%b%b" % (self._before, token.encode("ascii"), self._after)

    def gzipped(self, token: str) -> bytes:
        """The page as one gzip member."""
        raw = token.encode("ascii")
        size = len(raw)
        stored = struct.pack("<BHH", 0, size, size ^ 0xFFFF) + raw
        checksum = zlib.crc32(self._after, zlib.crc32(raw, self._checksum))
        trailer = struct.pack("<II", checksum, len(self._before) + size + len(self._after))
        return b"".join((_GZIP_HEADER, self._deflated_before, stored, self._deflated_after, trailer))


def _deflate(part: bytes, *, last: bool) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(part) + deflate.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
