"""The signing keys' file: readable by its owner only, newest key first, the previous one for a day."""

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.keys.key_file import (
    BadKeys,
    Key,
    ensure_keys,
    keys_held,
    live_keys,
    new_key,
    read_keys,
    revoke_key,
    rotate_keys,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
ENSURE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from app.keys.key_file import ensure_keys, read_keys
print("here", flush=True)
sys.stdin.readline()
ensure_keys(Path(sys.argv[1]), datetime.now(UTC))
print(read_keys(Path(sys.argv[1]))[0].kid)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys"


def write(path: Path, text: str, mode: int = 0o600) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def line(kid: str, secret: bytes | None = None) -> str:
    return f"{kid}:{base64.b64encode(os.urandom(32) if secret is None else secret).decode()}\n"


def kids(path: Path) -> list[str]:
    return [key.kid for key in read_keys(path)]


def test_a_missing_file_is_made_with_one_key_for_its_owner_alone(path: Path) -> None:
    ensure_keys(path, NOW)
    (key,) = read_keys(path)
    assert (len(key.secret), key.made_at) == (32, NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["keys"]


def test_a_file_that_is_there_is_left_alone(path: Path) -> None:
    ensure_keys(path, NOW)
    before = path.read_bytes()
    ensure_keys(path, NOW + DAY)
    assert path.read_bytes() == before


def test_processes_that_start_at_once_agree_on_one_key(path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", ENSURE, str(path)], stdin=-1, stdout=-1, text=True) for _ in range(4)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert answers == {f"{kids(path)[0]}\n"}
    assert [p.name for p in path.parent.iterdir()] == ["keys"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_may_use_is_refused_with_the_remedy(path: Path, mode: int) -> None:
    ensure_keys(path, NOW)
    path.chmod(mode)
    with pytest.raises(BadKeys, match=f"mode 0{mode:o}.*chmod 600"):
        read_keys(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner_alone_is_read(path: Path, mode: int) -> None:
    ensure_keys(path, NOW)
    path.chmod(mode)
    assert len(read_keys(path)) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("no colon here\n", "line 1: expected"),
        (line("short", b"x" * 31), "line 1: expected"),
        (line("long", bytes(range(33))), "line 1: expected"),
        (line("", bytes(range(32))), "line 1: expected"),
        ("kid:not base64!\n", "line 1: expected"),
        (line("good", bytes(range(32))) + "kid:%%%\n", "line 2: expected"),
        (line("zero", bytes(32)), "example"),
        (line("example", b"changeme" * 4)[:-1], "example"),
    ],
)
def test_keys_that_are_none_are_refused_by_their_line(path: Path, text: str, why: str) -> None:
    write(path, text)
    with pytest.raises(BadKeys, match=why):
        read_keys(path)


def test_the_same_key_twice_is_refused(path: Path) -> None:
    secret = os.urandom(32)
    write(path, line("a", secret) + line("b", secret))
    with pytest.raises(BadKeys, match="same key twice"):
        read_keys(path)
    write(path, line("a") + line("a"))
    with pytest.raises(BadKeys, match="same key twice"):
        read_keys(path)


def test_what_cannot_be_read_is_said(path: Path) -> None:
    with pytest.raises(BadKeys, match="cannot read the keys file"):
        read_keys(path)
    write(path, "clé:x")
    with pytest.raises(BadKeys, match="cannot read the keys file"):
        read_keys(path)


def test_a_rotated_key_stays_valid_for_a_day(path: Path) -> None:
    ensure_keys(path, NOW - 30 * DAY)
    (old,) = kids(path)
    fresh = rotate_keys(path, NOW)
    assert kids(path) == [fresh.kid, old]
    assert path.stat().st_mode & 0o777 == 0o600
    keys = read_keys(path)
    assert [key.kid for key in live_keys(keys, NOW + DAY - timedelta(seconds=1))] == [fresh.kid, old]
    assert [key.kid for key in live_keys(keys, NOW + DAY)] == [fresh.kid]


def test_rotating_drops_keys_that_ended_and_keeps_those_that_have_not(path: Path) -> None:
    ensure_keys(path, NOW - 2 * DAY)
    first = rotate_keys(path, NOW - DAY / 2).kid
    second = rotate_keys(path, NOW).kid
    third = rotate_keys(path, NOW + timedelta(hours=13)).kid
    assert kids(path) == [third, second, first]


def test_a_key_of_the_operators_own_making_keeps_the_one_before_it(path: Path) -> None:
    write(path, line("mine") + line("older"))
    assert [key.kid for key in live_keys(read_keys(path), NOW)] == ["mine", "older"]


def test_a_revoked_key_is_gone_at_once(path: Path) -> None:
    ensure_keys(path, NOW - DAY / 2)
    (old,) = kids(path)
    fresh = rotate_keys(path, NOW).kid
    revoke_key(path, old, NOW)
    assert kids(path) == [fresh]
    revoke_key(path, fresh, NOW)
    (only,) = kids(path)
    assert only not in (fresh, old)


def test_revoking_the_newest_key_does_not_bring_back_one_that_had_ended(path: Path) -> None:
    ensure_keys(path, NOW - 30 * DAY)
    (ended,) = kids(path)
    fresh = rotate_keys(path, NOW - 10 * DAY).kid
    assert [key.kid for key in live_keys(read_keys(path), NOW)] == [fresh]
    revoke_key(path, fresh, NOW)
    assert ended not in [key.kid for key in live_keys(read_keys(path), NOW)]


def test_revoking_what_is_not_there_changes_nothing(path: Path) -> None:
    ensure_keys(path, NOW)
    before = path.read_bytes()
    with pytest.raises(BadKeys, match="no key other"):
        revoke_key(path, "other", NOW)
    assert path.read_bytes() == before


def test_a_key_s_name_tells_when_it_was_made() -> None:
    key = new_key(NOW)
    assert key.kid.startswith("20260301T120000Z-")
    assert new_key(NOW).secret != key.secret


class Failed(Exception):
    """Resealing failed."""


def fail(_ring: Sequence[Key]) -> None:
    raise Failed


def test_a_rotation_reseals_while_every_key_is_in_the_file(path: Path) -> None:
    ensure_keys(path, NOW - 2 * DAY)
    (ended,) = kids(path)
    rotate_keys(path, NOW - DAY)
    seen: list[list[str]] = []

    def reseal(ring: Sequence[Key]) -> None:
        assert [key.kid for key in ring] == kids(path)
        seen.append(kids(path))

    fresh = rotate_keys(path, NOW + timedelta(hours=1), reseal)
    assert (seen[0][0], seen[0][-1], len(seen)) == (fresh.kid, ended, 1)
    assert kids(path) == seen[0][:2]


def test_a_rotation_that_breaks_off_loses_no_key_and_is_made_good_by_the_next(path: Path) -> None:
    ensure_keys(path, NOW - 2 * DAY)
    (old,) = kids(path)
    with pytest.raises(Failed):
        rotate_keys(path, NOW, fail)
    assert len(kids(path)) == 2
    with pytest.raises(Failed):
        rotate_keys(path, NOW + 2 * DAY, fail)
    assert (len(kids(path)), kids(path)[-1]) == (3, old)
    assert len(live_keys(read_keys(path), NOW + 4 * DAY)) == 1
    seen: list[str] = []
    rotate_keys(path, NOW + 4 * DAY, lambda ring: seen.extend(key.kid for key in ring))
    assert (len(seen), seen[-1]) == (4, old)
    assert len(kids(path)) == 2


def test_a_key_that_is_to_go_signs_no_more_but_opens_until_all_is_resealed(path: Path) -> None:
    ensure_keys(path, NOW)
    (only,) = kids(path)
    with pytest.raises(Failed):
        revoke_key(path, only, NOW, fail)
    fresh, last = kids(path)
    assert (last, fresh != only) == (only, True)
    seen: list[str] = []
    revoke_key(path, only, NOW, lambda ring: seen.extend(key.kid for key in ring))
    assert seen == [fresh, only]
    assert kids(path) == [fresh]


def test_a_new_key_takes_the_place_of_a_revoked_signing_one_never_an_older(path: Path) -> None:
    ensure_keys(path, NOW - DAY)
    (old,) = kids(path)
    signing = rotate_keys(path, NOW).kid
    revoke_key(path, signing, NOW + timedelta(hours=1))
    fresh, second = kids(path)
    assert second == old
    assert fresh not in (old, signing)


def test_two_rotations_at_once_are_two(path: Path) -> None:
    ensure_keys(path, NOW)
    made: list[str] = []
    gate = threading.Barrier(4)

    def rotate() -> None:
        gate.wait()
        made.append(rotate_keys(path, NOW).kid)

    threads = [threading.Thread(target=rotate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(made) < set(kids(path))
    assert len(kids(path)) == 5


def test_who_does_not_wait_is_told_that_the_keys_are_held(path: Path) -> None:
    ensure_keys(path, NOW)
    with keys_held(path) as held, keys_held(path, wait=False) as again:
        assert (held, again) == (True, False)
    with keys_held(path, wait=False) as held:
        assert held
    assert path.with_name("keys.lock").stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_written_nothing_is_held(tmp_path: Path) -> None:
    with keys_held(tmp_path / "not there" / "keys") as held:
        assert held


def test_a_keys_file_that_cannot_be_written_is_said(path: Path) -> None:
    ensure_keys(path, NOW)

    def in_the_way(_ring: Sequence[Key]) -> None:
        path.unlink()
        path.mkdir()
        (path / "x").touch()

    with pytest.raises(BadKeys, match="cannot write the keys file"):
        rotate_keys(path, NOW, in_the_way)
