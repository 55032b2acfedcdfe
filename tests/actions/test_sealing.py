"""Secrets of sites follow the newest key, and no concurrent change is lost."""

import os
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from app.actions import sealing
from app.actions.key_change import revoke, rotate
from app.actions.sealing import lost_second_factors, lost_secrets, site_webhook_secret, vendor_key_of
from app.actions.signing_keys import ring_sealer, sealer_in
from app.core.fact import Fact
from app.core.site import Site
from app.keys.installation_secret import InstallationSecret
from app.keys.seal import Sealer, Unsealable
from app.store.account import account, set_second_factor
from app.store.database import Database
from app.store.sites import add_site, change_site, load_generation, load_sites, lock_site
from app.store.staff import add_technician
from tests.keys_in_use import keys_of
from tests.store.rows import NOW
from tests.waiting import until

OLD, NEW = os.urandom(32), os.urandom(32)
KEY = "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77"
SECRET = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def reseal(database: Database, sealer: Sealer) -> None:
    database.write(lambda connection: sealing.reseal(connection, sealer))


def store(database: Database, key: str, **options: object) -> Site:
    site = Site(slug=key, name=key, uid=f"u-{key}", **options)
    database.write(lambda connection: add_site(connection, site, NOW))
    return site


def stored(database: Database) -> dict[str, Site]:
    with database.read() as connection:
        return {site.slug: site for site in load_sites(connection)}


def generation(database: Database) -> int:
    with database.read() as connection:
        return load_generation(connection)


def test_a_site_s_secrets_are_opened_where_they_are_used() -> None:
    sealer = Sealer([NEW])
    site = Site(slug="a", name="A", uid="u", sealed_key=sealer.seal(KEY), sealed_webhook_secret=sealer.seal(SECRET))
    assert vendor_key_of(site, sealer) == KEY
    assert site_webhook_secret(site, sealer) == SECRET
    assert lost_secrets(site, sealer) == []


@pytest.mark.parametrize("sealed", [None, Sealer([OLD]).seal(KEY), "damaged"])
def test_a_secret_that_is_not_to_be_had_names_the_site_and_the_remedy(sealed: str | None) -> None:
    site = Site(slug="help", name="Help", uid="u", sealed_key=sealed)
    with pytest.raises(Unsealable, match=r"the site help.*handbell site set help --key-file FILE") as refused:
        vendor_key_of(site, Sealer([NEW]))
    assert KEY not in str(refused.value)


def test_each_lost_secret_is_told() -> None:
    old = Sealer([OLD])
    site = Site(slug="help", name="Help", uid="u", sealed_key=old.seal(KEY), sealed_webhook_secret=old.seal(SECRET))
    for sealer in (Sealer([NEW]), None):
        assert lost_secrets(site, sealer) == [Fact("vendor_key", "lost"), Fact("webhook_secret", "lost")]
    assert lost_secrets(replace(site, sealed_key=None, sealed_webhook_secret=None), None) == []


def test_every_secret_of_every_site_comes_under_the_newest_key_once(database: Database) -> None:
    old, both, new = Sealer([OLD]), Sealer([NEW, OLD]), Sealer([NEW])
    plain = store(database, "plain", phone="1")
    store(database, "one", sealed_key=old.seal(KEY), phone="2")
    store(database, "two", sealed_key=old.seal(KEY), sealed_webhook_secret=old.seal(SECRET), disabled=True)
    fresh = store(database, "fresh", sealed_key=new.seal(KEY))
    reseal(database, both)
    sites = stored(database)
    assert {name: vendor_key_of(sites[name], new) for name in ("one", "two", "fresh")} == dict.fromkeys(
        ("one", "two", "fresh"), KEY
    )
    assert site_webhook_secret(sites["two"], new) == SECRET
    assert (sites["plain"], sites["fresh"]) == (plain, fresh)
    assert (sites["one"].phone, sites["two"].disabled) == ("2", True)
    before = generation(database)
    reseal(database, both)
    assert (stored(database), generation(database)) == (sites, before)


def test_what_no_key_opens_is_left_as_it_is_beside_what_is_opened(database: Database) -> None:
    lost = Sealer([os.urandom(32)]).seal(KEY)
    store(database, "a", sealed_key=lost, sealed_webhook_secret=Sealer([OLD]).seal(SECRET))
    reseal(database, Sealer([NEW, OLD]))
    site = stored(database)["a"]
    assert site.sealed_key == lost
    assert site_webhook_secret(site, Sealer([NEW])) == SECRET


