"""A site's options, stored as JSON, and faults that an operator must correct."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.core.customer_info import AskPolicy
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


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"slug": ""}, "slug slug"),
        ({"slug": "Help"}, "slug slug"),
        ({"slug": "-help"}, "slug slug"),
        ({"slug": "help-"}, "slug slug"),
        ({"slug": "a" * 41}, "slug slug"),
        ({"slug": "a/b"}, "slug slug"),
        ({"name": " "}, "name missing"),
        ({"name": "n" * 81}, "name too_long"),
        ({"backend": "carrier-pigeon"}, "backend choice"),
        ({"department": "ten"}, "department department"),
        ({"required": ("customer_name", "shoe_size")}, "required unknown"),
        ({"fields": ()}, "fields none"),
        ({"fields": ("customer_name", "problem_description", "shoe_size")}, "fields unknown"),
        ({"fields": ("customer_name",)}, "required hidden"),
        ({"languages": ("de", "../x")}, "languages language"),
        ({"colour": "#abc"}, "colour colour"),
        ({"foreign_forms": "perhaps"}, "foreign_forms choice"),
        ({"origins": ("http://www.example.com",)}, "origins not_https"),
        ({"server_networks": ("203.0.113.7/24",)}, "server_networks network"),
        ({"server_networks": ("0.0.0.0/0",)}, "server_networks wide"),
        ({"texts": {"": "x"}}, "texts text_key"),
        ({"backend": "take-control", "sealed_key": "sealed"}, "api_domain needed"),
        ({"backend": "take-control-browser", "api_domain": "https://api.us0.swi-rc.com"}, "vendor_key needed"),
        ({"api_domain": "http://api.us0.swi-rc.com"}, "api_domain not_https"),
        ({"applet_hosts": ("example.com", "*", "com")}, "applet_hosts host"),
        ({"applet_hosts": ("127.0.0.1",)}, "applet_hosts loopback"),
        ({"applet_hosts": ("127.0.0.1",), "api_domain": "https://api.us0.swi-rc.com"}, "applet_hosts loopback"),
        ({"key_made": "yesterday", "sealed_key": "sealed"}, "key_made day"),
        ({"key_made": "2026-01-31"}, "key_made without_key"),
        ({"rate": 0}, "rate range"),
        ({"rate": 1001}, "rate range"),
        ({"webhook": "http://example.com/"}, "webhook not_https"),
    ],
)
def test_what_must_be_changed_is_named(change: dict[str, Any], named: str) -> None:
    (problem,) = replace(SITE, **change).problems()
    assert f"{problem.field} {problem.code}" == named


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
