"""Messages about tries that did not count."""

from app.actions.tries import Busy, TooManyTries
from app.web.words import _


def why_to_wait(tries: TooManyTries) -> str:
    """What a page says when there is nothing to do but wait."""
    if isinstance(tries, Busy):
        return _("Many log-ins are under way. Please try again in %(n)s seconds.", n=tries.retry_after)
    return _("Too many wrong tries. Wait %(n)s seconds.", n=tries.retry_after)


def wrong_code() -> str:
    """The message about a code that does not count."""
    return _("This code is wrong or was used before. Type the one that the app shows now, or a recovery code.")
