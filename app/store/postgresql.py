"""PostgreSQL: how its servers are reached, and what is checked there."""

import re
import select
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import NullPool

_HOSTS = re.compile(r"^(?P<before>[^/?#]*://(?:[^/?#]*@)?)(?P<hosts>[^/?#@]*,[^/?#@]*)(?P<after>[/?#].*)?$")
_POOLER = "pgbouncer"
_READ_ONLY = "25006"  # SQLSTATE
# A server that dies without a word is noticed within seconds; the system's own limits are hours.
_LINK = {
    "connect_timeout": 3,  # seconds, for each host
    "tcp_user_timeout": 5_000,  # milliseconds
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
# Compiling a statement or starting workers for it takes longer than ours take, and a wrong estimate is enough for that.
_OF_SESSIONS = {
    "synchronous_commit": "on",
    "statement_timeout": "30000",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
_OPTIONS = {"options": " ".join(f"-c {name}={value}" for name, value in _OF_SESSIONS.items())}


def in_one_form(address: str) -> str:
    """The address with libpq's list of hosts (`db1:5432,db2:5432`) as SQLAlchemy reads it; others are unchanged."""
    found = _HOSTS.match(address)
    if not found:
        return address
    hosts = "&".join(f"host={host}" for host in found["hosts"].split(","))
    path, mark, query = (found["after"] or "").partition("?")
    return f"{found['before']}{path or '/'}?{hosts}{'&' if mark else ''}{query}"


def open_postgresql(url: URL) -> Engine:
    """An engine for this address. Of several hosts it uses the one that takes writes.

    `pgbouncer=true` in the address is for a pooler that gives each transaction another connection: nothing is prepared
    on the server, and no option is sent.
    """
    pooled = url.query.get(_POOLER) == "true"
    given = url.difference_update_query([_POOLER])
    arguments: dict[str, Any] = _LINK | ({"prepare_threshold": None} if pooled else _OPTIONS)
    if _has_several_hosts(given):
        arguments["target_session_attrs"] = "read-write"
    engine = create_engine(
        given,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        # A statement takes milliseconds, so threads wait for a connection rather than use up the server's.
        pool_size=12,
        max_overflow=4,
        pool_timeout=20,
        pool_recycle=1800,
        connect_args={name: value for name, value in arguments.items() if name not in given.query},
    )
    event.listen(engine, "checkout", _look_before_use)
    event.listen(engine, "handle_error", _leave_standby)
    return engine


def open_alone(url: URL) -> Engine:
    """An engine without a pool, for a connection on which a thread waits for long.

    A server that vanishes without a word is noticed within a minute.
    """
    given = url.difference_update_query([_POOLER])
    waits = {"connect_timeout": 5, "keepalives": 1, "keepalives_idle": 20, "keepalives_interval": 10}
    arguments: dict[str, Any] = {**waits, "keepalives_count": 3}
    if _has_several_hosts(given):
        arguments["target_session_attrs"] = "read-write"
    arguments = {name: value for name, value in arguments.items() if name not in given.query}
    return create_engine(
        given, hide_parameters=True, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=arguments
    )


def _has_several_hosts(url: URL) -> bool:
    hosts = url.query.get("host", "")
    return not isinstance(hosts, str) or "," in hosts


def _look_before_use(raw: Any, _record: object, _proxy: object) -> None:
    """Raises DisconnectionError where the server ended the connection while nobody used it: the pool makes another.

    An idle connection has nothing to read but its end. Asking the server would cost each use a round trip.
    """
    poll = select.poll()
    poll.register(raw.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError


def _leave_standby(context: ExceptionContext) -> None:
    """Drop the connections to a server that has become read-only: there may be another one by now."""
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True


def postgresql_faults(connection: Connection) -> list[str]:
    """Settings that the database must have and has not; empty when all are right."""
    wanted = {"synchronous_commit": ("on", "remote_write", "remote_apply"), "server_encoding": ("UTF8",)}
    return [
        f"{name}={values[0]}"
        for name, values in wanted.items()
        if connection.exec_driver_sql(f"SHOW {name}").scalar_one() not in values
    ]


def is_read_only(connection: Connection) -> bool:
    """Whether the server takes no writes now: a standby, or one that was set so."""
    return bool(connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on")


@dataclass(frozen=True, slots=True)
class ServerLink:
    """How PostgreSQL is reached: libpq's `host` (a name, an address or the folder of a socket), its `sslmode`, and
    whether `sslrootcert` is set."""

    host: str
    ssl_mode: str
    has_root: bool


def server_link(connection: Connection) -> ServerLink | None:
    """The link of this connection, as set by address, environment or service file. None on SQLite."""
    if connection.dialect.name != "postgresql":
        return None
    info = connection.connection.driver_connection.info  # type: ignore[union-attr]
    given = info.get_parameters()  # without defaults
    return ServerLink(info.host, given.get("sslmode", "prefer"), "sslrootcert" in given)
