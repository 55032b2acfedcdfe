"""`handbell keys …`, and the secret that seals them."""

import base64
import os
from pathlib import Path

import pytest

from app.core.site import Site
from app.keys.seal import Sealer
from app.store.sites import add_site, load_sites
from tests.cli.command import Handbell
from tests.store.rows import NOW


def line(name: str) -> str:
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}"


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines))
    path.chmod(0o600)


def kids(handbell: Handbell) -> list[str]:
    return [row["kid"] for row in handbell.json("keys", "list")]


def identity_secret_can_be_read(handbell: Handbell) -> bool:
    with handbell.database() as database, database.read() as connection:
        assert load_sites(connection)[0].sealed_identity_secret
    return "identity secret cannot be read" not in handbell.run("check").stdout


@pytest.mark.slow
def test_keys_are_listed_without_secrets_rotated_and_revoked(handbell: Handbell) -> None:
    (first,) = handbell.json("keys", "list")
    assert (first["signs"], first["valid"], set(first)) == (True, True, {"kid", "made_at", "signs", "valid"})
    fresh = handbell.says("keys", "rotate").split()[-1]
    listed = handbell.says("keys", "list", "--json")
    (secret,) = (handbell.data / "keys").read_text().split()
    assert secret.split(":")[1] not in listed
    assert kids(handbell) == [fresh, first["kid"]]
    done = handbell.run("keys", "revoke", first["kid"])
    assert (done.returncode, done.stdout) == (0, f"revoked {first['kid']}\n")
    assert done.stderr.startswith(f"handbell: warning: {first['kid']} is also a line of the keys file")
    assert kids(handbell) == [fresh]
    assert handbell.fails("keys", "revoke", first["kid"]).startswith(f"handbell: no key {first['kid']}")


@pytest.mark.slow
def test_a_keys_file_is_left_as_it_is(handbell: Handbell) -> None:
    (first,) = kids(handbell)
    before = (handbell.data / "keys").read_bytes()
    handbell.says("keys", "rotate")
    handbell.run("keys", "revoke", first)
    assert (handbell.data / "keys").read_bytes() == before
    assert not (handbell.data / "keys.lock").exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", [("keys", "rotate"), ("check",), ("serve",), ("worker",)])
def test_another_secret_is_refused_in_one_line(handbell: Handbell, command: tuple[str, ...]) -> None:
    kids(handbell)
    write(handbell.data / "keys", line("other"))
    done = (handbell.process if command == ("worker",) else handbell.run)(*command)
    (said,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert said == (
        f"handbell: the keys file {handbell.data / 'keys'} is not the one that seals the keys in the database: every "
        "host needs the keys file of the one that started first; copy that file to "
        f"{handbell.data / 'keys'}, or set HANDBELL_KEYS to its content"
    )


@pytest.mark.slow
def test_no_secret_beside_stored_keys_is_refused_and_none_is_made(handbell: Handbell) -> None:
    kids(handbell)
    (handbell.data / "keys").unlink()
    for command in ("rotate", "list"):
        assert ", which seals the keys in the database, is missing: every host" in handbell.fails("keys", command)
    assert not (handbell.data / "keys").exists()


@pytest.mark.slow
def test_the_secret_may_stand_in_the_environment(handbell: Handbell) -> None:
    secret = f"{line('one')} {line('two')}"
    listed = handbell.run("keys", "list", "--json", HANDBELL_KEYS=secret)
    assert '"kid": "one"' in listed.stdout
    assert not (handbell.data / "keys").exists()
    write(handbell.data / "keys", *secret.split())
    assert kids(handbell)[0] == "one"
    wrong = handbell.fails("keys", "list", HANDBELL_KEYS=line("other"))
    assert wrong.startswith("handbell: HANDBELL_KEYS is not the one that seals the keys in the database: ")
    broken = handbell.fails("keys", "list", HANDBELL_KEYS="main:c2VjcmV0")
    assert broken == "handbell: HANDBELL_KEYS line 1: expected <name>:<32 bytes in base64>"
    both = {"HANDBELL_KEYS": secret, "HANDBELL_KEYS_FILE": "x"}
    assert "HANDBELL_KEYS and its _FILE are both set" in handbell.fails("keys", "list", **both)


@pytest.mark.slow
def test_the_secret_is_changed_by_a_line_above_it_and_a_rotation(filled: Handbell) -> None:
    path = filled.data / "keys"
    filled.says("site", "set", "default", "--new-identity-secret")
    (old,), new = path.read_text().split(), line("new")
    write(path, new, old)
    before = kids(filled)
    write(path, new)
    assert "is not the one that seals" in filled.fails("keys", "list"), "the old line is needed until the rotation"
    write(path, new, old)
    filled.says("keys", "rotate")
    write(path, new)
    assert kids(filled)[1:] == before
    assert identity_secret_can_be_read(filled)
    write(path, old)
    assert "is not the one that seals" in filled.fails("keys", "list")


@pytest.mark.slow
def test_a_reset_begins_anew_but_only_when_the_secret_is_lost(filled: Handbell) -> None:
    filled.says("site", "set", "default", "--new-identity-secret")
    old = kids(filled)
    assert "opens the keys in the database" in filled.fails("keys", "reset", "--yes")
    (filled.data / "keys").unlink()
    assert filled.run("keys", "reset").returncode != 0, "it asks first"
    assert not (filled.data / "keys").exists()
    done = filled.run("keys", "reset", "--yes")
    assert done.returncode == 0
    assert "handbell site set default --new-identity-secret" in done.stderr
    assert (kids(filled) != old, len(kids(filled))) == (True, 1)
    assert not identity_secret_can_be_read(filled)
    assert [act["act"] for act in filled.json("audit", "list")][:1] == ["keys.reset"]


@pytest.mark.slow
def test_what_a_line_sealed_that_was_never_a_stored_key_comes_under_the_newest(filled: Handbell) -> None:
    """Two hosts of an earlier version, one of which had rotated and not copied its file."""
    kids(filled)
    (first,), other = (filled.data / "keys").read_text().split(), line("other")
    sealed = Sealer([base64.b64decode(other.split(":")[1])]).seal("hbid_x")
    site = Site(slug="a", name="A", uid="u", sealed_identity_secret=sealed)
    with filled.database() as database:
        database.write(lambda connection: add_site(connection, site, NOW))
    assert not identity_secret_can_be_read(filled)
    write(filled.data / "keys", other, first)
    filled.says("keys", "rotate")
    assert identity_secret_can_be_read(filled)
