"""Whether connections to PostgreSQL and Redis on other hosts are encrypted, and their servers verified; whether those
from other hosts can be."""

from ipaddress import ip_address

from app.core.fact import Fact

_UNENCRYPTED = ("disable", "allow", "prefer")  # libpq's modes; `prefer` continues without TLS if the server refuses it


def database_warning(host: str, ssl_mode: str, *, has_root: bool) -> Fact | None:
    """A fact about `database_url`, from libpq's `host` and `sslmode`. `has_root` says that `sslrootcert` is set: then
    `require` verifies the certificate too."""
    if _is_here(host):
        return None
    values = {"host": host, "mode": ssl_mode}
    if ssl_mode in _UNENCRYPTED:
        return Fact("database_url", "not_encrypted", values)
    return Fact("database_url", "not_verified", values) if ssl_mode == "require" and not has_root else None


def redis_warning(host: str, *, encrypted: bool, verified: bool) -> Fact | None:
    """A fact about `redis_url`."""
    if _is_here(host) or (encrypted and verified):
        return None
    return Fact("redis_url", "not_verified" if encrypted else "not_encrypted", {"host": host})


def bind_warning(bind: str) -> Fact | None:
    """A fact about `bind`, where customers come over https: Handbell itself speaks http."""
    return None if _is_here(bind) else Fact("bind", "not_encrypted", {"bind": bind})


def _is_here(host: str) -> bool:
    """Whether it is this machine: a Unix socket, no host, or loopback."""
    if not host or host[0] in "/@" or host.lower() == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
