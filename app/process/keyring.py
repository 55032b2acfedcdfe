"""The key ring: signs links and cookies and seals secrets with the keys that are in the database now."""

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy import Connection

from app.actions.signing_keys import ensure_keys, existing_keys, ring_sealer, sealer_in
from app.core.links import LinkSigner, derived_key
from app.core.security_event import account_hash
from app.keys.installation_secret import InstallationSecret
from app.keys.puzzle import Puzzles, Solved
from app.keys.seal import Sealer, Unsealable
from app.keys.signing_key import BadKeys, Key
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, Database

log = structlog.get_logger()
_LOOKED_AT_EVERY = 10.0  # seconds; every process drops a revoked key well within 20
_LOOKED_AT_AT_MOST_EVERY = 1.0  # seconds, for tokens that seem forged


class KeyRing:
    """The keys of one process; safe in every thread. Makes them when there are none. Raises BadKeys.

    While the database is away, or this host lacks a new secret of the installation, the keys stay as last seen.
    """

    def __init__(self, database: Database, secret: InstallationSecret, clock: Callable[[], datetime]) -> None:
        ensure_keys(database, secret, now=clock())
        self._database = database
        self._secret = secret
        self._clock = clock
        self._looking = threading.Lock()
        self._looked_at, self._asked_at = time.monotonic(), -math.inf
        self._fault = ""
        self._take(self._read())

    @property
    def signer(self) -> LinkSigner:
        """Signs and reads links with the current keys."""
        self._keep_up()
        return self._signer

    @property
    def sealer(self) -> Sealer:
        """Opens secrets with the current keys, and seals what is not stored; for what is, see `sealer_in`."""
        self._keep_up()
        return self._sealer

    @property
    def puzzles(self) -> Puzzles:
        """Makes checks with the current keys."""
        self._keep_up()
        return self._puzzles

    @property
    def session_keys(self) -> list[bytes]:
        """Keys for the console's cookie, newest first."""
        self._keep_up()
        return [derived_key(secret, "console-session") for secret in self._secrets]

    def account_hash(self, email: str) -> str:
        """What the security log calls this account, by the key that signs."""
        self._keep_up()
        return account_hash(self._secrets[0], email)

    def solved(self, site: str, solution: str) -> Solved | None:
        """The solved check in a browser's answer; another process may have made it with a new key."""
        found = self.puzzles.solved(site, solution, self._clock())
        if found or not self.look_again():
            return found
        return self.puzzles.solved(site, solution, self._clock())

    def unseal(self, sealed: str) -> str:
        """Decrypt a secret. Looks at the keys again before it raises Unsealable."""
        with suppress(Unsealable):
            return self.sealer.unseal(sealed)
        with self._looking:
            self._look()
        return self._sealer.unseal(sealed)

    def sealer_in(self, connection: Connection) -> Sealer:
        """A sealer for what this transaction stores: see `signing_keys.sealer_in`. Raises BadKeys."""
        return sealer_in(connection, self._secret)

    def look_again(self) -> bool:
        """Look at the keys now, as another process may have made one; False when that was asked within the last
        second."""
        if time.monotonic() < self._asked_at + _LOOKED_AT_AT_MOST_EVERY:
            return False
        self._asked_at = time.monotonic()
        with self._looking:
            self._look()
        return True

    def _keep_up(self) -> None:
        if time.monotonic() - self._looked_at > _LOOKED_AT_EVERY and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        try:
            keys, fault = self._read(), ""
        except DATABASE_FAULTS as away:
            note_database_fault(away, "keys")
            return
        except BadKeys as bad:
            keys, fault = self._keys, str(bad)
        if fault and fault != self._fault:
            log.error("keys_unusable", error=fault)
        self._fault = fault
        self._take(keys)

    def _read(self) -> list[Key]:
        with self._database.read() as connection:
            return existing_keys(connection, self._secret)

    def _take(self, keys: list[Key]) -> None:
        secrets = [key.secret for key in keys if key.is_live(self._clock())]
        self._keys, self._secrets = keys, secrets
        self._signer, self._sealer, self._puzzles = LinkSigner(secrets), ring_sealer(keys), Puzzles(secrets)
