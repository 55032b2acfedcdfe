"""The installation's secret: a file readable by its owner only, or the value of a setting."""

import base64
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.keys.installation_secret import InstallationSecret, as_signing_keys
from app.keys.signing_key import BadKeys, Key, new_key

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
ENSURE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from app.keys.installation_secret import InstallationSecret
secret = InstallationSecret(Path(sys.argv[1]))
print("here", flush=True)
sys.stdin.readline()
secret.ensure(datetime.now(UTC))
print(secret.read()[0].kid)
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
    return [key.kid for key in InstallationSecret(path).read()]


def test_a_missing_file_is_made_with_one_key_for_its_owner_alone(path: Path) -> None:
    InstallationSecret(path).ensure(NOW)
    (key,) = InstallationSecret(path).read()
    assert (len(key.secret), key.made_at) == (32, NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["keys"]


def test_a_file_that_is_there_is_left_alone(path: Path) -> None:
    InstallationSecret(path).ensure(NOW)
    before = path.read_bytes()
    InstallationSecret(path).ensure(NOW + DAY)
    assert path.read_bytes() == before


@pytest.mark.slow
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
    InstallationSecret(path).ensure(NOW)
    path.chmod(mode)
    with pytest.raises(BadKeys, match=f"mode 0{mode:o}.*chmod 600"):
        InstallationSecret(path).read()


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner_alone_is_read(path: Path, mode: int) -> None:
    InstallationSecret(path).ensure(NOW)
    path.chmod(mode)
    assert len(InstallationSecret(path).read()) == 1


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
        InstallationSecret(path).read()


def test_the_same_key_twice_is_refused(path: Path) -> None:
    secret = os.urandom(32)
    write(path, line("a", secret) + line("b", secret))
    with pytest.raises(BadKeys, match="same key twice"):
        InstallationSecret(path).read()
    write(path, line("a") + line("a"))
    with pytest.raises(BadKeys, match="same key twice"):
        InstallationSecret(path).read()


def test_what_cannot_be_read_is_said(path: Path) -> None:
    with pytest.raises(BadKeys, match="cannot read the keys file"):
        InstallationSecret(path).read()
    write(path, "clé:x")
    with pytest.raises(BadKeys, match="cannot read the keys file"):
        InstallationSecret(path).read()


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadKeys, match=r"cannot write the keys file .*file/keys: "):
        InstallationSecret(tmp_path / "file" / "keys").ensure(NOW)


def test_a_value_in_the_environment_stands_for_the_file(path: Path) -> None:
    secret = InstallationSecret(path, f"{line('a')} {line('b')}")
    secret.ensure(NOW)
    assert [key.kid for key in secret.read()] == ["a", "b"]
    assert not path.exists()
    with pytest.raises(BadKeys, match=r"^HANDBELL_KEYS line 1: expected") as bad:
        InstallationSecret(path, "main:c2VjcmV0").read()
    assert "c2VjcmV0" not in str(bad.value)


def test_the_first_line_seals_and_each_line_opens() -> None:
    old, new = line("old"), line("new")
    one, both = InstallationSecret(Path("x"), old), InstallationSecret(Path("x"), new + old)
    assert both.sealer().unseal(one.sealer().seal("key")) == "key"
    assert InstallationSecret(Path("x"), new).sealer().unseal(both.sealer().seal("key")) == "key"


def key(kid: str, age: timedelta | None) -> Key:
    return Key(kid, os.urandom(32), None if age is None else NOW - age)


def live(*lines: Key) -> list[str]:
    return [each.kid for each in as_signing_keys(lines, NOW) if each.is_live(NOW)]


def test_lines_of_an_earlier_version_sign_for_a_day_after_the_next_was_made() -> None:
    assert live(key("c", DAY / 4), key("b", DAY / 2), key("a", 9 * DAY)) == ["c", "b", "a"]
    assert live(key("c", DAY / 4), key("b", 2 * DAY), key("a", 9 * DAY)) == ["c", "b"]
    assert live(key("b", DAY), key("a", 9 * DAY)) == ["b"]


def test_a_line_of_the_operators_own_making_keeps_the_one_after_it_for_a_day() -> None:
    mine = as_signing_keys([key("mine", None), key("older", None)], NOW)
    assert [each.replaced_at for each in mine] == [None, NOW]
    assert live(key("c", 3 * DAY), key("mine", None), key("a", None)) == ["c"], "what ended does not come back"


def test_a_key_s_name_tells_when_it_was_made() -> None:
    made = new_key(NOW)
    assert made.kid.startswith("20260301T120000Z-")
    assert new_key(NOW).secret != made.secret
