"""Daily figures: equal to a count over all rows, kept once, and still there after personal data is erased."""

import threading
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select, update

from app.actions.figures import Figures, day_by_day, finish_next_day
from app.actions.privacy import prune
from app.core.figures import ALL_SITES, DayFigures, Times, percentile
from app.core.request import RequestState
from app.core.site import Site
from app.keys.seal import Sealer
from app.process.schedule import Schedule
from app.settings import Settings
from app.store.database import Database
from app.store.figures import keep_day
from app.store.requests import StartLink, insert_link, insert_request
from app.store.sites import add_site
from app.store.tables import day_figures, links, tickets
from app.store.tickets import insert_ticket
from tests.actions.desk import DeskAtWork
from tests.conftest import StandingClock
from tests.store.rows import request_row, ticket_row

Samples = dict[tuple[date, str], list[tuple[bool, int | None, int | None]]]


def fill(desk: DeskAtWork, days: int, each: int, seed: int = 1) -> Samples:
    """Requests of two sites on each of the last days; returns the expected samples."""
    chance, now, made = Random(seed), desk.clock(), defaultdict(list)
    desk.database.write(lambda c: add_site(c, Site(slug="shop", name="Shop", uid="shop"), now))

    def write(connection):  # type: ignore[no-untyped-def]
        for back in range(days):
            for _ in range(each):
                midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=back)
                latest = (now - midnight).total_seconds() if back == 0 else 86_399.999
                at = midnight + timedelta(seconds=chance.uniform(0, latest))
                site, opened = chance.choice(["default", "shop"]), chance.random() < 0.8
                to_applet = chance.randrange(100_000) if opened and chance.random() < 0.8 else None
                to_claim = chance.randrange(9_000_000) if opened and chance.random() < 0.7 else None
                row = request_row(site=site, created_at=at, state=RequestState.ENDED, ended_at=at)
                if opened:
                    ticket = insert_ticket(connection, ticket_row(site=site, reference=row.reference, created_at=at))
                    row = replace(row, opened_at=at, ticket_number=ticket.number)
                    if to_claim is not None:
                        claimed = {"claimed_at": at + timedelta(milliseconds=to_claim)}
                        change = update(tickets).where(tickets.c.number == ticket.number)
                        connection.execute(change.values(**claimed))
                insert_request(connection, row)
                if to_applet is not None:
                    opened_at = at + timedelta(milliseconds=to_applet)
                    if chance.random() < 0.5:
                        for later in (0, 7):
                            insert_link(connection, StartLink(f"{row.reference}{later}", row.reference, at))
                            change = update(links).where(links.c.id == f"{row.reference}{later}")
                            connection.execute(change.values(opened_at=opened_at + timedelta(seconds=later)))
                    else:
                        change = update(tickets).where(tickets.c.reference == row.reference)
                        connection.execute(change.values(applet_opened_at=opened_at))
                for which in (site, ALL_SITES):
                    made[at.date(), which].append((opened, to_applet, to_claim))

    desk.database.write(write)
    return made


def counted(made: Samples) -> list[DayFigures]:
    def times(values: list[int | None]) -> Times:
        ordered = sorted(value for value in values if value is not None)
        return Times(percentile(ordered, 50), percentile(ordered, 95))

    return [
        DayFigures(
            day,
            site,
            len(rows),
            sum(opened for opened, _a, _c in rows),
            times([to_applet for _o, to_applet, _c in rows]),
            times([to_claim for _o, _a, to_claim in rows]),
        )
        for (day, site), rows in sorted(made.items())
    ]


def finish(desk: DeskAtWork) -> list[date]:
    finished = []
    while day := finish_next_day(desk.database, now=desk.clock()):
        finished.append(day)
    return finished


def kept(database: Database) -> set[tuple[str, str]]:
    with database.read() as connection:
        return {(row.day, row.site) for row in connection.execute(select(day_figures))}


@pytest.mark.slow
def test_kept_or_live_the_figures_are_those_of_every_row(desk: DeskAtWork) -> None:
    made = fill(desk, days=6, each=60)
    today = desk.clock().date()
    assert finish(desk) == [today - timedelta(days=back) for back in (2, 3, 4, 5)]
    assert finish(desk) == []
    assert Figures(desk.database).of(30, now=desk.clock()) == counted(made)
    for site in (ALL_SITES, "shop"):
        expected = [one for one in counted(made) if one.site == site]
        assert Figures(desk.database).of(30, site, now=desk.clock()) == expected
        assert day_by_day(expected, 6, site, now=desk.clock()) == expected
    assert Figures(desk.database).of(2, now=desk.clock()) == [
        one for one in counted(made) if (today - one.day).days < 2
    ]


