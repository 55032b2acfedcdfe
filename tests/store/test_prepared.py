"""A prepared statement has the same effect as the original."""

from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError

from app.core.customer import NAMES
from app.core.request import RequestState
from app.store.database import Database
from app.store.prepared import Prepared
from app.store.tables import microseconds, requests, tickets
from app.store.tickets import insert_ticket
from app.store.why import COLUMNS as WHY_COLUMNS
from app.store.why import why_columns
from tests.store.rows import NOW, request_row, ticket_row

_COLUMNS = tuple(column.name for column in requests.columns)
_INSERT = Prepared(insert(requests), _COLUMNS)


def values(reference: str) -> dict[str, Any]:
    row = request_row(
        reference=reference,
        idempotency_key=reference,
        status_id=reference,
        state=RequestState.SUSPECT,
        ask_customer_info=True,
        more=(("kostenstelle", "4711"), ("x", "\N{PILE OF POO}")),
        verified=("customer_name", "customer_email"),
        opened_at=NOW,
    )
    own = {name: getattr(row, name) for name in _COLUMNS if name not in (*NAMES, *WHY_COLUMNS)}
    return own | row.customer.values() | why_columns(row.why)


def stored(connection: Connection, reference: str) -> list[Any]:
    """The stored row, without its identifying columns."""
    named = ("reference", "idempotency_key", "status_id")
    columns = ", ".join(f'"{name}"' for name in _COLUMNS if name not in named)
    query = text(f"SELECT {columns} FROM requests WHERE reference = :reference")  # noqa: S608 - our own names
    return list(connection.execute(query, {"reference": reference}).one())


def test_what_is_kept_is_what_sqlalchemy_would_keep(desk: Database) -> None:
    desk.write(lambda connection: _INSERT.run(connection, values("ready-made")))
    desk.write(lambda connection: connection.execute(insert(requests), values("executed")))
    with desk.read() as connection:
        assert stored(connection, "ready-made") == stored(connection, "executed")


def test_a_row_is_as_the_database_has_it_and_limits_are_kept(desk: Database) -> None:
    query = Prepared(
        select(requests.c.created_at)
        .where(requests.c.site == bindparam("site"), requests.c.state == RequestState.SUSPECT)
        .limit(1)
    )
    for reference in ("a", "b"):
        desk.write(lambda connection, named=reference: _INSERT.run(connection, values(named)))  # type: ignore[misc]
    with desk.read() as connection:
        assert query.run(connection, {"site": "default"}).all() == [(microseconds(NOW),)]
        assert query.run(connection, {"site": "nowhere"}).all() == []


def test_a_name_that_is_taken_is_sqlalchemy_s_error(desk: Database) -> None:
    desk.write(lambda connection: _INSERT.run(connection, values("a")))
    with pytest.raises(IntegrityError):
        desk.write(lambda connection: _INSERT.run(connection, values("a")))


def test_tickets_are_numbered_by_the_database(desk: Database) -> None:
    numbers = [desk.write(lambda connection: insert_ticket(connection, ticket_row())).number for _ in range(3)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    with desk.read() as connection:
        assert connection.execute(select(tickets.c.number).order_by(tickets.c.number)).scalars().all() == numbers
