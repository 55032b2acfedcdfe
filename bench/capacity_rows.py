"""Fills a database with the requests of 1,000 sites with 10,000 a day: as many of the newest of them as are wanted.

The rows are put into the schema of revision BEGUN, so that the migrations since then can be measured on them. The
newest 1,000 are the same, whatever came before them.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from sqlalchemy.engine import make_url

from app.actions.figures import LOOKED_BACK
from app.core.figures import UNFINISHED
from app.store.database import Database
from app.store.migrate import alembic_config
from app.store.tables import microseconds

BEGUN = "0005"
SITES = 1_000
A_DAY = 10_000
BIGGEST = "s0"  # the site with a fifth of all requests
RARE_MAIL = "customer100@example.com"  # of three requests, all among the newest 1,000
SHARED_MAIL = "info@example.com"  # of a fifth of them
_STEP = timedelta(days=1) / A_DAY
_DAY, _WEEK, _MONTH = A_DAY, 7 * A_DAY, 30 * A_DAY  # rows
_AT_ONCE = 200_000  # rows in one statement
_FIRST_TICKET = 200_000
_TABLES = ("requests", "tickets", "links", "ticket_events", "session_codes")

Execute = Callable[[str], Any]


def fill(url: str, rows: int, now: datetime) -> None:
    """Make the schema of BEGUN with this many requests, the last of which came in a moment before `now`."""
    database = Database(url)
    upgrade(database, BEGUN)
    database.close()
    with plainly(url) as execute:
        execute(_SITES.format(**_words(url), last=SITES - 1, at=microseconds(now)))
        restore = _without_indexes(url, execute)
        for low in range(0, rows, _AT_ONCE):
            part = _words(url, low=low, high=min(low + _AT_ONCE, rows) - 1)
            for statement in _ROWS:
                execute(statement.format(**part, **_values(rows, now)))
        for statement in restore:
            execute(statement)
        execute(_vacuum(url))


def fill_rest(url: str, rows: int, now: datetime) -> None:
    """Add what the newest schema has: each site's figures of finished days, as many as pages look at or more, and the
    codes of a tenth of the sessions."""
    with plainly(url) as execute:
        days = _words(url, low=UNFINISHED, high=max(LOOKED_BACK, rows // A_DAY))
        for site, source in (("key", f"{days['n']}, sites"), ("''", days["n"])):
            execute(_FIGURES.format(**{**days, "n": source}, site=site))
        values = {**_words(url, low=max(0, rows - _MONTH), high=rows - 1), **_values(rows, now)}
        execute(_CODES.format(**values))
        execute(_vacuum(url))


def upgrade(database: Database, revision: str) -> None:
    """Bring the schema to this revision."""
    with database.exclusive() as connection:
        connection.exec_driver_sql("SELECT 1")  # Alembic commits when no transaction has begun
        command.upgrade(alembic_config(connection), revision)


@contextmanager
def plainly(url: str) -> Iterator[Execute]:
    """A connection of the driver's own for statements in bulk, which may lose all when the power fails."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as connection:
            for pragma in ("synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
            yield lambda statement: connection.execute(statement).fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as server:
        server.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET jit = off")
        yield lambda statement: server.execute(statement)  # noqa: PLW0108 - literal strings alone, says its type


def bytes_of(url: str) -> int:
    """Size of the database on disk."""
    if url.startswith("sqlite"):
        return Path(make_url(url).database or "").stat().st_size
    with psycopg.connect(url.replace("+psycopg", "")) as server:
        found = server.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(found[0]) if found else 0


def _without_indexes(url: str, execute: Execute) -> list[str]:
    """Remove the tables' indexes, as far as they can be removed, and return what makes them again."""
    if url.startswith("sqlite"):
        found = execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        indexes = [(name, sql) for name, sql in found if any(f" ON {table} " in sql for table in _TABLES)]
        for name, _sql in indexes:
            execute(f"DROP INDEX {name}")
        return [sql for _name, sql in indexes]
    tables = ", ".join(f"'{table}'::regclass" for table in _TABLES)
    # Keys of their own tables first, as those of others refer to them.
    constraints = execute(
        f"SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "  # noqa: S608 - numbers and names of ours
        f"WHERE conrelid IN ({tables}) ORDER BY contype = 'f'"
    ).fetchall()
    for table, name, _what in reversed(constraints):
        execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    names = ", ".join(f"'{table}'" for table in _TABLES)
    indexes = execute(f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({names})").fetchall()  # noqa: S608 - numbers and names of ours
    for name, _sql in indexes:
        execute(f"DROP INDEX {name}")
    again = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {what}" for table, name, what in constraints]
    return [*again, *(sql for _name, sql in indexes)]


def _vacuum(url: str) -> str:
    return "SELECT 1" if url.startswith("sqlite") else "VACUUM ANALYZE"


def _words(url: str, low: int = 0, high: int = SITES - 1) -> dict[str, str]:
    """What the two databases spell differently; `i` goes from `low` to `high`."""
    if url.startswith("sqlite"):
        return {
            "next": f"WITH RECURSIVE n(i) AS (SELECT {low} UNION ALL SELECT i + 1 FROM n WHERE i < {high})",  # noqa: S608 - numbers and names of ours
            "n": "n",
            "no": "0",
            "nothing": "'{}'",
            "note": _NOTE,
            "day": "date('now', -i || ' days')",
        }
    return {
        "next": "",
        "n": f"(SELECT i::bigint FROM generate_series({low}, {high}) AS i) AS n",  # noqa: S608 - numbers and names of ours
        "no": "false",
        "nothing": "'{}'::json",
        "note": f"{_NOTE}::json",
        "day": "to_char(now() AT TIME ZONE 'UTC' - i * interval '1 day', 'YYYY-MM-DD')",
    }


def _values(rows: int, now: datetime) -> dict[str, Any]:
    step = _STEP // timedelta(microseconds=1)
    return {
        "last": rows - 1,
        "step": step,
        "at": microseconds(now),
        "day_rows": _DAY,
        "week": _WEEK,
        "month": _MONTH,
        "ticket": _FIRST_TICKET,
        "reference": _letters(_scrambled(679_498_973_627), dash=True),
        "id1": _letters(_scrambled(715_827_882_667)),
        "id2": _letters(_scrambled(594_741_003_113)),
    }


def _scrambled(factor: int) -> str:
    """A number of 40 bits, another one for each `i`."""
    return f"((i * {factor}) % 1099511627776)"


def _letters(number: str, *, dash: bool = False) -> str:
    """Eight letters for a number of 40 bits, spelled as a reference."""
    letter = "substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', CAST(({number} >> {bits}) & 31 AS INTEGER) + 1, 1)"
    letters = [letter.format(number=number, bits=bits) for bits in range(35, -1, -5)]
    return " || ".join([*letters[:4], "'-'", *letters[4:]] if dash else letters)


_NOTE = """'{"text": [null, "Asked for the model."]}'"""
_SITES = """INSERT INTO sites (key, name, uid, disabled, options, created_at)
 {next} SELECT 's' || i, 'Site ' || i, 'uid-' || i, {no}, {nothing}, {at} FROM {n}
 UNION ALL SELECT 'default', 'Support', 'uid-default', {no}, {nothing}, {at}"""

# `k` is the age: 0 for the newest. Of the newest 1,000, some are suspect, parked or waiting; the newest 800 others are
# still open.
_EACH = """SELECT i, k, created_at, created_at + 20000000 AS opened_at,
 CASE WHEN k >= 800 THEN created_at + 2700000000 END AS ended_at, k < {month} AS fresh,
 CASE WHEN k < 1000 AND k % 10 = 7 THEN 'suspect' WHEN k < 1000 AND k % 10 = 1 THEN 'parked'
  WHEN k < 1000 AND k % 100 = 2 THEN 'waiting' WHEN k < 800 THEN 'opened' ELSE 'ended' END AS state,
 's' || CASE WHEN k % 10 IN (0, 4) THEN 0 WHEN k < 1000 THEN k WHEN k % 2 = 1 THEN (spread % 50)
  ELSE (spread % 1000) END AS site,
 CASE WHEN k % 5 = 3 THEN 'info@example.com' ELSE 'customer' || (k / 3) || '@example.com' END AS mail
 FROM (SELECT i, {last} - i AS k, {at} - ({last} - i + 1) * {step} AS created_at,
  (i * 2654435761 % 4294967296) / 65536 AS spread FROM {n}) AS row"""
_OPENED = "state IN ('opened', 'ended')"
_TICKET = f"k % 10 > 2 AND {_OPENED}"
_ROWS = (
    f"""INSERT INTO requests (reference, site, state, backend, source, idempotency_key, status_id, customer_name,
 customer_email, customer_number, problem_description, ask_customer_info, language, client_address, client_network,
 attempts, last_error, ticket_number, session_id, created_at, opened_at, ended_at, erased_at, vendor_ticket, start,
 user_agent, accept_language, due_at, waiting_since)
 {{next}} SELECT {{reference}}, site, state, CASE WHEN k % 10 < 3 THEN 'take-control' ELSE 'embedded' END,
 CASE k % 4 WHEN 0 THEN 'api' WHEN 1 THEN 'form' ELSE 'page' END,
 CASE WHEN k < {{day_rows}} THEN {{id2}} || {{id1}} END, {{id1}} || {{id2}},
 CASE WHEN fresh THEN 'Customer ' || (k / 3) END, CASE WHEN fresh THEN mail END,
 CASE WHEN fresh THEN 'C-' || (k / 3) END,
 CASE WHEN fresh THEN 'The printer on floor ' || (k % 40) || ' prints nothing since this morning, and says that its '
  || 'paper is gone; we have put in new paper twice, and turned it off and on.' END,
 {{no}}, CASE WHEN fresh THEN 'en' END,
 CASE WHEN k < {{week}} THEN '203.0.' || ((k % 7000) / 250) || '.' || (k % 250) END,
 CASE WHEN k < {{week}} THEN '203.0.' || ((k % 7000) / 250) || '.' || (k % 250) END,
 CASE WHEN k % 10 < 3 THEN 1 ELSE 0 END, CASE WHEN state = 'parked' THEN 'the vendor answered 401: the account key is '
  || 'wrong, disabled or expired' WHEN state = 'suspect' THEN 'suspect: sent within two seconds' END,
 CASE WHEN {_TICKET} THEN {{ticket}} + i END, CASE WHEN {_OPENED} THEN {{id2}} END, created_at,
 CASE WHEN {_OPENED} THEN opened_at END, CASE WHEN state = 'ended' THEN ended_at END,
 CASE WHEN NOT fresh THEN ended_at + 2592000000000 END, CASE WHEN k % 10 < 3 AND {_OPENED} THEN 'T' || i END,
 CASE WHEN {_TICKET} THEN 'desk' WHEN {_OPENED} THEN 'link' END,
 CASE WHEN k < {{week}} THEN 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) '
  || 'Chrome/140.0.0.0 Safari/537.36' END, CASE WHEN k < {{week}} THEN 'en-GB,en;q=0.9' END,
 CASE WHEN state = 'waiting' THEN {{at}} + 864000000000 END, CASE WHEN state = 'waiting' THEN {{at}} + 864000000000 END
 FROM ({_EACH}) AS made""",  # noqa: S608 - numbers and names of ours
    f"""INSERT INTO tickets (number, session_id, pin, site, reference, state, queue_kind, department_id, technician_id,
 reason, customer_name, customer_email, customer_number, problem_description, ask_customer_info, info_mode, language,
 applet_id, applet_opened_at, created_at, ended_at, erased_at, owner_id, claimed_at, outcome)
 {{next}} SELECT {{ticket}} + i, {{id2}}, 100000000 + i, site, {{reference}},
 CASE WHEN k >= 800 THEN 'closed' WHEN k % 2 = 0 THEN 'waiting' ELSE 'active' END,
 CASE k % 4 WHEN 0 THEN 'department' WHEN 1 THEN 'technician' ELSE 'general' END, CASE k % 4 WHEN 0 THEN 10 END,
 CASE k % 4 WHEN 1 THEN 1 END, 'nothing_asked', CASE WHEN fresh THEN 'Customer ' || (k / 3) END,
 CASE WHEN fresh THEN mail END, CASE WHEN fresh THEN 'C-' || (k / 3) END,
 CASE WHEN fresh THEN 'The printer on floor ' || (k % 40) || ' prints nothing since this morning, and says that its '
  || 'paper is gone; we have put in new paper twice, and turned it off and on.' END,
 {{no}}, 'ask', CASE WHEN fresh THEN 'en' END, {{id1}} || {{id2}}, opened_at + 30000000, created_at, ended_at,
 CASE WHEN NOT fresh THEN ended_at + 2592000000000 END, CASE WHEN k >= 800 OR k % 2 = 1 THEN 1 + k % 5 END,
 CASE WHEN k >= 800 OR k % 2 = 1 THEN created_at + 90000000 END, CASE WHEN k >= 800 THEN 'solved' END
 FROM ({_EACH}) AS made WHERE {_TICKET}""",  # noqa: S608 - numbers and names of ours
    f"""INSERT INTO links (id, reference, expires_at, opens, opened_at)
 {{next}} SELECT {{id2}} || {{id1}}, {{reference}}, created_at + 900000000, 1, opened_at
 FROM ({_EACH}) AS made WHERE fresh AND {_OPENED}""",  # noqa: S608 - numbers and names of ours
    f"""INSERT INTO ticket_events (ticket_number, at, who, what, detail)
 {{next}} SELECT {{ticket}} + i, created_at + 90000000 * line, 1 + k % 5,
 CASE line WHEN 1 THEN 'claimed' WHEN 2 THEN 'note' ELSE 'closed' END, {{note}}
 FROM ({_EACH}) AS made, (SELECT 1 AS line UNION SELECT 2 UNION SELECT 3) AS lines
 WHERE fresh AND {_TICKET} AND (line = 1 OR k >= 800)""",  # noqa: S608 - numbers and names of ours
)
_FIGURES = """INSERT INTO day_figures (day, site, requests, opened, to_applet_median, to_applet_p95, to_claim_median,
 to_claim_p95) {next} SELECT {day}, {site}, 10, 9, 30000, 90000, 90000, 240000 FROM {n}"""
_CODES = f"""INSERT INTO session_codes (id, pin, technician_id, site, created_at, expires_at, reference, leads_to)
 {{next}} SELECT {{id1}}, 200000000 + i, 1 + k % 5, site, created_at, created_at + 900000000,
 CASE WHEN k % 20 = 4 THEN {{reference}} END, CASE WHEN k % 20 = 14 THEN {{reference}} END
 FROM ({_EACH}) AS made WHERE k % 10 = 4"""  # noqa: S608 - numbers and names of ours
