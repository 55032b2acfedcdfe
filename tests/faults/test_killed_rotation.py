"""A rotation or revocation killed at any point: sites' secrets stay readable, and the next run completes the work."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.actions.sealing import reseal, vendor_key_of
from app.core.site import Site
from app.keys.key_file import ensure_keys, read_keys, revoke_key, rotate_keys
from app.keys.seal import Sealer
from app.store.database import Database
from app.store.migrate import migrate
from app.store.sites import add_site, load_sites

SITES = ("a", "b")
KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from app.actions.sealing import reseal
from app.keys.key_file import read_keys, revoke_key, rotate_keys
from app.keys.seal import Sealer
from app.store.database import Database

what, when, keys, url = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
sealed = []

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Dying(Sealer):
    def seal(self, secret):
        sealed.append(secret)
        if when == "between" and len(sealed) > 3:
            die()
        return super().seal(secret)

def reseal_and_die(ring):
    if when == "before":
        die()
    reseal(Database(url), Dying([key.secret for key in ring]))
    die()

if what == "rotate":
    rotate_keys(keys, datetime.now(UTC), reseal_and_die)
else:
    revoke_key(keys, read_keys(keys)[0].kid, datetime.now(UTC), reseal_and_die)
"""


def under(database: Database, sealer: Sealer) -> list[str]:
    with database.read() as connection:
        return [vendor_key_of(site, sealer) for site in load_sites(connection)]


def ring(keys: Path) -> Sealer:
    return Sealer([key.secret for key in read_keys(keys)])


@pytest.mark.parametrize("when", ["before", "between", "after"])
@pytest.mark.parametrize("what", ["rotate", "revoke"])
def test_what_is_stored_can_be_read_whenever_it_ends(tmp_path: Path, sqlite_url: str, what: str, when: str) -> None:
    keys, now = tmp_path / "data" / "keys", datetime.now(UTC)
    ensure_keys(keys, now)
    database = Database(sqlite_url)
    migrate(database)
    for name in SITES:
        site = Site(slug=name, name=name, uid=name, sealed_key=ring(keys).seal(f"key of {name}"))
        database.write(lambda connection, site=site: add_site(connection, site, now))
    killed = subprocess.run([sys.executable, "-c", KILLED, what, when, str(keys), sqlite_url], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    expected = [f"key of {name}" for name in SITES]
    assert under(database, ring(keys)) == expected
    assert len(read_keys(keys)) == 2

    def end_the_work(all_keys):  # type: ignore[no-untyped-def]
        reseal(database, Sealer([key.secret for key in all_keys]))

    if what == "rotate":
        rotate_keys(keys, now, end_the_work)
    else:
        revoke_key(keys, read_keys(keys)[-1].kid, now, end_the_work)
    assert under(database, Sealer([read_keys(keys)[0].secret])) == expected
    database.close()
