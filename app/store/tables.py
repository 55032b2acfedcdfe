"""The tables. Times are microseconds since 1970 UTC in the database and aware datetimes outside it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    func,
    type_coerce,
)

from app.store.customer import customer_columns, whole_columns

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """A moment as stored."""
    return (moment - _EPOCH) // _TICK


def moment(value: int) -> datetime:
    """A stored value as a moment."""
    return _EPOCH + value * _TICK


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as a whole number of microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


def as_stored(column: ColumnElement[datetime]) -> ColumnElement[int]:
    """A column of moments as the microseconds that it holds."""
    return type_coerce(column, BigInteger)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Pairs(TypeDecorator[tuple[tuple[str, str], ...]]):
    """Names and values in order; empty is stored as NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: tuple[tuple[str, str], ...] | None, dialect: Dialect) -> Any:
        return [list(pair) for pair in value] if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[tuple[str, str], ...]:
        return tuple((name, text) for name, text in value or ())


class Names(TypeDecorator[tuple[str, ...]]):
    """Names separated by blanks; empty is stored as NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return " ".join(value) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value.split()) if value else ()


_AutoId = BigInteger().with_variant(Integer, "sqlite")


def _where(column: Column[Any]) -> dict[str, Any]:
    """Options for an index of only those rows in which this column is not NULL."""
    return _which(column.is_not(None))


def _which(rows: ColumnElement[bool]) -> dict[str, Any]:
    """Options for an index of only these rows."""
    return {"sqlite_where": rows, "postgresql_where": rows}


# One row; `generation` increases with every change to sites, departments, technicians or the desk's options.
configuration = Table(
    "configuration",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("generation", BigInteger, nullable=False),
    Column("options", JSON),
)

sites = Table(
    "sites",
    metadata,
    Column("key", Text, key="slug", primary_key=True),
    Column("name", Text, nullable=False),
    Column("uid", Text, nullable=False, unique=True),
    Column("disabled", Boolean, nullable=False),
    Column("options", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
)

# A site's logo, as we encoded it.
logos = Table(
    "logos",
    metadata,
    Column("site", Text, ForeignKey("sites.slug"), primary_key=True),
    Column("digest", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
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
    Column("role", Text, nullable=False, server_default="technician"),
    Column("away", Boolean, nullable=False, server_default=false()),
    Column("sealed_totp", Text),
    Column("totp_step", BigInteger),
    Column("password_temporary", Boolean, nullable=False, server_default=false()),
)

# Links with which a technician chooses a password, once.
invitations = Table(
    "invitations",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("technician_id", _AutoId, ForeignKey("technicians.id"), nullable=False, index=True),
    Column("expires_at", Moment, nullable=False),
)

# Codes that replace a lost second factor, each once.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("technician_id", _AutoId, ForeignKey("technicians.id"), primary_key=True),
    Column("code_hash", Text, primary_key=True),
)

# Networks of earlier log-ins: wrong tries from other networks do not block them.
known_networks = Table(
    "known_networks",
    metadata,
    Column("account_hash", Text, primary_key=True),
    Column("network", Text, primary_key=True),
    Column("seen_at", Moment, nullable=False),
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
    Column("site", Text, ForeignKey("sites.slug"), nullable=False),
    Column("state", Text, nullable=False),
    Column("backend", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("idempotency_key", Text, unique=True),
    Column("status_id", Text, nullable=False, unique=True),
    Column("department", Text),
    Column("tech", Text),
    *customer_columns(),
    Column("ask_customer_info", Boolean, nullable=False),
    Column("language", Text),
    Column("more", Pairs),
    Column("verified", Names),
    Column("return_to", Text),
    Column("body_hash", Text),
    Column("client_address", Text),
    Column("client_network", Text),
    Column("client_wide", Text),
    Column("attempts", Integer, nullable=False),
    Column("why", Text),
    Column("why_values", JSON(none_as_null=True)),
    Column("last_error", Text),  # a sentence without a code: see store/why.py
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
    Index(None, "site", "created_at"),
    Index(None, "client_network", "created_at"),
)

_mail = func.lower(requests.c.customer_email)
Index("ix_requests_email", _mail, requests.c.created_at, **_where(requests.c.customer_email))
Index(None, requests.c.client_wide, requests.c.created_at, **_where(requests.c.client_wide))
Index(None, requests.c.site, requests.c.due_at, **_where(requests.c.due_at))
Index("ix_requests_with_address", requests.c.created_at, **_where(requests.c.client_address))
Index("ix_requests_not_erased", requests.c.created_at, **_which(requests.c.erased_at.is_(None)))
for column in whole_columns(requests):
    Index(f"ix_requests_{column.name}", column, requests.c.created_at, **_where(column))

# Links with a limited number of openings; other links are columns of their request or ticket.
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
    Column("site", Text, ForeignKey("sites.slug"), nullable=False),
    Column("reference", Text, unique=True),
    Column("state", Text, nullable=False),
    Column("queue_kind", Text, nullable=False),
    Column("department_id", BigInteger),
    Column("technician_id", BigInteger),
    Column("asked_department", Text),
    Column("asked_tech", Text),
    Column("reason", Text, nullable=False),
    *customer_columns(),
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
    Column("owner_id", BigInteger),
    Column("claimed_at", Moment),
    Column("outcome", Text),
    Index(None, "state", "queue_kind", "department_id", "number"),
    Index(None, "state", "technician_id", "number"),
    Index(None, "created_at"),
    Index(None, "state", "number"),
    sqlite_autoincrement=True,
)
Index("ix_tickets_owner", tickets.c.state, tickets.c.owner_id, tickets.c.number, **_where(tickets.c.owner_id))
Index("ix_tickets_email", func.lower(tickets.c.customer_email), **_where(tickets.c.customer_email))
Index("ix_tickets_not_erased", tickets.c.created_at, **_which(tickets.c.erased_at.is_(None)))
for column in whole_columns(tickets):
    Index(f"ix_tickets_{column.name}", column, **_where(column))

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
    Column("pending", Boolean, nullable=False, server_default=false()),
    Column("address", Text),
    Column("user_agent", Text),
    Column("confirmed_at", Moment),
    Column("listened_at", Moment),  # a stream of changes was open
)

# Wrong log-ins of the last hour, by hashed account, by network and by its /48.
failed_logins = Table(
    "failed_logins",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("account_hash", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("wide", Text),
    Index(None, "account_hash", "network", "at"),
    Index(None, "network", "at"),
)
Index(None, failed_logins.c.account_hash, failed_logins.c.wide, failed_logins.c.at, **_where(failed_logins.c.wide))
Index(None, failed_logins.c.wide, failed_logins.c.at, **_where(failed_logins.c.wide))

# Values that count once: solved checks and verified customers' tokens, until they expire.
spent = Table(
    "spent",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("expires_at", Moment, nullable=False, index=True),
)

# The outbox: one notice of an event, by a channel, to a receiver. `body` is sent byte for byte; during a try, `due_at`
# is the end of its lease. Settled ones are due in the year 9999. `lane` is what a receiver that hangs holds up.
notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False, server_default="webhook"),
    Column("site", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    Column("due_at", Moment, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("lease", Text),
    Column("event", Text),
    Column("receiver", Text),
    Column("lane", Text),
    Column("ticket", BigInteger),
    Column("reference", Text),
    Column("why", Text),
    Column("settled_at", Moment),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("perhaps_twice", Boolean, nullable=False, server_default=false()),
)
Index(None, notices.c.reference, **_where(notices.c.reference))
Index("ix_notices_pushed", notices.c.ticket, **_which(notices.c.channel == "push"))

# Browsers that are told by Web Push. `mark` is a hash of the address, `sealed` the subscription, encrypted; `session`
# the public id of the console session in which it was last seen.
push_browsers = Table(
    "push_browsers",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("technician_id", BigInteger, ForeignKey("technicians.id"), nullable=False, index=True),
    Column("mark", Text, nullable=False, unique=True),
    Column("host", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("user_agent", Text),
    Column("session", Text),
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
# The one key that signs what is pushed.
push_keys = Table(
    "push_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("public", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

# What happened, until notices are made of it. Triggers add most of it (migration 0051).
happenings = Table(
    "happenings",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("what", Text, nullable=False),
    Column("ticket", BigInteger),
    Column("reference", Text),
    Column("site", Text),
    Column("who", Text),
    Column("source", BigInteger),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
)

# Who wants to be told of what: the desk (`desk`) and technicians by their ids. Without `rules` the usual ones hold.
notice_settings = Table(
    "notice_settings",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("rules", JSON(none_as_null=True)),
    Column("quiet", Text),
    Column("language", Text),
    Column("details", Boolean, nullable=False, server_default=false()),
)

# Webhooks and chats that are told of events; `sealed` is the address with its secrets.
notice_places = Table(
    "notice_places",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("site", Text),
    Column("shown", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("gone_at", Moment),
    sqlite_autoincrement=True,
)

# Sessions started by a technician: a customer with the PIN or the link gets into that technician's queue. Codes with a
# `ticket` are its customer's, who moves its page to another device.
session_codes = Table(
    "session_codes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("pin", Text, nullable=False, unique=True),
    Column("technician_id", _AutoId, ForeignKey("technicians.id")),
    Column("site", Text, ForeignKey("sites.slug"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("revoked_at", Moment),
    Column("reference", Text, index=True),
    Column("leads_to", Text),
    Column("used_by", Text),
    Column("ticket", BigInteger),
    Index(None, "technician_id", "expires_at"),
)
Index(None, session_codes.c.ticket, **_where(session_codes.c.ticket))
Index(None, session_codes.c.leads_to, **_where(session_codes.c.leads_to))

# Texts that technicians send often, by language; without `technician_id` the desk's.
ready_answers = Table(
    "ready_answers",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("technician_id", _AutoId, ForeignKey("technicians.id"), index=True),
    Column("name", Text, nullable=False),
    Column("texts", JSON, nullable=False),
    Column("version", Integer, nullable=False),
)

# Every administrative act. Triggers refuse to change or delete a row.
audit = Table(
    "audit",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", BigInteger),
    Column("act", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Index(None, "who", "id"),
    Index(None, "act", "id"),
    sqlite_autoincrement=True,
)

# Opening hours of the desk, of a department or of a site; `days` are [date, name, spans].
opening_hours = Table(
    "opening_hours",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("spans", Text, nullable=False),
    Column("country", Text),
    Column("region", Text),
    Column("days", JSON, nullable=False),
)

# One finished day in UTC of one site; '' is the sum of all sites. Times are milliseconds.
day_figures = Table(
    "day_figures",
    metadata,
    Column("day", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("to_applet_median", BigInteger),
    Column("to_applet_p95", BigInteger),
    Column("to_claim_median", BigInteger),
    Column("to_claim_p95", BigInteger),
)

# Erasures on SQLite whose values are still in the write-ahead log. Ids are never reused.
outstanding_erasures = Table(
    "outstanding_erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("erased_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

# Keys that sign links and cookies and seal secrets, each sealed with the installation's secret. The one that was not
# replaced is the newest.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("made_at", Moment),
    Column("replaced_at", Moment),
)

# One row: the oldest schema whose programs may run on this one; and where the data lives, by which a restored backup
# and a promoted standby are noticed. A trigger on PostgreSQL keeps the last two (migration 0014).
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("compatible_from", Text),
    Column("place", Text),
    Column("numbers_place", Text),
    Column("first_number", BigInteger, nullable=False, server_default="0"),
)

# Files kept for a day, such as vendors' applets. `size` is NULL until the last chunk is there.
files = Table(
    "files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("size", BigInteger),
    Column("created_at", Moment, nullable=False, index=True),
)

file_chunks = Table(
    "file_chunks",
    metadata,
    Column("file", Text, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

# The conversation of a ticket. `who` is as in `ticket_events`; the same key of the same person is the same line.
live_lines = Table(
    "live_lines",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("ticket", BigInteger, ForeignKey("tickets.number"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("key", Text),
    Column("file", Text),
    UniqueConstraint("ticket", "who", "key"),
    Index(None, "ticket", "id"),
    sqlite_autoincrement=True,
)

# Messages between the pages of a ticket, for a minute.
live_signals = Table(
    "live_signals",
    metadata,
    Column("id", _AutoId, primary_key=True),
    Column("ticket", BigInteger, ForeignKey("tickets.number"), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("side", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("to", Text),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "ticket", "id"),
    sqlite_autoincrement=True,
)

# What a conversation has beside its lines, from the first time that it has any of it.
live_sessions = Table(
    "live_sessions",
    metadata,
    Column("ticket", BigInteger, ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    Column("screen", Text, nullable=False, server_default="off"),
    Column("joined", JSON(none_as_null=True)),
    Column("facts", JSON(none_as_null=True)),
    Column("helped", Boolean),
    Column("helped_said", Text),
    Column("answered_at", Moment),
    Column("customer_read", BigInteger, nullable=False, server_default="0"),
    Column("technician_read", BigInteger, nullable=False, server_default="0"),
    Column("customer_typing_at", Moment),
    Column("technician_typing_at", Moment),
)

# Open pages of a ticket, and those that were closed lately.
live_here = Table(
    "live_here",
    metadata,
    Column("ticket", BigInteger, ForeignKey("tickets.number"), primary_key=True),
    Column("who", Text, primary_key=True),
    Column("peer", Text, primary_key=True),
    Column("hidden", Boolean, nullable=False),
    Column("since", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    Column("gone_at", Moment),
)

# Files of a conversation, from the first byte on; `kept` are the bytes, and `line` is set once they are all there.
live_files = Table(
    "live_files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("ticket", BigInteger, ForeignKey("tickets.number"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("kept", Text, ForeignKey("files.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("sha256", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("source", Text),
    Column("line", BigInteger),
    UniqueConstraint("ticket", "who", "key"),
)

# Pictures sent with requests; `reference` is NULL until the form that they were added to is sent.
request_pictures = Table(
    "request_pictures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("form", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("reference", Text, ForeignKey("requests.reference"), index=True),
    Column("at", Moment, nullable=False, index=True),
    Column("kept", Text, ForeignKey("files.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    UniqueConstraint("form", "position"),
)

# Applet links that a customer left for another device; they lead nowhere any more.
left_applets = Table(
    "left_applets",
    metadata,
    Column("applet_id", Text, primary_key=True),
    Column("ticket", BigInteger, ForeignKey("tickets.number"), nullable=False, index=True),
    Column("left_at", Moment, nullable=False),
)

# Promises to call customers back; `sent_to` is NULL for what the ticket has, `next_at` when all is told.
call_backs = Table(
    "call_backs",
    metadata,
    Column("ticket", BigInteger, ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    Column("begins_at", Moment, nullable=False, index=True),
    Column("ends_at", Moment, nullable=False, index=True),
    Column("way", Text, nullable=False),
    Column("sent_to", Text),
    Column("made_at", Moment, nullable=False),
    Column("next_at", Moment),
)
Index(None, call_backs.c.next_at, **_where(call_backs.c.next_at))
