"""The installed command, run as people run it, in a data folder of its own."""

from pathlib import Path

import pytest

from tests.cli.command import Handbell
from tests.conftest import fill_desk
from tests.store.rows import NOW


@pytest.fixture
def handbell(tmp_path: Path) -> Handbell:
    """On an empty data folder."""
    return Handbell(tmp_path)


@pytest.fixture
def filled(handbell: Handbell) -> Handbell:
    """With a filled desk: see tests.conftest.fill_desk."""
    with handbell.database() as database:
        fill_desk(database, NOW)
    return handbell
