"""The list of requests: every filter, page by page, gives the same as a scan of all rows."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from random import Random

import pytest
from sqlalchemy import Connection

from app.core.declaration import declared
from app.core.request import CustomerRequest, RequestState
from app.core.site import Site
from app.store import request_list
from app.store.database import Database
from app.store.request_list import Wanted, newest_requests
from app.store.requests import insert_request
from app.store.sites import add_site
from tests.store.rows import NOW, request_row

BACKENDS = [known.name for known in declared()]


@pytest.fixture
def rows(desk: Database) -> list[CustomerRequest]:
    """Many requests of two sites, some with equal times, newest first."""
    chance = Random(3)
    made = [
        request_row(
            site=chance.choice(["default", "shop"]),
            backend=chance.choice(BACKENDS[:3]),
            state=chance.choice(list(RequestState)),
            created_at=NOW + timedelta(seconds=chance.randrange(40)),
            customer_email=chance.choice(["Zoe@Example.com", "ben@example.com", None]),
            customer_number=chance.choice(["C-1", "7K3M-Q2XH", None]),
        )
        for _ in range(150)
    ]

    def fill(connection: Connection) -> None:
        add_site(connection, Site(slug="shop", name="Shop", uid="shop"), NOW)
        for row in made:
            insert_request(connection, row)

    desk.write(fill)
    return sorted(made, key=lambda row: (row.created_at, row.reference), reverse=True)


def pages(database: Database, wanted: Wanted, most: int) -> Iterator[list[CustomerRequest]]:
    before = None
    while True:
        with database.read() as connection:
            page = newest_requests(connection, wanted, before, most)
        yield page.requests
        if page.older is None:
            return
        before = page.older


def fits(row: CustomerRequest, wanted: Wanted) -> bool:
    about = {row.reference, row.customer.number, (row.customer.email or "").lower()}
    return (
        wanted.state in (None, row.state)
        and wanted.site in (None, row.site)
        and wanted.backend in (None, row.backend)
        and (not wanted.text or bool(about & {wanted.text, wanted.text.lower()}))
    )


@pytest.mark.slow
@pytest.mark.parametrize("looked_through", [2_000, 20])
def test_every_filter_finds_all_there_are_in_order(
    desk: Database, rows: list[CustomerRequest], monkeypatch: pytest.MonkeyPatch, looked_through: int
) -> None:
    monkeypatch.setattr(request_list, "LOOKED_THROUGH", looked_through)
    texts = ("", "zoe@EXAMPLE.com", "C-1", "7K3M-Q2XH", rows[7].reference, "nobody")
    states = (None, RequestState.OPENED, RequestState.PARKED)
    for state, site, backend, text in product(states, (None, "shop"), (None, BACKENDS[1], BACKENDS[3]), texts):
        wanted = Wanted(state, site, backend, text)
        found = list(pages(desk, wanted, 15))
        assert [row for page in found for row in page] == [row for row in rows if fits(row, wanted)], wanted
        assert all(len(page) <= 15 for page in found)


def test_a_page_that_is_just_full_leads_nowhere(desk: Database, rows: list[CustomerRequest]) -> None:
    assert [len(page) for page in pages(desk, Wanted(), 150)] == [150]
    assert [len(page) for page in pages(desk, Wanted(), 149)] == [149, 1]


def test_a_reference_is_found_as_people_type_it(desk: Database, rows: list[CustomerRequest]) -> None:
    typed = rows[5].reference.lower().replace("-", " ")
    (page,) = pages(desk, Wanted(text=typed), 50)
    assert page == [rows[5]]
