"""Secrets of sites follow the newest key, and no concurrent change is lost."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Connection

from app.actions.sealing import (
    any_sealed,
    lost_second_factors,
    lost_secrets,
    reseal,
    site_webhook_secret,
    vendor_key_of,
)
from app.core.fact import Fact
from app.core.site import Site
from app.keys.seal import Sealer, Unsealable
from app.store.account import account, set_second_factor
from app.store.database import Database
from app.store.sites import add_site, change_site, load_generation, load_sites, lock_site
from app.store.staff import add_technician
from tests.store.rows import NOW

OLD, NEW = os.urandom(32), os.urandom(32)
KEY = "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77"
SECRET = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


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
    assert any_sealed(database)
    assert reseal(database, both) == 3
    sites = stored(database)
    assert {name: vendor_key_of(sites[name], new) for name in ("one", "two", "fresh")} == dict.fromkeys(
        ("one", "two", "fresh"), KEY
    )
    assert site_webhook_secret(sites["two"], new) == SECRET
    assert (sites["plain"], sites["fresh"]) == (plain, fresh)
    assert (sites["one"].phone, sites["two"].disabled) == ("2", True)
    before = generation(database)
    assert reseal(database, both) == 0
    assert (stored(database), generation(database)) == (sites, before)


def test_what_no_key_opens_is_left_as_it_is_beside_what_is_opened(database: Database) -> None:
    lost = Sealer([os.urandom(32)]).seal(KEY)
    store(database, "a", sealed_key=lost, sealed_webhook_secret=Sealer([OLD]).seal(SECRET))
    assert reseal(database, Sealer([NEW, OLD])) == 1
    site = stored(database)["a"]
    assert site.sealed_key == lost
    assert site_webhook_secret(site, Sealer([NEW])) == SECRET


def test_nothing_sealed_is_nothing_to_do(database: Database) -> None:
    store(database, "a")
    assert not any_sealed(database)
    assert reseal(database, Sealer([NEW])) == 0


class SetMeanwhile(Sealer):
    """A sealer that changes a site at its first decryption, when `reseal` has just read the sites."""

    def __init__(self, ring: list[bytes], change: Callable[[], None]) -> None:
        super().__init__(ring)
        self._change: Callable[[], None] | None = change

    def unseal(self, sealed: str) -> str:
        change, self._change = self._change, None
        if change:
            change()
        return super().unseal(sealed)


def test_a_key_that_is_set_meanwhile_is_not_overwritten(database: Database) -> None:
    store(database, "a", sealed_key=Sealer([OLD]).seal(KEY))

    def set_key(connection: Connection) -> None:
        site = lock_site(connection, "a")
        assert site
        change_site(connection, replace(site, sealed_key=Sealer([NEW]).seal("another key"), phone="3"))

    assert reseal(database, SetMeanwhile([NEW, OLD], lambda: database.write(set_key))) == 0
    site = stored(database)["a"]
    assert (vendor_key_of(site, Sealer([NEW])), site.phone) == ("another key", "3")


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
    assert any_sealed(database)
    with database.read() as connection:
        assert list(lost_second_factors(connection, new)) == ["anna@example.com"]
        assert list(lost_second_factors(connection, None)) == ["anna@example.com", "b@x.org"]
    bens = factor_of(database, ben)
    assert reseal(database, both) == 1
    assert new.unseal(factor_of(database, anna)) == "A"
    assert factor_of(database, ben) == bens
    with database.read() as connection:
        assert lost_second_factors(connection, new) == {}
    assert reseal(database, both) == 0


def test_a_lost_second_factor_is_left_and_told_with_its_remedy(database: Database) -> None:
    lost = Sealer([os.urandom(32)]).seal("A")
    who = set_factor(database, "anna@example.com", lost)
    assert reseal(database, Sealer([NEW, OLD])) == 0
    assert factor_of(database, who) == lost
    with database.read() as connection:
        told = lost_second_factors(connection, Sealer([NEW]))["anna@example.com"]
    assert "handbell technician second-factor anna@example.com --off" in told


def test_a_second_factor_that_is_set_meanwhile_is_not_overwritten(database: Database) -> None:
    who = set_factor(database, "anna@example.com", Sealer([OLD]).seal("A"))
    fresh = Sealer([NEW]).seal("B")
    meanwhile = SetMeanwhile([NEW, OLD], lambda: database.write(lambda c: set_second_factor(c, who, fresh, 8)))
    assert reseal(database, meanwhile) == 0
    assert factor_of(database, who) == fresh
