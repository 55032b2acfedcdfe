"""What the security log hears of passwords and codes that are typed."""

from app.actions.recovery_codes import letters_of
from app.actions.tries import Busy, TooManyTries, WrongLogin
from app.core.security_event import Limit, SecurityEvent
from app.edge.security_log import tell


def tell_refused(why: TooManyTries | WrongLogin, *, wrong: SecurityEvent, account: str | None) -> None:
    """That it was not taken: as `wrong`, or as refused unseen by a limit."""
    if isinstance(why, WrongLogin):
        tell(wrong, account=account)
    else:
        limit = Limit.PASSWORD_CHECKS if isinstance(why, Busy) else Limit.LOG_INS
        tell(SecurityEvent.LOG_IN_REFUSED, account=account, limit=limit)


def tell_code_used(code: str, *, account: str | None) -> None:
    """That the right code was given: the app's, or a recovery code, which is rare and worth a look."""
    tell(SecurityEvent.RECOVERY_CODE_USED if letters_of(code) else SecurityEvent.SECOND_FACTOR_GOOD, account=account)
