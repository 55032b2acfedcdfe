"""The first duty after a log-in, and how long a confirmation is valid."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.desk_options import DeskOptions
from app.core.log_in_rules import Duty, duty_of, is_confirmed
from app.core.role import Role

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("temporary", "has_factor", "demanded", "expected"),
    [
        (False, False, False, None),
        (False, True, True, None),
        (False, True, False, None),
        (False, False, True, Duty.SECOND_FACTOR),
        (True, True, True, Duty.PASSWORD),
        (True, False, True, Duty.PASSWORD),
        (True, False, False, Duty.PASSWORD),
    ],
)
def test_the_password_comes_first_then_the_second_factor(
    temporary: bool, has_factor: bool, demanded: bool, expected: Duty | None
) -> None:
    found = duty_of(password_temporary=temporary, has_second_factor=has_factor, second_factor_demanded=demanded)
    assert found is expected


def test_a_log_in_proves_who_somebody_is_for_ten_minutes() -> None:
    assert is_confirmed(NOW, NOW)
    assert is_confirmed(NOW - timedelta(minutes=10) + timedelta(seconds=1), NOW)
    assert not is_confirmed(NOW - timedelta(minutes=10), NOW)
    assert not is_confirmed(None, NOW)


def test_over_https_administrators_need_a_second_factor_unless_said() -> None:
    usual = DeskOptions()
    assert [role for role in Role if usual.demands_second_factor(role, https=True)] == [Role.ADMINISTRATOR]
    assert not any(usual.demands_second_factor(role, https=False) for role in Role)
    for roles in ((), (Role.TECHNICIAN,), tuple(Role)):
        said = DeskOptions(second_factor_roles=roles)
        assert DeskOptions.of(said.stored()) == said
        for https in (True, False):
            assert tuple(role for role in Role if said.demands_second_factor(role, https=https)) == roles
