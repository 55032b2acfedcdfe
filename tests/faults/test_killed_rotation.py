"""A rotation, a revocation or the first start with an earlier version's keys, killed at any point: what is stored and
what was signed stay readable, and the next run completes the work."""

import base64
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.actions.key_change import revoke, rotate
from app.actions.sealing import vendor_key_of
from app.actions.signing_keys import ring_sealer
from app.core.site import Site
from app.keys.installation_secret import InstallationSecret
from app.store.database import Database
from app.store.migrate import migrate
from app.store.sites import add_site, load_sites
from tests.keys_in_use import keys_of

SITES = ("a", "b", "c")
EXPECTED = [f"key of {name}" for name in SITES]
KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from app.actions import key_change, signing_keys
from app.keys.installation_secret import InstallationSecret
from app.keys.seal import Sealer
from app.store.database import Database

what, when, keys, url = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
sealed = []

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def seal(self, secret, real=Sealer.seal):
    sealed.append(secret)
    if when == "between" and len(sealed) == 2:
        die()
    return real(self, secret)

def store_keys(*given, real=signing_keys.store_keys):
    if when == "before":
        die()
    real(*given)
    die()

Sealer.seal = seal
key_change.store_keys = signing_keys.store_keys = store_keys
database, secret, now = Database(url), InstallationSecret(keys), datetime.now(UTC)
if what == "start":
    signing_keys.ensure_keys(database, secret, now=now)
elif what == "rotate":
    key_change.rotate(database, secret, by=None, now=now)
else:
    with database.read() as connection:
        kid = signing_keys.opened_keys(connection, secret)[0].kid
    key_change.revoke(database, secret, kid, by=None, now=now)
"""


def stored(database: Database) -> list[Site]:
    with database.read() as connection:
        return load_sites(connection)


def add_sealed(database: Database, secrets: list[bytes]) -> None:
    """Add the sites, each with its key sealed by another of these secrets, as an interrupted earlier version could."""
    now = datetime.now(UTC)
    for number, name in enumerate(SITES):
        sealer = ring_sealer(lines_of(secrets)[number % len(secrets) :])
        site = Site(slug=name, name=name, uid=name, sealed_key=sealer.seal(f"key of {name}"))
        database.write(lambda connection, site=site: add_site(connection, site, now))


def lines_of(secrets: list[bytes]):  # type: ignore[no-untyped-def]
    return InstallationSecret(Path("x"), written(secrets)).read()


def written(secrets: list[bytes]) -> str:
    """A keys file of an earlier version, the newest first."""
    return "".join(f"key-{n}:{base64.b64encode(secret).decode()}\n" for n, secret in enumerate(secrets))


def kill(what: str, when: str, keys: Path, url: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, what, when, str(keys), url], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL


@pytest.mark.parametrize("when", ["before", "between", "after"])
@pytest.mark.parametrize("what", ["rotate", "revoke"])
def test_what_is_stored_can_be_read_whenever_it_ends(tmp_path: Path, both_urls: str, what: str, when: str) -> None:
    path, now = tmp_path / "data" / "keys", datetime.now(UTC)
    with closing(Database(both_urls)) as database:
        migrate(database)
        before = keys_of(database, path)
        add_sealed(database, [before[0].secret])
        kill(what, when, path, both_urls)
        assert keys_of(database, path) == before
        assert [vendor_key_of(site, ring_sealer(before)) for site in stored(database)] == EXPECTED
        secret = InstallationSecret(path)
        if what == "rotate":
            rotate(database, secret, by=None, now=now)
        else:
            revoke(database, secret, before[0].kid, by=None, now=now)
        newest = ring_sealer(keys_of(database, path)[:1])
        assert [vendor_key_of(site, newest) for site in stored(database)] == EXPECTED
        assert (before[0].kid in [key.kid for key in keys_of(database, path)]) == (what == "rotate")


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_keys_of_an_earlier_version_are_taken_over_by_the_start_after_a_killed_one(
    tmp_path: Path, both_urls: str, when: str
) -> None:
    path, secrets = tmp_path / "keys", [os.urandom(32) for _ in range(3)]
    path.write_text(written(secrets))
    path.chmod(0o600)
    with closing(Database(both_urls)) as database:
        migrate(database)
        add_sealed(database, secrets)
        kill("start", when, path, both_urls)
        every_line = ring_sealer(lines_of(secrets))
        assert [vendor_key_of(site, every_line) for site in stored(database)] == EXPECTED
        keys = keys_of(database, path)
        assert (keys[0].secret, {key.secret for key in keys}) == (secrets[0], set(secrets))
        assert [vendor_key_of(site, ring_sealer(keys[:1])) for site in stored(database)] == EXPECTED
    assert path.read_text() == written(secrets)
