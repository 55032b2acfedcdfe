"""How Redis is reached, as its client reads the address."""

from dataclasses import dataclass

from limits.storage import RedisStorage


@dataclass(frozen=True, slots=True)
class RedisLink:
    """`host` is empty for a Unix socket. `verified` says that the certificate and its name are checked under TLS."""

    host: str
    encrypted: bool
    verified: bool


def redis_link(url: str) -> RedisLink | None:
    """The link to the Redis at this address, without connecting. None if the client refuses the address."""
    try:
        given = RedisStorage(url).storage.connection_pool.connection_kwargs
    except ValueError:
        return None
    certificate = str(given.get("ssl_cert_reqs", "required")).lower()
    verified = certificate not in ("none", "optional") and given.get("ssl_check_hostname", True)
    host = "" if "path" in given else given.get("host", "localhost")
    return RedisLink(host, url.startswith("rediss://"), bool(verified))