def test_the_day_that_has_just_been_finished_is_counted_before_it_is_kept(desk: DeskAtWork) -> None:
    made = fill(desk, days=3, each=20)
    assert Figures(desk.database).of(7, now=desk.clock()) == counted(made)
    assert kept(desk.database) == set()


def test_a_gap_is_filled_and_a_day_of_nothing_is_kept_too(desk: DeskAtWork) -> None:
    assert finish(desk) == []
    fill(desk, days=1, each=5)
    desk.clock.advance(days=10)
    assert len(finish(desk)) == 9
    assert {day for day, _site in kept(desk.database)} == {f"2026-03-{day:02}" for day in range(1, 10)}
    assert finish(desk) == []


def test_whoever_was_helped_the_next_morning_counts(desk: DeskAtWork) -> None:
    late = datetime(2026, 3, 1, 23, 50, tzinfo=UTC)
    at_nine = late + timedelta(hours=9)
    number = desk.database.write(lambda c: insert_ticket(c, ticket_row(created_at=late))).number
    desk.clock.now = datetime(2026, 3, 2, 0, 10, tzinfo=UTC)
    assert finish(desk) == []
    change = update(tickets).where(tickets.c.number == number).values(claimed_at=at_nine)
    desk.database.write(lambda c: c.execute(change).rowcount)
    desk.clock.now = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    assert finish(desk) == [late.date()]
    (day,) = Figures(desk.database).of(3, ALL_SITES, now=desk.clock())[:1]
    assert day.to_claim == Times(9 * 3_600_000, 9 * 3_600_000)


def test_two_processes_that_count_one_day_at_once_keep_it_once(desk: DeskAtWork) -> None:
    fill(desk, days=3, each=40)
    second = Database(desk.database.url.render_as_string(hide_password=False))
    barrier, faults = threading.Barrier(2), []

    def count(database: Database) -> None:
        barrier.wait(10)
        try:
            finish_next_day(database, now=desk.clock())
        except Exception as fault:  # noqa: BLE001 - reported below
            faults.append(fault)

    threads = [threading.Thread(target=count, args=(database,)) for database in (desk.database, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    second.close()
    day = f"{desk.clock().date() - timedelta(days=2)}"
    assert faults == []
    assert kept(desk.database) == {(day, ALL_SITES), (day, "default"), (day, "shop")}


def test_who_comes_second_keeps_nothing(desk: DeskAtWork) -> None:
    first = [DayFigures(date(2026, 2, 1), ALL_SITES, 2), DayFigures(date(2026, 2, 1), "default", 2)]
    other = [DayFigures(date(2026, 2, 1), ALL_SITES, 3), DayFigures(date(2026, 2, 1), "shop", 3)]
    assert desk.database.write(lambda c: keep_day(c, first))
    assert not desk.database.write(lambda c: keep_day(c, other))
    assert kept(desk.database) == {("2026-02-01", ALL_SITES), ("2026-02-01", "default")}


@pytest.mark.slow
def test_the_schedule_counts_days_before_their_persons_are_erased(desk: DeskAtWork, tmp_path: Path) -> None:
    made = fill(desk, days=5, each=20)
    Schedule(desk.database, Settings(data_dir=tmp_path), desk.clock, Sealer([bytes(32)])).run_once()
    before = Figures(desk.database).of(5, now=desk.clock())
    assert before == counted(made)
    clock: StandingClock = desk.clock
    clock.advance(days=40)
    prune(desk.database, timedelta(days=1), now=clock())
    old = [one for one in Figures(desk.database).of(60, now=clock()) if one.day <= date(2026, 2, 27)]
    assert old == [one for one in before if one.day <= date(2026, 2, 27)]


def test_today_is_measured_once_a_minute_however_often_somebody_looks(desk: DeskAtWork) -> None:
    shown = Figures(desk.database)

    def requests(day: date) -> int:
        return next((one.requests for one in shown.of(7, ALL_SITES, now=desk.clock()) if one.day == day), 0)

    today = desk.clock().date()
    assert requests(today) == 0
    row = request_row(created_at=desk.clock())
    desk.database.write(lambda connection: insert_request(connection, row))
    desk.clock.advance(seconds=59)
    assert requests(today) == 0
    desk.clock.advance(seconds=2)
    assert requests(today) == 1
    desk.clock.now = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    assert requests(today) == 1
    assert Figures(desk.database).of(7, ALL_SITES, now=desk.clock())[-1] == DayFigures(date(2026, 3, 2), ALL_SITES)
