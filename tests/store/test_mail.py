"""A person is found by an index, with the address in any case, on both databases."""

import pytest
from sqlalchemy import Connection, Select, Table, select

from app.core.ticket import Ticket
from app.store.database import Database
from app.store.mail import is_mail
from app.store.tables import requests, tickets
from app.store.tickets import insert_ticket, tickets_of_person
from tests.conftest import StandingClock, fill_desk
from tests.store.rows import ticket_row


def plan(connection: Connection, query: Select[tuple[object, ...]]) -> str:
    """The query plan; for PostgreSQL without sequential scans, which it prefers for a nearly empty table."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET enable_seqscan = off")
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    return " ".join(str(row) for row in connection.exec_driver_sql(f"{explain} {text.replace('%', '%%')}"))


@pytest.mark.parametrize("table", [requests, tickets])
def test_an_index_finds_an_address_and_a_number(database: Database, table: Table) -> None:
    with database.read() as connection:
        by_mail = plan(connection, select(table).where(is_mail(table.c.customer_email, "Zoe@example.com")))
        by_number = plan(connection, select(table).where(table.c.customer_number == "C-1"))
    assert f"ix_{table.name}_email" in by_mail
    assert f"ix_{table.name}_customer_number" in by_number


def test_an_address_is_found_in_any_case(database: Database, clock: StandingClock) -> None:
    fill_desk(database, clock())
    for email in ("Zoe@Example.com", "zoe@example.com", "zoe@example.org"):
        row: Ticket = ticket_row(customer_email=email, created_at=clock())
        database.write(lambda connection, row=row: insert_ticket(connection, row))  # type: ignore[misc]
    with database.read() as connection:
        found = tickets_of_person(connection, email="ZOE@EXAMPLE.COM")
    assert [ticket.customer.email for ticket in found] == ["Zoe@Example.com", "zoe@example.com"]
