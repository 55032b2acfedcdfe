"""A site's options, stored as JSON, and faults that an operator must correct."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.core.customer import NAMES
from app.core.customer_info import AskPolicy
from app.core.declaration import Opener, declared
from app.core.fact import Fact
from app.core.site import Site

SITE = Site(
    slug="help",
    name="Help",
    uid="u",
    ask_customer_info=AskPolicy.CUSTOMER,
    department="id_10",
    technician="anna@example.com",
    offer_departments=(10, 20),
    required=("customer_name", "problem_description"),
    one_time_links=True,
    phone="+1 555 0100",
    mail="help@example.com",
    logo="0" * 32,
    languages=("pt_BR", "de"),
    fields=("customer_name", "customer_email", "problem_description"),
)


def test_options_survive_json() -> None:
    options = json.loads(json.dumps(SITE.options()))
    assert options == SITE.options(), "lists, as JSON has them"
    assert Site.from_options(slug="help", name="Help", uid="u", disabled=False, options=options) == SITE


def test_options_that_are_missing_have_their_defaults() -> None:
    assert Site.from_options(slug="a", name="A", uid="u", disabled=True, options={}) == Site(
        slug="a", name="A", uid="u", disabled=True
    )


def test_an_option_of_a_newer_version_is_left_alone() -> None:
    options = {**SITE.options(), "of_tomorrow": [1]}
    assert Site.from_options(slug="help", name="Help", uid="u", disabled=False, options=options) == SITE


def test_a_policy_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="sometimes"):
        Site.from_options(slug="a", name="A", uid="u", disabled=False, options={"ask_customer_info": "sometimes"})


def test_a_good_site_has_no_problems() -> None:
    assert SITE.problems() == []


BACKENDS = tuple(known.name for known in declared())


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"slug": ""}, Fact("slug", "slug")),
        ({"slug": "Help"}, Fact("slug", "slug")),
        ({"slug": "-help"}, Fact("slug", "slug")),
        ({"slug": "help-"}, Fact("slug", "slug")),
        ({"slug": "a" * 41}, Fact("slug", "slug")),
        ({"slug": "a/b"}, Fact("slug", "slug")),
        ({"name": " "}, Fact("name", "missing")),
        ({"name": "n" * 81}, Fact("name", "too_long", {"limit": 80, "length": 81})),
        ({"backend": "carrier-pigeon"}, Fact("backend", "choice", {"choices": BACKENDS})),
        ({"department": "ten"}, Fact("department", "department")),
        (
            {"required": ("customer_name", "shoe_size")},
            Fact("required", "unknown", {"known": NAMES, "names": ("shoe_size",)}),
        ),
        ({"fields": ()}, Fact("fields", "none")),
        (
            {"fields": ("customer_name", "problem_description", "shoe_size")},
            Fact("fields", "unknown", {"known": NAMES, "names": ("shoe_size",)}),
        ),
        ({"fields": ("customer_name",)}, Fact("required", "hidden", {"names": ("problem_description",)})),
        ({"languages": ("de", "../x")}, Fact("languages", "language", {"names": ("../x",)})),
        ({"colour": "#abc"}, Fact("colour", "colour")),
        ({"foreign_forms": "perhaps"}, Fact("foreign_forms", "choice", {"choices": ("confirm", "deny")})),
        (
            {"origins": ("https://a.example", "http://www.example.com")},
            Fact("origins", "not_https", {"written": "http://www.example.com"}),
        ),
        (
            {"insecure_origins": ("http://intranet", "http://intranet/it")},
            Fact("insecure_origins", "http_origin", {"written": "http://intranet/it"}),
        ),
        ({"texts": {"": "x"}}, Fact("texts", "text_key", {"most": 300})),
        (
            {"backend": "take-control", "sealed_key": "sealed"},
            Fact("api_domain", "needed", {"backend": "take-control"}),
        ),
        (
            {"backend": "take-control", "api_domain": "https://api.us0.swi-rc.com", "sealed_key": ""},
            Fact("vendor_key", "needed", {"backend": "take-control"}),
        ),
        (
            {"backend": "take-control-browser", "api_domain": "https://api.us0.swi-rc.com"},
            Fact("vendor_key", "needed", {"backend": "take-control-browser"}),
        ),
        ({"applet_hosts": ("127.0.0.1",)}, Fact("applet_hosts", "loopback", {"written": "127.0.0.1"})),
        (
            {"applet_hosts": ("127.0.0.1",), "api_domain": "https://api.us0.swi-rc.com"},
            Fact("applet_hosts", "loopback", {"written": "127.0.0.1"}),
        ),
        ({"key_made": "yesterday", "sealed_key": "sealed"}, Fact("key_made", "day")),
        ({"key_made": "2026-01-31"}, Fact("key_made", "without_key")),
        ({"rate": 0}, Fact("rate", "range", {"least": 1, "most": 1000})),
        ({"rate": 1001}, Fact("rate", "range", {"least": 1, "most": 1000})),
    ],
)
def test_what_must_be_changed_is_named(change: dict[str, Any], fact: Fact) -> None:
    assert replace(SITE, **change).problems() == [fact]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"server_networks": ("203.0.113.7/24",)}, "server_networks network"),
        ({"server_networks": ("0.0.0.0/0",)}, "server_networks wide"),
        ({"api_domain": "http://api.us0.swi-rc.com"}, "api_domain not_https"),
        ({"applet_hosts": ("example.com", "*", "com")}, "applet_hosts host"),
        ({"webhook": "http://example.com/"}, "webhook not_https"),
    ],
)
def test_the_rule_of_an_address_names_what_is_wrong_with_it(change: dict[str, Any], named: str) -> None:
    (problem,) = replace(SITE, **change).problems()
    assert f"{problem.field} {problem.code}" == named


def test_every_fault_is_named_at_once() -> None:
    site = replace(SITE, slug="", name="", backend="x", department="x", fields=(), rate=0, colour="x")
    assert [problem.field for problem in site.problems()] == [
        *("slug", "name", "backend", "department", "fields", "rate", "colour")
    ]


def test_the_ends_of_ranges_are_allowed() -> None:
    for rate in (1, 1000):
        assert replace(SITE, rate=rate, name="n" * 80).problems() == []


def test_a_form_must_say_something_unless_empty_ones_are_allowed() -> None:
    blank = {"customer_name": " ", "tech": "anna@example.com"}
    assert SITE.blank_form(blank) == [Fact("problem_description", "empty")]
    assert SITE.blank_form({"customer_phone": "1"}) == []
    assert replace(SITE, fields=("customer_email", "customer_name")).blank_form({}) == [Fact("customer_email", "empty")]
    assert replace(SITE, allow_empty=True).blank_form(blank) == []


def test_the_browser_opens_sessions_where_the_vendor_s_answer_could_not_be_read() -> None:
    for backend, opener in (
        ("embedded", Opener.DESK),
        ("take-control", Opener.SERVER),
        ("take-control-browser", Opener.BROWSER),
    ):
        site = replace(SITE, backend=backend)
        assert site.opener is opener
        assert (site.at_desk, site.at_vendor) == (opener is Opener.DESK, opener is not Opener.DESK)
        unreadable = replace(site, unreadable=True).opener
        assert unreadable is (Opener.BROWSER if site.declaration.browser_when_unreadable else opener)


def test_an_option_is_found_by_its_name() -> None:
    site = replace(SITE, backend_options={"pager": "5"})
    assert (site.option("name"), site.option("rate"), site.option("pager"), site.option("x")) == (
        *("Help", 100, "5", None),
    )


def test_only_listed_networks_are_a_site_s_servers() -> None:
    site = replace(SITE, server_networks=("203.0.113.0/24",))
    assert site.has_server_at("203.0.113.9")
    assert not site.has_server_at("203.0.114.9")


def test_a_vendor_key_ends_only_when_the_day_it_was_made_is_known() -> None:
    assert SITE.key_ends is None
    assert replace(SITE, key_made="yesterday").key_ends is None


def test_a_vendor_on_this_machine_is_a_stand_in() -> None:
    assert replace(SITE, api_domain="http://127.0.0.1:8001").on_loopback
    assert not replace(SITE, api_domain="127.0.0.1").on_loopback
    assert not SITE.on_loopback


@pytest.mark.parametrize("slug", ["a", "a" * 40, "help-desk-2", "0"])
def test_slugs_are_small_letters_digits_and_hyphens(slug: str) -> None:
    assert replace(SITE, slug=slug).problems() == []


def test_an_account_at_the_vendor_needs_its_domain_and_its_key() -> None:
    site = replace(SITE, backend="take-control-rest")
    assert site.problems() == site.missing()
    assert len(site.missing()) == 2
    whole = replace(site, api_domain="https://api.us0.swi-rc.com", sealed_key="sealed", key_made="2026-01-31")
    assert whole.problems() == []
    assert str(whole.key_ends) == "2027-01-31"


def test_applets_may_come_from_this_machine_while_the_vendor_does() -> None:
    site = replace(SITE, api_domain="http://127.0.0.1:8001", applet_hosts=("127.0.0.1", "*.example.com"))
    assert site.on_loopback
    assert site.problems() == []
