"""The security log of commands: their lines are written and counted by the processes that run on the same data."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from app.core.moment import iso
from app.core.security_acts import Told, told_by_audit
from app.core.security_event import account_hash
from app.process.security_spool import Spool
from app.store.audit import COMMAND_LINE, Act


class CommandsLog:
    """Of one command."""

    def __init__(self, spool: Path, secrets: Callable[[], list[bytes]], failed: Callable[[str], None]) -> None:
        """`secrets` answers those of the keys, the newest first, and `failed` says to whoever typed the command that a
        line is lost, and why."""
        self._spool = Spool(spool)
        self._secrets = secrets
        self._failed = failed

    def act(self, act: Act) -> None:
        """What the audit log has on disk now."""
        for told in told_by_audit(act.act, act.about, act.detail):
            self.tell(told)

    def tell(self, told: Told) -> None:
        """Leave one line."""
        named = {"account": self._hash(told.account), "by": COMMAND_LINE, "site": told.site}
        at = iso(datetime.now(UTC))
        try:
            self._spool.add({"event": told.event, "at": at, **named, **told.words})
        except OSError as error:
            self._failed(f"no line in the security log: {error.strerror}")

    def _hash(self, email: str | None) -> str | None:
        secrets = self._secrets() if email else []
        return account_hash(secrets[0], email) if email and secrets else None
