"""A filled desk without an application around it."""

import pytest

from app.store.database import Database
from tests.actions.desk import DeskAtWork
from tests.conftest import StandingClock, fill_desk


@pytest.fixture
def desk(database: Database, clock: StandingClock) -> DeskAtWork:
    """A filled desk, once on each kind of database: see tests.conftest.fill_desk."""
    fill_desk(database, clock())
    return DeskAtWork(database, clock)
