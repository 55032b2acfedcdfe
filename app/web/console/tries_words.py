"""Messages about log-in tries that were refused."""

from app.actions.tries import Busy, TooManyTries
from app.web.words import _


def why_to_wait(tries: TooManyTries) -> str:
    """The message that tells how long to wait."""
    if isinstance(tries, Busy):
        return _("Many log-ins are under way. Please try again in %(n)s seconds.", n=tries.retry_after)
    return _("Too many wrong tries. Wait %(n)s seconds.", n=tries.retry_after)


def wrong_code() -> str:
    """The message about a wrong or used code."""
    return _("This code is wrong or was used before. Type the one that the app shows now, or a recovery code.")
