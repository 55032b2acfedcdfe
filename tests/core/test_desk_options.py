"""Options of the whole desk: stored, checked, and what follows from them."""

from datetime import timedelta

import pytest

from app.core.desk_options import DeskOptions
from app.core.fact import Fact
from app.core.role import Role


def test_options_are_stored_and_read_again() -> None:
    options = DeskOptions(long_wait=3, retention_days=7, second_factor_roles=("technician", "supervisor"))
    stored = options.stored()
    assert DeskOptions.of({**stored, "second_factor_roles": list(stored["second_factor_roles"])}) == options
    assert DeskOptions.of(DeskOptions().stored()) == DeskOptions()


def test_what_is_missing_has_its_default_and_what_a_newer_version_knows_is_ignored() -> None:
    assert DeskOptions.of({"retention_days": 5, "of_tomorrow": 1}) == DeskOptions(retention_days=5)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        (DeskOptions(), []),
        (DeskOptions(long_wait=1, retention_days=1), []),
        (DeskOptions(long_wait=1440, retention_days=90), []),
        (DeskOptions(long_wait=0), [Fact("long_wait", "range", {"least": 1, "most": 1440})]),
        (DeskOptions(long_wait=1441), [Fact("long_wait", "range", {"least": 1, "most": 1440})]),
        (DeskOptions(retention_days=0), [Fact("retention_days", "range", {"least": 1, "most": 90})]),
        (DeskOptions(retention_days=91), [Fact("retention_days", "range", {"least": 1, "most": 90})]),
    ],
)
def test_numbers_have_a_range(options: DeskOptions, facts: list[Fact]) -> None:
    assert options.problems() == facts


@pytest.mark.parametrize("role", Role)
def test_administrators_need_a_second_factor_over_https_unless_said_otherwise(role: Role) -> None:
    assert DeskOptions().demands_second_factor(role, https=True) is (role is Role.ADMINISTRATOR)
    assert not DeskOptions().demands_second_factor(role, https=False)
    assert not DeskOptions(second_factor_roles=()).demands_second_factor(role, https=True)
    chosen = DeskOptions(second_factor_roles=("technician",))
    assert chosen.demands_second_factor(role, https=False) is (role is Role.TECHNICIAN)


def test_the_desk_s_own_retention_replaces_the_installation_s() -> None:
    assert DeskOptions().retention(30) == timedelta(days=30)
    assert DeskOptions(retention_days=7).retention(30) == timedelta(days=7)
