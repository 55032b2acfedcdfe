"""Show, renew or revoke a site's account key; each is one transaction with its line in the audit log."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.actions.seed import new_uid
from app.core.account_key import key_mark, with_new_key, without_key, without_old_key
from app.core.site import Site
from app.store.audit import record
from app.store.database import Database
from app.store.sites import change_account_key, lock_site


class NoSuchSite(Exception):
    """No site has this slug."""


class KeyChanged(Exception):
    """The account key has changed since the form was made; nothing was done."""


@dataclass(frozen=True, slots=True)
class AccountKey:
    """One site's account key, and the actor: `by` is a technician's id, or None for the command line.

    `mark` is the `key_mark` of the key as its form showed it; it makes a form that is sent twice count once.
    """

    database: Database
    site: str
    mark: str | None = None
    _: KW_ONLY
    by: int | None
    now: datetime

    def show(self) -> None:
        """Record in the audit log that the key was shown."""
        self.database.write(lambda connection: self._record(connection, "shown", {}))

    def renew(self, *, keep_old: bool) -> Site:
        """Make a new key, valid at once; with `keep_old` the previous key works for 24 hours more. Raises NoSuchSite,
        KeyChanged."""
        uid = new_uid()
        return self._change(
            "renewed", lambda site: with_new_key(site, uid, self.now, keep_old=keep_old), old_key_kept=keep_old
        )

    def revoke(self) -> Site:
        """Let no key work until a new one is made. Raises NoSuchSite, KeyChanged."""
        nobodys = new_uid()
        return self._change("revoked", lambda site: without_key(site, nobodys))

    def end_old(self) -> Site:
        """End the previous key now. Raises NoSuchSite, KeyChanged."""
        return self._change("old_ended", without_old_key)

    def _change(self, act: str, become: Callable[[Site], Site], **detail: bool) -> Site:
        def change(connection: Connection) -> Site:
            site = lock_site(connection, self.site)
            if site is None:
                raise NoSuchSite(self.site)
            if self.mark is not None and self.mark != key_mark(site):
                raise KeyChanged(self.site)
            changed = become(site)
            change_account_key(connection, changed)
            self._record(connection, act, detail)
            return changed

        return self.database.write(change)

    def _record(self, connection: Connection, act: str, detail: dict[str, Any]) -> None:
        record(connection, f"account_key.{act}", f"site {self.site}", dict(detail), by=self.by, now=self.now)
