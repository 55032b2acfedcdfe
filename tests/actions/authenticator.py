"""What an app on somebody's phone does with the key that it scanned."""

from datetime import datetime, timedelta

import pyotp


class Authenticator:
    """Shows the code of a moment."""

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret)

    def code(self, now: datetime, *, steps: int = 0) -> str:
        """The code at `now`, or so many steps of 30 seconds later."""
        return str(self._app.at(now + timedelta(seconds=30 * steps)))

    def wrong_code(self, now: datetime) -> str:
        """Six figures that are no code around `now`."""
        near = {self.code(now, steps=step) for step in range(-3, 4)}
        return next(guess for n in range(10) if (guess := f"{n:06}") not in near)
