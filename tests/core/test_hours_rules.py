"""Which opening hours apply to a request, and what administrators may set."""

from datetime import date, timedelta

import pytest

from app.core.fact import Fact
from app.core.hours import Hours, SpecialDay
from app.core.hours_rules import (
    DESK,
    LONGEST_NAME,
    MOST_DAYS,
    AllHours,
    check_days,
    of_department,
    of_site,
    read_zone,
)
from app.core.text import Invalid

FIRST = date(2026, 1, 1)


def hours(zone: str) -> Hours:
    return Hours(zone=zone, week=((),) * 7)


OF_DEPARTMENT, OF_SITE, OF_DESK = hours("Europe/Berlin"), hours("Asia/Tokyo"), hours("UTC")


def test_a_department_s_hours_go_before_its_site_s_and_these_before_the_desk_s() -> None:
    every = AllHours({of_department(10): OF_DEPARTMENT, of_site("shop"): OF_SITE, DESK: OF_DESK})
    assert every.apply_to("shop", 10) is OF_DEPARTMENT
    assert every.apply_to("other", 10) is OF_DEPARTMENT
    assert every.apply_to("shop", 20) is OF_SITE
    assert every.apply_to("shop", None) is OF_SITE
    assert every.apply_to("other", 20) is OF_DESK
    assert every.apply_to("other", None) is OF_DESK


def test_a_desk_without_hours_is_always_open() -> None:
    assert AllHours().apply_to("shop", 10) is None
    assert AllHours({of_site("shop"): OF_SITE}).apply_to("other", None) is None


def test_a_site_and_a_department_of_one_name_have_hours_of_their_own() -> None:
    assert (of_department(10), of_site("10")) == ("department:10", "site:10")


@pytest.mark.parametrize("written", ["Europe/Berlin", " europe/berlin ", "EUROPE/BERLIN"])
def test_a_zone_is_found_in_any_case(written: str) -> None:
    assert read_zone(written) == "Europe/Berlin"


@pytest.mark.parametrize("written", ["", "Berlin", "Europe/Berlin/", "../etc/passwd"])
def test_a_zone_that_is_not_known_is_refused_by_its_name(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_zone(written)
    assert refused.value.problems == (Fact("zone", "unknown", {"name": written}),)


def days(count: int, name: str = "Holiday") -> dict[date, SpecialDay]:
    return {FIRST + timedelta(days=n): SpecialDay(name) for n in range(count)}


def test_as_many_special_days_as_allowed_with_names_as_long_as_allowed() -> None:
    check_days(days(MOST_DAYS, "x" * LONGEST_NAME))
    check_days({})


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        (days(MOST_DAYS + 1), Fact("day", "many", {"most": 400})),
        (days(1, ""), Fact("name", "missing")),
        (days(1, " \t"), Fact("name", "missing")),
        (days(1, "x" * 81), Fact("name", "too_long", {"limit": 80, "length": 81})),
        (days(2) | {FIRST: SpecialDay("")}, Fact("name", "missing")),
    ],
)
def test_special_days_that_cannot_be_kept_are_refused(given: dict[date, SpecialDay], fact: Fact) -> None:
    with pytest.raises(Invalid) as refused:
        check_days(given)
    assert refused.value.problems == (fact,)
