"""Names of files in conversations, what their first bytes say, and what is refused before a byte comes."""

from datetime import UTC, datetime

import pytest

from app.core.file_name import LONGEST_NAME
from app.core.live import NotTaken, Refusal, Screen, Side
from app.core.live_file import (
    MOST_BYTES,
    LiveFile,
    NewFile,
    Source,
    claims_to_be_picture,
    clean_name,
    file_facts,
    is_file_id,
    named_for,
    next_offset,
    no_source,
    read_new_file,
)
from tests.hostile_names import HOSTILE_NAMES

GOOD = {"key": "k1", "name": "a.txt", "size": 5}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_becomes_a_plain_one(name: str) -> None:
    clean = clean_name(name)
    assert 0 < len(clean) <= LONGEST_NAME
    assert clean.isprintable()
    assert not set('/\\:*?"<>|%') & set(clean)
    assert clean == clean.strip(" .")
    assert clean_name(clean) == clean


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Bericht 2026.pdf", "Bericht 2026.pdf"),
        ("C:\\Users\\zoe\\screen.png", "screen.png"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("nul.txt", "file"),
        ("...", "file"),
        ("x" * 200 + ".jpeg", "x" * 115 + ".jpeg"),
    ],
)
def test_a_name_is_kept_as_far_as_it_can_be(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize(
    ("name", "kind", "named"),
    [
        ("a.PNG", "image/png", "a.PNG"),
        ("a.jpeg", "image/jpeg", "a.jpeg"),
        ("a.gif", "image/png", "a.png"),
        ("a.html", "image/jpeg", "a.jpg"),
        ("picture", "image/webp", "picture.webp"),
        ("x" * 120, "image/png", "x" * 116 + ".png"),
    ],
)
def test_a_picture_is_named_as_what_it_is(name: str, kind: str, named: str) -> None:
    assert named_for(name, kind) == named


def test_what_is_begun_is_read_strictly() -> None:
    assert read_new_file(GOOD) == NewFile("k1", "a.txt", 5)
    assert read_new_file({**GOOD, "source": "snapshot"}).source is Source.SNAPSHOT
    assert read_new_file({**GOOD, "size": MOST_BYTES}).size == MOST_BYTES


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"key": ""}, Refusal.FIELD),
        ({"key": "a b"}, Refusal.FIELD),
        ({"key": 7}, Refusal.FIELD),
        ({"name": None}, Refusal.FIELD),
        ({"size": "5"}, Refusal.FIELD),
        ({"size": True}, Refusal.FIELD),
        ({"size": 1.5}, Refusal.FIELD),
        ({"size": -1}, Refusal.FIELD),
        ({"size": 0}, Refusal.EMPTY),
        ({"size": MOST_BYTES + 1}, Refusal.TOO_LARGE),
        ({"source": "evidence"}, Refusal.FIELD),
        ({"source": ["snapshot"]}, Refusal.FIELD),
    ],
)
def test_what_is_begun_wrongly_is_refused(wrong: dict[str, object], why: Refusal) -> None:
    with pytest.raises(NotTaken) as refused:
        read_new_file({**GOOD, **wrong})
    assert refused.value.why is why


@pytest.mark.parametrize(
    ("beginning", "is_one"),
    [
        (b"\x89PNG\r\n\x1a\n....", True),
        (b"\xff\xd8\xff\xe0", True),
        (b"RIFF\0\0\0\0WEBPVP8 ", True),
        (b"RIFF\0\0\0\0WAVEfmt ", False),
        (b"GIF87a", True),
        (b"GIF89a", True),
        (b"GIF90a", False),
        (b"<svg xmlns=", False),
        (b"<!doctype html>", False),
        (b"BM6", False),
        (b"", False),
    ],
)
def test_a_picture_is_told_by_its_first_bytes(beginning: bytes, is_one: bool) -> None:
    assert claims_to_be_picture(beginning) is is_one


def test_heic_is_refused_by_name() -> None:
    with pytest.raises(NotTaken) as refused:
        claims_to_be_picture(b"\0\0\0\x18ftypheic\0\0\0\0")
    assert refused.value.why is Refusal.HEIC
    assert not claims_to_be_picture(b"\0\0\0\x18ftypmp42\0\0\0\0")


def test_only_a_technician_keeps_a_picture_of_a_screen_that_is_shown() -> None:
    assert no_source(Side.CUSTOMER, Screen.SHARED, None) is None
    assert no_source(Side.CUSTOMER, Screen.SHARED, Source.SNAPSHOT) is Refusal.NOT_YOURS
    assert no_source(Side.TECHNICIAN, Screen.SHARED, Source.SNAPSHOT) is None
    for screen in set(Screen) - {Screen.SHARED}:
        assert no_source(Side.TECHNICIAN, screen, Source.DRAWING) is Refusal.NOT_NOW


@pytest.mark.parametrize(
    ("size", "shown"),
    [((100, 50), (100, 50)), ((4160, 2000), (416, 200)), ((1080, 2400), (158, 352)), ((20000, 1), (416, 1))],
)
def test_a_picture_is_shown_in_its_proportions(size: tuple[int, int], shown: tuple[int, int]) -> None:
    width, height = size
    file = LiveFile(
        id="f", ticket=1, at=datetime.now(UTC), who="1", key="k", name="n", size=1, kept="x", width=width, height=height
    )
    assert file.shown_size == shown


def test_ids_and_offsets() -> None:
    assert is_file_id("0" * 32)
    assert not any(is_file_id(text) for text in ("", "0" * 31, "0" * 33, "G" * 32, "0" * 31 + "\n"))
    assert [next_offset(chunks, 1024 * 1024 + 5) for chunks in range(3)] == [0, 1024 * 1024, 1024 * 1024 + 5]


def test_a_file_is_told_without_where_its_bytes_are_kept() -> None:
    file = LiveFile(
        id="f",
        ticket=1,
        at=datetime.now(UTC),
        who="1",
        key="k",
        name="n.png",
        size=5,
        kept="secret",
        type="image/png",
        sha256="00",
        width=2,
        height=3,
        source="snapshot",
    )
    assert file_facts(file) == {
        "id": "f",
        "name": "n.png",
        "type": "image/png",
        "size": 5,
        "sha256": "00",
        "width": 2,
        "height": 3,
        "source": "snapshot",
    }


def test_a_file_without_a_size_in_pixels_is_no_picture() -> None:
    plain = LiveFile(id="f", ticket=1, at=datetime.now(UTC), who="1", key="k", name="n", size=1, kept="x")
    assert (plain.is_picture, plain.shown_size) == (False, (1, 1))
