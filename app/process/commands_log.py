"""The security log of commands: their lines are written and counted by the processes that run on the same data."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from app.core.moment import iso
from app.core.security_acts import Told, told_by_audit
from app.core.security_event import account_hash
from app.keys.key_file import BadKeys, read_keys
from app.process.security_spool import Spool
from app.store.audit import COMMAND_LINE, Act


class CommandsLog:
    """Of one command."""

    def __init__(self, spool: Path, keys_path: Path, failed: Callable[[str], None]) -> None:
        """`failed` says to whoever typed the command that a line is lost, and why."""
        self._spool = Spool(spool)
        self._keys_path = keys_path
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
        hashes = account_hashes(self._keys_path, email) if email else []
        return hashes[0] if hashes else None


def account_hashes(keys_path: Path, email: str) -> list[str]:
    """What security logs call this account: by each key that is in the file, the newest first; none without keys."""
    try:
        return [account_hash(key.secret, email) for key in read_keys(keys_path)]
    except BadKeys:
        return []
