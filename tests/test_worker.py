"""Background work: what is due is done, and it ends when told to."""

from pathlib import Path

from app.core.ticket import TicketState
from app.settings import Settings
from app.store.database import Database
from app.store.tickets import insert_ticket, list_tickets
from app.worker import Schedule
from tests.conftest import StandingClock, fill_desk
from tests.store.rows import ticket_row


def test_all_that_is_due_is_done(database: Database, clock: StandingClock, tmp_path: Path) -> None:
    fill_desk(database, clock())
    schedule = Schedule(database, Settings(data_dir=tmp_path, retention_days=2), clock)
    database.write(lambda c: insert_ticket(c, ticket_row(customer_name="Zoë", created_at=clock())))
    assert schedule.run_once().tickets_expired == 0
    clock.advance(days=7, seconds=1)
    assert schedule.run_once().tickets_expired == 1
    clock.advance(days=2, seconds=1)
    assert schedule.run_once().tickets_erased == 1
    with database.read() as connection:
        (ticket,) = list_tickets(connection)
    assert (ticket.state, ticket.customer_name) == (TicketState.EXPIRED, None)


def test_it_ends_when_told_to(sqlite_url: str, clock: StandingClock, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    schedule = Schedule(database, Settings(data_dir=tmp_path), clock)
    schedule.start()
    assert schedule._thread.is_alive()
    schedule.stop()
    assert not schedule._thread.is_alive()
    database.close()
