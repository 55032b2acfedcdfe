"""Effects of a changed option on the others."""

from dataclasses import replace

import pytest

from app.core.site import Site
from app.core.site_change import change_options, marked, only_new, what_changed

SITE = Site(
    slug="help",
    name="Help",
    uid="u",
    backend="take-control",
    api_domain="https://api.us0.swi-rc.com",
    sealed_key="sealed",
    key_ending="1a77",
    key_made="2026-01-31",
    unreadable=True,
    webhook="https://example.com/hook",
    sealed_webhook_secret="sealed too",
)
ELSEWHERE = {"api_domain": "https://api.eu1.swi-rc.com"}


def test_what_is_not_given_stays() -> None:
    change = change_options(SITE, {"name": "New"}, sealed_secret="fresh")
    assert change.site == replace(SITE, name="New")
    assert (change.key_dropped, change.new_secret) == (False, False)


@pytest.mark.parametrize("domain", ["https://api.eu1.swi-rc.com", "http://127.0.0.1:8001", None])
def test_a_key_does_not_go_along_to_another_domain(domain: str | None) -> None:
    change = change_options(SITE, {"api_domain": domain})
    assert change.key_dropped
    assert (change.site.sealed_key, change.site.key_ending, change.site.key_made) == (None, None, None)
    assert change.site.api_domain == domain


def test_the_same_domain_keeps_the_key() -> None:
    change = change_options(SITE, {"api_domain": SITE.api_domain})
    assert (change.key_dropped, change.site) == (False, SITE)


def test_a_key_given_with_its_domain_is_kept() -> None:
    change = change_options(SITE, {**ELSEWHERE, "sealed_key": "other", "key_ending": "0000"})
    assert not change.key_dropped
    assert (change.site.sealed_key, change.site.key_ending) == ("other", "0000")


def test_a_key_that_came_before_any_domain_is_kept() -> None:
    change = change_options(replace(SITE, api_domain=None), ELSEWHERE)
    assert (change.key_dropped, change.site.sealed_key) == (False, "sealed")


def test_a_domain_can_not_be_changed_by_way_of_none() -> None:
    change = change_options(change_options(SITE, {"api_domain": None}).site, ELSEWHERE)
    assert change.site.sealed_key is None


def test_a_new_key_has_no_day_unless_it_is_given() -> None:
    fresh = {"sealed_key": "other", "key_ending": None}
    assert change_options(SITE, fresh).site.key_made is None
    assert change_options(SITE, {**fresh, "key_made": "2026-02-01"}).site.key_made == "2026-02-01"


def test_choosing_a_backend_is_a_new_try_to_read_the_vendor() -> None:
    assert change_options(SITE, {"backend": "take-control"}).site.unreadable is False
    assert change_options(SITE, {"name": "New"}).site.unreadable is True


def test_a_webhook_s_secret_is_for_one_address() -> None:
    same = change_options(SITE, {"webhook": SITE.webhook}, sealed_secret="fresh")
    assert (same.new_secret, same.site.sealed_webhook_secret) == (False, "sealed too")
    other = change_options(SITE, {"webhook": "https://other.example/"}, sealed_secret="fresh")
    assert (other.new_secret, other.site.sealed_webhook_secret) == (True, "fresh")
    renewed = change_options(SITE, {}, sealed_secret="fresh", renew_secret=True)
    assert (renewed.new_secret, renewed.site) == (True, replace(SITE, sealed_webhook_secret="fresh"))
    none = change_options(SITE, {"webhook": None}, sealed_secret="fresh", renew_secret=True)
    assert (none.new_secret, none.site.sealed_webhook_secret) == (False, None)


def test_a_backend_s_own_options_are_kept_together() -> None:
    site = replace(SITE, backend_options={"pager": "5", "bell": "x"})
    change = change_options(site, {"pager": None, "horn": "y", "name": "New"})
    assert change.site == replace(site, name="New", backend_options={"bell": "x", "horn": "y"})


def test_a_webhook_that_comes_anew_has_a_secret_and_none_is_renewed_without_one() -> None:
    without = replace(SITE, webhook=None, sealed_webhook_secret=None)
    change = change_options(without, {"webhook": "https://example.com/hook"}, sealed_secret="fresh")
    assert (change.new_secret, change.site.sealed_webhook_secret) == (True, "fresh")
    assert change_options(without, {}, sealed_secret="fresh", renew_secret=True).site == without


def test_a_mark_tells_whether_an_option_has_changed() -> None:
    mark = marked(SITE, ["name", "api_domain"])
    assert len(mark) == 22
    assert marked(SITE, ["api_domain", "name"]) == marked(replace(SITE, uid="v"), ["name", "api_domain"]) == mark
    assert marked(replace(SITE, name="New"), ["name", "api_domain"]) != mark
    assert marked(SITE, ["name"]) != mark


def test_only_options_with_another_value_are_new() -> None:
    assert only_new(SITE, {"name": "Help", "rate": 5}) == {"rate": 5}
    assert only_new(SITE, {"key_made": "2026-01-31"}) == {}


def test_a_new_key_keeps_the_day_that_came_with_it() -> None:
    assert only_new(SITE, {"sealed_key": "other", "key_made": "2026-01-31"}) == {
        "sealed_key": "other",
        "key_made": "2026-01-31",
    }
    assert only_new(SITE, {"sealed_key": "other", "key_made": None}) == {"sealed_key": "other", "key_made": None}
    assert only_new(SITE, {"sealed_key": "other"}) == {"sealed_key": "other"}


def test_changes_are_told_with_old_and_new_but_secrets_only_by_their_fate() -> None:
    after = replace(
        SITE,
        name="New",
        disabled=True,
        origins=("https://a.example",),
        sealed_key=None,
        secret_hash="hash",
        sealed_identity_secret="sealed",
        sealed_webhook_secret="another",
        webhook="https://example.com/other?s3cret",
    )
    assert what_changed(SITE, SITE) == {}
    assert what_changed(SITE, after) == {
        "name": ["Help", "New"],
        "disabled": [False, True],
        "origins": [[], ["https://a.example"]],
        "key": "removed",
        "secret": "set",
        "identity_secret": "set",
        "webhook_secret": "replaced",
        "webhook": "replaced",
    }