def waits_for_keys(database: Database) -> bool:
    """Whether a transaction waits for the keys' lock. On SQLite the writer's turn is that lock."""
    if database.is_sqlite:
        return True
    with database.read() as connection:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(connection.exec_driver_sql(waiting).scalar_one())


@pytest.mark.parametrize("what", ["rotate", "revoke"])
def test_a_key_that_seals_something_at_this_moment_is_waited_for(database: Database, tmp_path: Path, what: str) -> None:
    store(database, "a")
    secret, (old,) = InstallationSecret(tmp_path / "keys"), keys_of(database, tmp_path / "keys")
    act = partial(rotate, database, secret) if what == "rotate" else partial(revoke, database, secret, old.kid)
    other = threading.Thread(target=lambda: act(by=None, now=NOW))

    def seal(connection: Connection) -> None:
        sealed = sealer_in(connection, secret).seal(KEY)
        other.start()
        assert until(lambda: waits_for_keys(database))
        site = lock_site(connection, "a")
        assert site
        change_site(connection, replace(site, sealed_key=sealed))

    database.write(seal)
    other.join()
    keys = keys_of(database, tmp_path / "keys")
    assert vendor_key_of(stored(database)["a"], ring_sealer(keys[:1])) == KEY
    assert (old.kid in [key.kid for key in keys]) == (what == "rotate")


def test_two_rotations_at_once_are_two(database: Database, tmp_path: Path) -> None:
    secret, (first,) = InstallationSecret(tmp_path / "keys"), keys_of(database, tmp_path / "keys")
    gate, made = threading.Barrier(4), [first.kid]

    def turn() -> None:
        gate.wait()
        made.append(rotate(database, secret, by=None, now=NOW))

    threads = [threading.Thread(target=turn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = keys_of(database, tmp_path / "keys")
    assert sorted(key.kid for key in keys) == sorted(made)
    assert [key.kid for key in keys if key.replaced_at is None] == [keys[0].kid]


def test_changes_at_the_same_time_all_count(database: Database) -> None:
    store(database, "a", sealed_key=Sealer([OLD]).seal(KEY))
    gate = threading.Barrier(9)

    def one_more(connection: Connection, option: str) -> None:
        site = lock_site(connection, "a")
        assert site
        change_site(connection, replace(site, required=(*site.required, option)))

    def change(option: str) -> None:
        gate.wait()
        database.write(partial(one_more, option=option))

    def rotate() -> None:
        gate.wait()
        reseal(database, Sealer([NEW, OLD]))

    threads = [threading.Thread(target=change, args=(str(n),)) for n in range(8)] + [threading.Thread(target=rotate)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site = stored(database)["a"]
    assert sorted(site.required) == [str(n) for n in range(8)]
    assert vendor_key_of(site, Sealer([NEW])) == KEY


def test_a_site_that_is_not_there_is_none(database: Database) -> None:
    assert database.write(lambda connection: lock_site(connection, "none")) is None


def set_factor(database: Database, email: str, sealed: str) -> int:
    def add(connection: Connection) -> int:
        who = add_technician(connection, email, "X", [], None, NOW)
        set_second_factor(connection, who, sealed, 7)
        return who

    return database.write(add)


def factor_of(database: Database, who: int) -> str:
    with database.read() as connection:
        found = account(connection, who)
    assert found
    assert found.sealed_totp
    return found.sealed_totp


def test_second_factors_come_under_the_newest_key_too(database: Database) -> None:
    old, both, new = Sealer([OLD]), Sealer([NEW, OLD]), Sealer([NEW])
    anna, ben = set_factor(database, "anna@example.com", old.seal("A")), set_factor(database, "b@x.org", new.seal("B"))
    with database.read() as connection:
        assert list(lost_second_factors(connection, new)) == ["anna@example.com"]
        assert list(lost_second_factors(connection, None)) == ["anna@example.com", "b@x.org"]
    bens = factor_of(database, ben)
    reseal(database, both)
    assert new.unseal(factor_of(database, anna)) == "A"
    assert factor_of(database, ben) == bens
    with database.read() as connection:
        assert lost_second_factors(connection, new) == {}
    annas = factor_of(database, anna)
    reseal(database, both)
    assert factor_of(database, anna) == annas


def test_a_lost_second_factor_is_left_and_told_with_its_remedy(database: Database) -> None:
    lost = Sealer([os.urandom(32)]).seal("A")
    who = set_factor(database, "anna@example.com", lost)
    reseal(database, Sealer([NEW, OLD]))
    assert factor_of(database, who) == lost
    with database.read() as connection:
        told = lost_second_factors(connection, Sealer([NEW]))["anna@example.com"]
    assert "handbell technician second-factor anna@example.com --off" in told
