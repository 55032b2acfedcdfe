"""What a customer is told to expect: the hours that are compared, and the range of waits that is said."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.outlook import LONGEST_TOLD, Outlook, UsualWait, same_hours, usual_wait
from app.core.presence import Cover


def minutes(*waits: float | None) -> list[timedelta | None]:
    return [None if wait is None else timedelta(minutes=wait) for wait in waits]


def test_three_of_five_customers_wait_as_long_as_is_said() -> None:
    assert usual_wait(minutes(*range(1, 21))) == UsualWait(5, 16)
    assert usual_wait(minutes(*[3.2] * 10)) == UsualWait(3, 4)
    assert usual_wait(minutes(*[0.1] * 10)) == UsualWait(1, 2), "never less than a minute"


def test_the_range_does_not_hang_on_the_order_or_on_one_long_wait() -> None:
    assert usual_wait(minutes(600, *[7.5, 3, 4] * 4)) == UsualWait(3, 8)


@pytest.mark.parametrize("many", range(8))
def test_too_few_say_nothing(many: int) -> None:
    assert usual_wait(minutes(*[5] * many)) is None


def test_eight_say_something() -> None:
    assert usual_wait(minutes(*[5] * 8)) == UsualWait(5, 6)


def test_nothing_is_said_where_many_waited_in_vain_or_for_hours() -> None:
    assert usual_wait(minutes(*[5] * 8, None)) is not None
    assert usual_wait(minutes(*[5] * 6, *[None] * 4)) is None
    assert usual_wait(minutes(*[LONGEST_TOLD + 1] * 10)) is None
    assert usual_wait(minutes(*[LONGEST_TOLD] * 10)) == UsualWait(120, 121)


def test_the_same_hour_is_the_same_on_the_local_clock_over_its_change() -> None:
    """Berlin's clocks went forward on 29 March 2026."""
    now = datetime(2026, 4, 7, 8, 0, tzinfo=UTC)  # 10:00 there
    begins = [begin for begin, _end in same_hours(now, "Europe/Berlin")]
    assert begins == [
        datetime(2026, 3, 31, 7, 30, tzinfo=UTC),
        datetime(2026, 3, 24, 8, 30, tzinfo=UTC),
        datetime(2026, 3, 17, 8, 30, tzinfo=UTC),
        datetime(2026, 3, 10, 8, 30, tzinfo=UTC),
    ]
    assert all(end - begin == timedelta(hours=1) for begin, end in same_hours(now, "Europe/Berlin"))


def test_a_key_differs_with_what_is_said() -> None:
    opens = datetime(2026, 11, 30, 8, tzinfo=UTC)
    all_of_them = [
        Outlook(None),
        Outlook(Cover.NOBODY),
        Outlook(Cover.CLOSED),
        Outlook(Cover.CLOSED, opens, "UTC"),
        Outlook(Cover.STAFFED),
        Outlook(Cover.STAFFED, wait=UsualWait(3, 8)),
        Outlook(Cover.STAFFED, wait=UsualWait(3, 9)),
    ]
    assert len({each.key for each in all_of_them}) == len(all_of_them)
    assert [each.has_nobody for each in all_of_them] == [False, True, True, True, False, False, False]
