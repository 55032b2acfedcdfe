"""The tables. Times are microseconds since 1970 UTC in the database and aware datetimes outside it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as a whole number of microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _TICK

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _TICK


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Pairs(TypeDecorator[tuple[tuple[str, str], ...]]):
    """Names and values in their order; nothing is NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: tuple[tuple[str, str], ...] | None, dialect: Dialect) -> Any:
        return [list(pair) for pair in value] if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[tuple[str, str], ...]:
        return tuple((name, text) for name, text in value or ())


class Names(TypeDecorator[tuple[str, ...]]):
    """Names with blanks between them; none is NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return " ".join(value) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value.split()) if value else ()


_AutoId = BigInteger().with_variant(Integer, "sqlite")

# One row; `generation` goes up with every change to sites, departments or technicians.
configuration = Table(
    "configuration",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("generation", BigInteger, nullable=False),
)

sites = Table(
    "sites",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("uid", Text, nullable=False, unique=True),
    Column("disabled", Boolean, nullable=False),
    Column("options", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
)

departments = Table(
    "departments",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

technicians = Table(
    "technicians",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("technician_id", _AutoId, ForeignKey("technicians.id"), primary_key=True),
    Column("department_id", BigInteger, ForeignKey("departments.id"), primary_key=True),
)

requests = Table(
    "requests",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("site", Text, ForeignKey("sites.key"), nullable=False),
    Column("state", Text, nullable=False),
    Column("backend", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("idempotency_key", Text, unique=True),
    Column("status_id", Text, nullable=False, unique=True),
    Column("department", Text),
    Column("tech", Text),
    Column("customer_name", Text),
    Column("customer_email", Text),
    Column("customer_number", Text),
    Column("problem_description", Text),
    Column("ask_customer_info", Boolean, nullable=False),
    Column("language", Text),
    Column("more", Pairs),
    Column("verified", Names),
    Column("return_to", Text),
    Column("body_hash", Text),
    Column("client_address", Text),
    Column("client_network", Text),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("ticket_number", BigInteger),
    Column("session_id", Text),
    Column("vendor_ticket", Text),
    Column("start", Text),
    Column("applet_link", Text),
    Column("applet_file", Text),
    Column("applet_name", Text),
    Column("applet_type", Text),
    Column("user_agent", Text),
    Column("accept_language", Text),
    Column("due_at", Moment),
    Column("waiting_since", Moment),
    Column("lease", Text),
    Column("unsure", Integer, nullable=False, server_default="0"),
    Column("lost", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("opened_at", Moment),
    Column("ended_at", Moment),
    Column("erased_at", Moment),
    Index(None, "created_at"),
    Index(None, "state", "created_at"),
    Index(None, "client_network", "created_at"),
)

# Links that may be opened a limited number of times; the others live in their request's or ticket's row.
links = Table(
    "links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("reference", Text, ForeignKey("requests.reference"), nullable=False, index=True),
    Column("expires_at", Moment, nullable=False),
    Column("opens", Integer, nullable=False),
    Column("opened_at", Moment),
)

tickets = Table(
    "tickets",
    metadata,
    Column("number", _AutoId, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("pin", Text, nullable=False),
    Column("site", Text, ForeignKey("sites.key"), nullable=False),
    Column("reference", Text, unique=True),
    Column("state", Text, nullable=False),
    Column("queue_kind", Text, nullable=False),
    Column("department_id", BigInteger),
    Column("technician_id", BigInteger),
    Column("asked_department", Text),
    Column("asked_tech", Text),
    Column("reason", Text, nullable=False),
    Column("customer_name", Text),
    Column("customer_email", Text),
    Column("customer_number", Text),
    Column("problem_description", Text),
    Column("ask_customer_info", Boolean, nullable=False),
    Column("info_mode", Text, nullable=False),
    Column("language", Text),
    Column("more", Pairs),
    Column("verified", Names),
    Column("applet_id", Text, nullable=False, unique=True),
    Column("applet_opened_at", Moment),
    Column("details_saved_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("erased_at", Moment),
    Index(None, "state", "queue_kind", "department_id", "number"),
    Index(None, "state", "technician_id", "number"),
    Index(None, "created_at"),
    sqlite_autoincrement=True,
)

ticket_events = Table(
    "ticket_events",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("ticket_number", BigInteger, ForeignKey("tickets.number"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", JSON, nullable=False),
)

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("technician_id", _AutoId, ForeignKey("technicians.id"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

# Wrong log-ins of the last minutes, by hashed account and by network.
failed_logins = Table(
    "failed_logins",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("account_hash", Text, nullable=False),
    Column("network", Text, nullable=False),
    Index(None, "account_hash", "network", "at"),
    Index(None, "network", "at"),
)

# What counts once: solved checks and verified customers' tokens, until they end by themselves.
spent = Table(
    "spent",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("expires_at", Moment, nullable=False, index=True),
)

# What a site's webhook is yet to be told. `body` is what is sent, to the byte; while a try is under way, `due_at`
# is the end of its lease.
notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("lease", Text),
)
