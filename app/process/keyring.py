"""The key ring: signs links and cookies and seals secrets with the current keys file."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.core.links import LinkSigner, derived_key
from app.core.security_event import account_hash
from app.keys.key_file import BadKeys, Key, ensure_keys, keys_held, live_keys, read_keys
from app.keys.puzzle import Puzzles
from app.keys.seal import Sealer, Unsealable
from app.process.clock import Clock

_LOOKED_AT_EVERY = 20.0  # seconds; every process drops a revoked key well within 60
_LOOKED_AT_AT_MOST_EVERY = 1.0  # seconds, for tokens that seem forged


class KeyRing:
    """The keys of one process; safe in every thread. Makes the file when there is none. Raises BadKeys."""

    def __init__(self, path: Path, clock: Clock) -> None:
        ensure_keys(path, clock())
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at = time.monotonic()
        self._take(read_keys(path))

    @property
    def signer(self) -> LinkSigner:
        """Signs and reads links with the current keys."""
        self._keep_up()
        return self._signer

    @property
    def sealer(self) -> Sealer:
        """Seals and opens secrets with the current keys."""
        self._keep_up()
        return self._sealer

    @property
    def puzzles(self) -> Puzzles:
        """Makes and verifies checks with the current keys."""
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

    def unseal(self, sealed: str) -> str:
        """Decrypt a secret. Rereads the keys file before it raises Unsealable."""
        with suppress(BadKeys, Unsealable):
            return self.sealer.unseal(sealed)
        with suppress(BadKeys):
            self._look()
        return self._sealer.unseal(sealed)

    @contextmanager
    def sealing(self) -> Iterator[Sealer]:
        """A sealer; until the block ends no key is removed on this host, so store what was sealed before then.

        Raises BadKeys.
        """
        with keys_held(self._path):
            self._look()
            yield self._sealer

    def look_again(self) -> bool:
        """Reread the keys file now, as another process may have made a key; False when it was read within the last
        second.

        Raises BadKeys.
        """
        if time.monotonic() - self._looked_at < _LOOKED_AT_AT_MOST_EVERY:
            return False
        self._look()
        return True

    def _keep_up(self) -> None:
        if time.monotonic() - self._looked_at > _LOOKED_AT_EVERY:
            self._look()

    def _look(self) -> None:
        with self._lock:
            keys = read_keys(self._path)
            if keys != self._keys or self._live(keys) != self._secrets:
                self._take(keys)
            self._looked_at = time.monotonic()

    def _take(self, keys: list[Key]) -> None:
        self._keys, self._secrets = keys, self._live(keys)
        self._signer, self._sealer = LinkSigner(self._secrets), Sealer([key.secret for key in keys])
        self._puzzles = Puzzles(self._secrets)

    def _live(self, keys: list[Key]) -> list[bytes]:
        return [key.secret for key in live_keys(keys, self._clock())]
