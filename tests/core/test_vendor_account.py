"""Warnings about an account at the vendor."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.core.fact import Fact
from app.core.site import Site
from app.core.vendor_account import account_problems, account_warnings, days_left

SITE = Site(
    slug="help",
    name="Help",
    uid="u",
    backend="take-control-rest",
    api_domain="https://api.us0.swi-rc.com",
    sealed_key="sealed",
    key_made="2025-03-31",
)
END = date(2026, 3, 31)


def test_a_key_s_end_is_told_from_thirty_days_before_and_is_a_problem_once_it_has_come() -> None:
    told = {
        days: (
            len(account_warnings(SITE, END - timedelta(days=days))),
            len(account_problems(SITE, END - timedelta(days))),
        )
        for days in (365, 31, 30, 1, 0, -1, -400)
    }
    assert told == {365: (0, 0), 31: (0, 0), 30: (1, 0), 1: (1, 0), 0: (0, 1), -1: (0, 1), -400: (0, 1)}


def test_the_fact_has_the_day_and_how_long_that_is() -> None:
    assert account_warnings(SITE, END - timedelta(days=12)) == [
        Fact("vendor_key", "ends", {"days": 12, "day": "2026-03-31"})
    ]
    assert account_problems(SITE, END) == [Fact("vendor_key", "ended", {"day": "2026-03-31"})]


@pytest.mark.parametrize(
    "change", [{"key_made": None}, {"sealed_key": None}, {"backend": "embedded"}, {"disabled": True}]
)
def test_nothing_is_told_of_a_key_that_is_not_used_or_of_unknown_age(change: dict[str, object]) -> None:
    site = replace(SITE, **change)
    assert days_left(site, END) is None
    assert account_problems(site, END) == account_warnings(site, END) == []


def test_an_unreadable_vendor_and_an_open_line_are_told() -> None:
    site = replace(SITE, key_made=None, unreadable=True, api_domain="http://127.0.0.1:8001")
    assert account_warnings(site, END) == [
        Fact("backend", "unreadable", {"backend": "take-control-rest"}),
        Fact("api_domain", "not_encrypted", {"address": "http://127.0.0.1:8001"}),
    ]
