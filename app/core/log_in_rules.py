"""The duties that come first after a log-in, and how long password and code count as recently confirmed."""

from datetime import datetime, timedelta
from enum import StrEnum

CONFIRMATION_LIFE = timedelta(minutes=10)


class Duty(StrEnum):
    """Something that comes before every other page of the console."""

    PASSWORD = "password"  # noqa: S105 - the password was printed, so it must be replaced
    SECOND_FACTOR = "second factor"


def duty_of(*, password_temporary: bool, has_second_factor: bool, second_factor_demanded: bool) -> Duty | None:
    """The duty that comes first; None when nothing is due."""
    if password_temporary:
        return Duty.PASSWORD
    if second_factor_demanded and not has_second_factor:
        return Duty.SECOND_FACTOR
    return None


def is_confirmed(confirmed_at: datetime | None, now: datetime) -> bool:
    """Whether password and code were given in this session within the last ten minutes."""
    return confirmed_at is not None and now - confirmed_at < CONFIRMATION_LIFE
