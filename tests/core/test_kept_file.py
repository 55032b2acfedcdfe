"""Kept files: their chunks, and how sizes are read and written."""

import pytest

from app.core.kept_file import CHUNK, TooLarge, in_chunks, read_size, written_size


def chunks_of(*sizes: int, most: int = 10 * CHUNK) -> list[int]:
    return [len(chunk) for chunk in in_chunks((bytes(size) for size in sizes), most)]


def test_a_megabyte_is_1024_times_1024_bytes() -> None:
    assert CHUNK == 1_048_576


@pytest.mark.parametrize(
    ("pieces", "chunks"),
    [
        ((), [0]),
        ((0, 0), [0]),
        ((5, 6), [11]),
        ((CHUNK - 1,), [CHUNK - 1]),
        ((CHUNK,), [CHUNK, 0]),
        ((CHUNK - 1, 1), [CHUNK, 0]),
        ((3 * CHUNK + 7,), [CHUNK, CHUNK, CHUNK, 7]),
        ((CHUNK - 1, 2 * CHUNK), [CHUNK, CHUNK, CHUNK - 1]),
    ],
)
def test_all_chunks_but_the_last_are_full(pieces: tuple[int, ...], chunks: list[int]) -> None:
    assert chunks_of(*pieces) == chunks


def test_the_bytes_keep_their_order() -> None:
    whole = bytes(range(256)) * 6000
    pieces = [whole[at : at + 65_537] for at in range(0, len(whole), 65_537)]
    assert b"".join(in_chunks(pieces, len(whole))) == whole


def test_one_byte_over_the_limit_is_too_large() -> None:
    assert chunks_of(3, 4, most=7) == [7]
    with pytest.raises(TooLarge):
        chunks_of(3, 5, most=7)


def test_a_file_that_is_too_large_is_not_read_to_its_end() -> None:
    pieces = iter([b"x" * 8, b"y"])
    with pytest.raises(TooLarge):
        list(in_chunks(pieces, 7))
    assert next(pieces) == b"y"


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("0", 0),
        ("123", 123),
        ("1K", 1024),
        ("2M", 2 * 1024**2),
        ("2G", 2 * 1024**3),
        (" 2 gb ", 2 * 1024**3),
        ("7b", 7),
        ("9" * 15, int("9" * 15)),
    ],
)
def test_sizes_are_read(written: str, size: int) -> None:
    assert read_size(written) == size


@pytest.mark.parametrize("written", ["", "G", "-1", "1.5G", "2T", "2 G B", "1e9", "\u0662", "9" * 16])
def test_anything_else_is_no_size(written: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a number of bytes, or one with K, M or G, such as 2G$"):
        read_size(written)


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KB"),
        (1536, "1.5 KB"),
        (CHUNK - 1, "1024 KB"),
        (CHUNK, "1 MB"),
        (10 * CHUNK, "10 MB"),
        (1024**3, "1 GB"),
        (2 * 1024**3, "2 GB"),
    ],
)
def test_sizes_are_written_for_people(size: int, written: str) -> None:
    assert written_size(size) == written
