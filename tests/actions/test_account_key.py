"""Account keys renewed and revoked, with their lines in the audit log, on both databases."""

import pytest

from app.actions.account_key import AccountKey, KeyChanged, NoSuchSite
from app.core.account_key import key_mark, keys_of
from app.core.site import Site
from app.store import sites as store
from app.store.audit import acts
from app.store.database import Database
from tests.conftest import StandingClock


@pytest.fixture
def site(database: Database, clock: StandingClock) -> Site:
    added = Site(slug="help", name="Help", uid="first")
    database.write(lambda connection: store.add_site(connection, added, clock()))
    return added


def stored(database: Database) -> Site:
    with database.read() as connection:
        return store.load_sites(connection)[0]


def log(database: Database) -> list[tuple[int | None, str, str, dict[str, object]]]:
    with database.read() as connection:
        return [(act.who, act.act, act.about, act.detail) for act in reversed(acts(connection))]


def test_each_change_is_kept_and_noted(database: Database, site: Site, clock: StandingClock) -> None:
    account = AccountKey(database, "help", by=7, now=clock())
    account.show()
    kept = account.renew(keep_old=True)
    assert stored(database) == kept
    assert list(keys_of(kept)) == ["first", kept.uid]
    assert list(keys_of(account.end_old())) == [kept.uid]
    revoked = AccountKey(database, "help", by=None, now=clock()).revoke()
    assert (stored(database), list(keys_of(revoked))) == (revoked, [])
    again = account.renew(keep_old=False)
    assert list(keys_of(stored(database))) == [again.uid]
    assert len({"first", kept.uid, revoked.uid, again.uid}) == 4
    assert log(database) == [
        (7, "account_key.shown", "site help", {}),
        (7, "account_key.renewed", "site help", {"old_key_kept": True}),
        (7, "account_key.old_ended", "site help", {}),
        (None, "account_key.revoked", "site help", {}),
        (7, "account_key.renewed", "site help", {"old_key_kept": False}),
    ]


def test_a_form_that_is_sent_twice_makes_one_key(database: Database, site: Site, clock: StandingClock) -> None:
    account = AccountKey(database, "help", mark=key_mark(site), by=7, now=clock())
    new = account.renew(keep_old=True)
    with pytest.raises(KeyChanged):
        account.renew(keep_old=True)
    for again in (account.revoke, account.end_old):
        with pytest.raises(KeyChanged):
            again()
    assert stored(database) == new
    assert len(log(database)) == 1


def test_a_change_of_options_meanwhile_leaves_the_key_alone(
    database: Database, site: Site, clock: StandingClock
) -> None:
    new = AccountKey(database, "help", by=None, now=clock()).renew(keep_old=False)
    database.write(lambda connection: store.flag_unreadable(connection, "help"))
    assert stored(database).uid == new.uid
    assert stored(database).unreadable


def test_there_is_no_such_site(database: Database, clock: StandingClock) -> None:
    with pytest.raises(NoSuchSite):
        AccountKey(database, "nowhere", by=None, now=clock()).renew(keep_old=False)
    assert log(database) == []
