"""A database with the site that requests and tickets belong to."""

import pytest

from app.store.database import Database
from tests.conftest import fill_desk
from tests.store.rows import NOW


@pytest.fixture
def desk(database: Database) -> Database:
    """A filled desk: see tests.conftest.fill_desk."""
    fill_desk(database, NOW)
    return database
