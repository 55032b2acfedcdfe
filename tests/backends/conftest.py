"""A database for applets that calls keep."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store.database import Database
from tests.backends.kept import Kept


@pytest.fixture
def kept(tmp_path: Path, _migrated_sqlite: Path) -> Iterator[Kept]:
    """Keeps applets in an empty SQLite database."""
    path = tmp_path / "kept.sqlite3"
    shutil.copyfile(_migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    yield Kept(database)
    database.close()
