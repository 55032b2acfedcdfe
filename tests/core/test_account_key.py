"""A site's account keys: which of them are valid, and until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.core.account_key import (
    OLD_KEY_LIFE,
    is_good,
    key_mark,
    keys_of,
    old_key_ends,
    with_new_key,
    without_key,
    without_old_key,
)
from app.core.site import Site

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SITE = Site(slug="help", name="Help", uid="first")
KEPT = with_new_key(SITE, "second", NOW, keep_old=True)


def good(site: Site, now: datetime = NOW) -> set[str]:
    return {uid for uid in ("first", "second", "third", "nobody's", "") if is_good(site, uid, now)}


def test_a_new_key_works_at_once_and_alone() -> None:
    assert good(SITE) == {"first"}
    assert good(with_new_key(SITE, "second", NOW, keep_old=False)) == {"second"}


def test_the_one_before_works_for_a_day_more_when_asked_for() -> None:
    assert good(KEPT) == {"first", "second"}
    assert old_key_ends(KEPT, NOW) == NOW + OLD_KEY_LIFE
    assert good(KEPT, NOW + OLD_KEY_LIFE - timedelta(seconds=1)) == {"first", "second"}
    assert good(KEPT, NOW + OLD_KEY_LIFE) == {"second"}
    assert old_key_ends(KEPT, NOW + OLD_KEY_LIFE) is None
    assert good(without_old_key(KEPT)) == {"second"}


def test_nothing_is_left_of_a_key_that_works_no_more() -> None:
    alone = Site(slug="help", name="Help", uid="third")
    assert with_new_key(KEPT, "third", NOW, keep_old=False) == alone
    assert with_new_key(without_key(KEPT, "nobody's"), "third", NOW, keep_old=True) == alone
    assert without_old_key(KEPT) == replace(SITE, uid="second")
    assert old_key_ends(replace(KEPT, old_uid_until=None), NOW) is None


def test_each_key_has_its_own_day() -> None:
    later = NOW + timedelta(hours=1)
    assert old_key_ends(with_new_key(KEPT, "third", later, keep_old=True), later) == later + OLD_KEY_LIFE


def test_at_most_two_keys_work() -> None:
    assert good(with_new_key(KEPT, "third", NOW, keep_old=True)) == {"second", "third"}
    assert good(with_new_key(KEPT, "third", NOW, keep_old=False)) == {"third"}


def test_a_revoked_site_has_no_key_until_there_is_a_new_one() -> None:
    revoked = without_key(KEPT, "nobody's")
    assert (good(revoked), list(keys_of(revoked))) == (set(), [])
    assert "first" not in str(revoked.options())
    assert revoked.uid == "nobody's"
    assert good(with_new_key(revoked, "third", NOW, keep_old=True)) == {"third"}


def test_what_works_survives_json() -> None:
    again = Site.from_options(slug="help", name="Help", uid="second", disabled=False, options=KEPT.options())
    assert again == KEPT
    assert list(keys_of(again)) == ["first", "second"]


def test_every_change_has_another_mark_and_none_tells_the_key() -> None:
    sites = [SITE, KEPT, without_old_key(KEPT), without_key(KEPT, "second")]
    assert len({key_mark(site) for site in sites}) == 4
    assert key_mark(SITE) == key_mark(Site(slug="x", name="y", uid="first"))
    assert len(key_mark(SITE)) == 16
