"""A change of a site: complete or not at all, never over a concurrent change, and always in the audit log."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from app.actions import sites
from app.actions.logo import as_logo
from app.actions.sites import (
    ChangedMeanwhile,
    NoSuchSite,
    NotGood,
    NoWebhook,
    Seen,
    SlugTaken,
    Wanted,
    add_site,
)
from app.core.site import Site
from app.core.site_change import marked, what_changed
from app.core.targets import ANYWHERE, Targets
from app.store.audit import acts
from app.store.database import Database
from app.store.logos import find_logo
from app.store.sites import load_generation, load_sites
from tests.pictures import picture
from tests.store.rows import NOW

change_site = partial(sites.change_site, targets=ANYWHERE)


def sealed_as(sealed: str) -> Callable[[Connection], dict[str, Any]]:
    """Seals a webhook's secret as this text."""
    return lambda _connection: {"sealed_webhook_secret": sealed}


@pytest.fixture
def site(database: Database) -> Site:
    return add_site(database, "help", "Help", by=None, now=NOW)


def now_of(database: Database) -> Site:
    with database.read() as connection:
        return load_sites(connection)[0]


def log(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        return [(act.who, act.act, act.about, act.detail) for act in acts(connection)]


def seen(site: Site, *options: str) -> Seen:
    return Seen(options, marked(site, options))


def test_a_new_site_has_a_key_and_a_row_in_the_log(database: Database, site: Site) -> None:
    assert now_of(database) == site
    assert len(site.uid) == 36
    assert log(database) == [(None, "site.added", "site help", {"name": "Help"})]


@pytest.mark.parametrize(("key", "name"), [("", "X"), ("Help", "X"), ("a/b", "X"), ("ok", ""), ("ok", "x" * 81)])
def test_a_bad_key_or_name_adds_nothing(database: Database, key: str, name: str) -> None:
    with pytest.raises(NotGood):
        add_site(database, key, name, by=1, now=NOW)
    with database.read() as connection:
        assert load_sites(connection) == []
    assert log(database) == []


def test_a_key_is_taken_once(database: Database, site: Site) -> None:
    with pytest.raises(SlugTaken):
        add_site(database, "help", "Other", by=None, now=NOW)
    assert now_of(database).name == "Help"
    assert len(log(database)) == 1


def test_a_change_tells_old_and_new_values_in_the_log_and_no_secret(database: Database, site: Site) -> None:
    options = {"name": "New", "phone": "+1 555 0100", "sealed_key": "s3cret", "key_ending": "cret"}
    change, names = change_site(database, "help", Wanted(options=options), by=7, now=NOW)
    assert names == ["key", "name", "phone"]
    assert now_of(database) == change.site
    assert log(database)[0] == (
        7,
        "site.changed",
        "site help",
        {"key": "set", "name": ["Help", "New"], "phone": [None, "+1 555 0100"]},
    )


def test_a_change_that_changes_nothing_leaves_no_trace(database: Database, site: Site) -> None:
    with database.read() as connection:
        before = load_generation(connection)
    assert change_site(database, "help", Wanted(options={"name": "Help"}), by=7, now=NOW)[1] == []
    with database.read() as connection:
        assert load_generation(connection) == before
    assert len(log(database)) == 1


def test_two_who_change_different_options_both_get_theirs(database: Database, site: Site) -> None:
    one, other = seen(site, "name", "disabled"), seen(site, "phone", "mail")
    change_site(database, "help", Wanted(options={"name": "New", "disabled": False}, seen=one), by=1, now=NOW)
    change_site(database, "help", Wanted(options={"phone": "1", "mail": None}, seen=other), by=2, now=NOW)
    assert (now_of(database).name, now_of(database).phone) == ("New", "1")


def test_the_second_of_two_who_change_the_same_is_told_and_changes_nothing(database: Database, site: Site) -> None:
    both = seen(site, "phone", "mail")
    change_site(database, "help", Wanted(options={"phone": "1", "mail": None}, seen=both), by=1, now=NOW)
    with pytest.raises(ChangedMeanwhile) as caught:
        change_site(database, "help", Wanted(options={"phone": None, "mail": "a@b"}, seen=both), by=2, now=NOW)
    assert caught.value.site.phone == "1"
    assert (now_of(database).phone, now_of(database).mail) == ("1", None)
    assert len(log(database)) == 2
    again = seen(caught.value.site, "phone", "mail")
    change_site(database, "help", Wanted(options={"phone": None, "mail": "a@b"}, seen=again), by=2, now=NOW)
    assert (now_of(database).phone, now_of(database).mail) == (None, "a@b")


def test_a_form_that_is_sent_twice_is_kept_once(database: Database, site: Site) -> None:
    wanted = Wanted(options={"phone": "1", "mail": None}, seen=seen(site, "phone", "mail"))
    assert change_site(database, "help", wanted, by=1, now=NOW)[1] == ["phone"]
    assert change_site(database, "help", wanted, by=1, now=NOW)[1] == []
    assert len(log(database)) == 2


def test_a_forged_mark_counts_as_changed(database: Database, site: Site) -> None:
    for mark in ("", "x", "0" * 22):
        with pytest.raises(ChangedMeanwhile):
            change_site(database, "help", Wanted(options={"name": "N"}, seen=Seen(("name",), mark)), by=1, now=NOW)


def test_nobody_turns_to_a_vendor_without_an_account_but_one_may_lose_it(database: Database, site: Site) -> None:
    with pytest.raises(NotGood, match="api_domain: needed"):
        change_site(database, "help", Wanted(options={"backend": "take-control"}), by=1, now=NOW)
    account = {"backend": "take-control", "api_domain": "https://api.example.com", "sealed_key": "s"}
    change_site(database, "help", Wanted(options=account), by=1, now=NOW)
    change_site(database, "help", Wanted(options={"sealed_key": None}), by=1, now=NOW)
    assert now_of(database).missing()


def test_a_webhook_gets_a_secret_with_its_address(database: Database, site: Site) -> None:
    with pytest.raises(NoWebhook):
        change_site(database, "help", Wanted(sealed=sealed_as("a"), renew_secret=True), by=1, now=NOW)
    hook = {"webhook": "https://example.com/hook"}
    assert change_site(database, "help", Wanted(options=hook, sealed=sealed_as("b")), by=1, now=NOW)[0].new_secret
    assert now_of(database).sealed_webhook_secret == "b"
    _change, names = change_site(database, "help", Wanted(sealed=sealed_as("c"), renew_secret=True), by=1, now=NOW)
    assert names == ["webhook_secret"]
    assert now_of(database).sealed_webhook_secret == "c"


def test_the_picture_goes_with_its_digest(database: Database, site: Site) -> None:
    logo = as_logo(picture())
    change_site(database, "help", Wanted(options={"logo": logo.digest}, logo=logo), by=1, now=NOW)
    with database.read() as connection:
        assert find_logo(connection, "help", logo.digest) == logo
        assert find_logo(connection, "help", "x") is None
        assert find_logo(connection, "other", logo.digest) is None
    other = as_logo(picture((30, 30)))
    change_site(database, "help", Wanted(options={"logo": other.digest}, logo=other), by=1, now=NOW)
    with database.read() as connection:
        assert find_logo(connection, "help", logo.digest) is None
        assert find_logo(connection, "help", other.digest) == other
    change_site(database, "help", Wanted(options={"logo": None}), by=1, now=NOW)
    with database.read() as connection:
        assert find_logo(connection, "help", other.digest) is None


def test_there_is_no_such_site(database: Database) -> None:
    with pytest.raises(NoSuchSite):
        change_site(database, "nobody", Wanted(options={"name": "X"}), by=1, now=NOW)
    assert log(database) == []


def test_names_of_what_changed_tell_no_secret_apart() -> None:
    before = Site(slug="a", name="A", uid="u")
    after = Site(slug="a", name="A", uid="u", secret_hash="1", sealed_identity_secret="2", sealed_webhook_secret="3")
    assert what_changed(before, after) == {"identity_secret": "set", "secret": "set", "webhook_secret": "set"}


def test_an_address_that_may_not_be_called_is_refused_where_it_is_new(database: Database, site: Site) -> None:
    public = Targets(only_public=True)
    inside = {"backend": "take-control", "api_domain": "http://127.0.0.1:9", "sealed_key": "sealed"}
    for options, field in ((inside, "api_domain"), ({"webhook": "https://[::1]/hook"}, "webhook")):
        with pytest.raises(NotGood) as refused:
            change_site(database, "help", Wanted(options=options), by=1, now=NOW, targets=public)
        assert [(fact.field, fact.code) for fact in refused.value.problems] == [(field, "not_public")]
    assert now_of(database) == site
    change_site(database, "help", Wanted(options=inside), by=1, now=NOW)
    change_site(database, "help", Wanted(options={"phone": "1"}), by=1, now=NOW, targets=public)
    assert now_of(database).phone == "1"


def test_an_account_inside_that_was_not_used_is_refused_once_it_would_be(database: Database, site: Site) -> None:
    account = {"api_domain": "http://127.0.0.1:9", "sealed_key": "sealed"}
    public = Targets(only_public=True)
    change_site(database, "help", Wanted(options=account), by=1, now=NOW, targets=public)
    with pytest.raises(NotGood):
        change_site(database, "help", Wanted(options={"backend": "take-control"}), by=1, now=NOW, targets=public)
