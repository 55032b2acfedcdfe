"""The desk of a first start, made once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.actions.log_in import WrongLogin, current_session, log_in
from app.actions.seed import FirstLogin, seed
from app.core.site import Site
from app.core.staff import Department
from app.store.database import Database
from app.store.sites import add_site, load_sites
from app.store.staff import add_department, load_staff, password_hash
from tests.conftest import StandingClock


@pytest.mark.slow
def test_a_first_start_makes_a_site_and_one_technician_who_can_log_in(database: Database, clock: StandingClock) -> None:
    first = seed(database, now=clock(), demo=True)
    assert first
    with database.read() as connection:
        (site,) = load_sites(connection)
        staff = load_staff(connection)
        able = [email for email in staff.technicians if password_hash(connection, email)]
    assert site.slug == "default"
    assert site.problems() == []
    assert set(site.offer_departments) == set(staff.departments)
    assert len(staff.technicians) == 3
    assert able == [first.email]
    session = current_session(
        database, log_in(database, first.email, first.password, "192.0.2.7", now=clock()), now=clock()
    )
    assert session
    assert session.password_temporary, "it was printed"
    for other in set(staff.technicians) - {first.email}:
        with pytest.raises(WrongLogin):
            log_in(database, other, first.password, "192.0.2.7", now=clock())


def test_a_second_start_makes_nothing(database: Database, clock: StandingClock) -> None:
    seed(database, now=clock(), demo=True)
    with database.read() as connection:
        before = load_sites(connection), load_staff(connection)
    assert seed(database, now=clock(), demo=True) is None
    with database.read() as connection:
        assert (load_sites(connection), load_staff(connection)) == before


def test_without_the_demo_there_is_a_site_and_nobody(database: Database, clock: StandingClock) -> None:
    assert seed(database, now=clock(), demo=False) is None
    with database.read() as connection:
        (site,) = load_sites(connection)
        assert site.offer_departments == ()
        assert load_staff(connection).technicians == load_staff(connection).departments == {}


def test_a_desk_that_was_begun_by_hand_is_left_alone(database: Database, clock: StandingClock) -> None:
    database.write(lambda connection: add_department(connection, Department(1, "Mine")))
    assert seed(database, now=clock(), demo=True) is None
    with database.read() as connection:
        assert list(load_staff(connection).departments) == [1]
        assert [site.slug for site in load_sites(connection)] == ["default"]


def test_a_site_of_any_name_means_there_is_nothing_to_make(database: Database, clock: StandingClock) -> None:
    database.write(lambda connection: add_site(connection, Site(slug="mine", name="M", uid="u"), clock()))
    assert seed(database, now=clock(), demo=True) is None
    with database.read() as connection:
        assert [site.slug for site in load_sites(connection)] == ["mine"]


@pytest.mark.slow
def test_four_first_starts_at_once_make_one_desk(database: Database, clock: StandingClock) -> None:
    start = threading.Barrier(4)

    def begin(_: int) -> FirstLogin | None:
        start.wait(30)
        return seed(database, now=clock(), demo=True)

    with ThreadPoolExecutor(4) as pool:
        made = [first for first in pool.map(begin, range(4)) if first]
    assert len(made) == 1
    log_in(database, made[0].email, made[0].password, "192.0.2.7", now=clock())
