"""The security log of one process: a line and a count for each event of a fixed list (`core/security_event.py`).

A line holds our own words, keyed hashes of accounts, and networks: nothing that was typed or sent.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from app import metrics
from app.core.links import Purpose
from app.core.security_acts import told_by_audit
from app.core.security_event import SecurityEvent
from app.keys.signing_key import BadKeys
from app.log import write_security_line
from app.process.keyring import KeyRing
from app.process.security_spool import Spool
from app.process.thinning import Thinning
from app.store.audit import COMMAND_LINE, Act

log = structlog.get_logger()


def _nothing() -> Mapping[str, object]:
    return {}


class SecurityLog:
    """Writes to standard error and counts; safe to use from every thread. None of its functions raises."""

    def __init__(self, keys: KeyRing, spool: Path, mail_of: Callable[[int], str | None]) -> None:
        """`mail_of` tells a technician's mail address by their id."""
        self._keys = keys
        self._spool = Spool(spool)
        self._spool_failed = False
        self._mail_of = mail_of
        self._thinning = Thinning()
        self.surroundings: Callable[[], Mapping[str, object]] = _nothing  # fields of the request at hand

    def tell(self, event: SecurityEvent, *, account: str | None = None, **words: object) -> None:
        """Count the event and write its line. `account` is the mail address of whose account it is, written as a
        hash."""
        self._write(event, {**self.surroundings(), "account": self._hash(account), **words})

    def link(self, event: SecurityEvent, purpose: Purpose) -> None:
        """Write that a signed link for this purpose was forged or expired."""
        self.tell(event, link=purpose)

    def act(self, act: Act) -> None:
        """Write the security events of an act that the audit log has on disk; most acts are none."""
        for told in told_by_audit(act.act, act.about, act.detail):
            by = COMMAND_LINE if act.who is None else self._hash(self._mail_of(act.who))
            site = {"site": told.site} if told.site else {}
            named = {"account": self._hash(told.account), "by": by, **site}
            self._write(told.event, {**self.surroundings(), **named, **told.words})

    def take_over(self) -> None:
        """Write the events that commands left in the spool since the last call."""
        try:
            self._spool.take(self._of_a_command)
            self._spool_failed = False
        except OSError as error:
            if not self._spool_failed:
                log.error("security_events_unreadable", error=type(error).__name__)
            self._spool_failed = True

    def _of_a_command(self, line: dict[str, object]) -> None:
        """Raises ValueError for an event of another version."""
        self._write(SecurityEvent(str(line.pop("event"))), line)

    def _write(self, event: SecurityEvent, fields: Mapping[str, object]) -> None:
        metrics.security(event)
        left_out = self._thinning.passes(event, time.monotonic()) if event.is_refusal else 0
        if left_out is None:
            return
        known = {name: value for name, value in {**fields, "left_out": left_out or None}.items() if value is not None}
        write_security_line(event, "warning" if event.is_refusal else "info", **known)

    def _hash(self, email: str | None) -> str | None:
        if email is None:
            return None
        try:
            return self._keys.account_hash(email)
        except BadKeys:
            return None
