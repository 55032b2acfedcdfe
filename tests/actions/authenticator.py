"""An authenticator app: computes codes from the key that it scanned."""

from datetime import datetime, timedelta

import pyotp


class Authenticator:
    """An app that shows the code for a given time."""

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret)

    def code(self, now: datetime, *, steps: int = 0) -> str:
        """The code at `now`, or `steps` steps of 30 seconds later."""
        return str(self._app.at(now + timedelta(seconds=30 * steps)))

    def wrong_code(self, now: datetime) -> str:
        """Six digits that are not a valid code around `now`."""
        near = {self.code(now, steps=step) for step in range(-3, 4)}
        return next(guess for n in range(10) if (guess := f"{n:06}") not in near)
