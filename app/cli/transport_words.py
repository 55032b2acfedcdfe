"""What `handbell check` says about the connections to PostgreSQL and Redis, and from other hosts."""

from collections.abc import Iterator

from sqlalchemy import Connection

from app.core.fact import Fact
from app.core.transport import bind_warning, database_warning, redis_warning
from app.process.redis_link import redis_link
from app.settings import Settings
from app.store.postgresql import server_link

_WORDS = {
    ("database_url", "not_encrypted"): "the connection to PostgreSQL on {host} may be unencrypted (sslmode={mode}): "
    "add ?sslmode=verify-full to HANDBELL_DATABASE_URL, or set PGSSLMODE",
    ("database_url", "not_verified"): "the connection to PostgreSQL on {host} is encrypted, but the server is not "
    "verified (sslmode=require): use verify-full",
    ("redis_url", "not_encrypted"): "the connection to Redis on {host} is not encrypted: use rediss:// in "
    "HANDBELL_REDIS_URL",
    ("redis_url", "not_verified"): "the connection to Redis on {host} is encrypted, but the server is not verified: "
    "remove ssl_cert_reqs and ssl_check_hostname from HANDBELL_REDIS_URL",
    ("bind", "not_encrypted"): "HANDBELL_BIND is {bind}, and connections from other hosts are not encrypted: run the "
    "proxy on this host with HANDBELL_BIND=127.0.0.1, or use a tunnel between the two",
}


def transport_warnings(connection: Connection, settings: Settings) -> Iterator[str]:
    """A line for each connection to or from another host that may be unencrypted or does not verify the server."""
    database = server_link(connection)
    redis = redis_link(settings.redis_url) if settings.redis_url else None
    found = [
        database and database_warning(database.host, database.ssl_mode, has_root=database.has_root),
        redis and redis_warning(redis.host, encrypted=redis.encrypted, verified=redis.verified),
        bind_warning(settings.bind) if settings.https else None,
    ]
    return (_worded(fact) for fact in found if fact)


def _worded(fact: Fact) -> str:
    return _WORDS[fact.field, fact.code].format_map(fact.values)
