"""The command, in a data folder of its own."""

from pathlib import Path

import pytest

from tests.cli.command import Handbell
from tests.conftest import copy_sqlite


@pytest.fixture
def handbell(tmp_path: Path) -> Handbell:
    """On an empty data folder."""
    return Handbell(tmp_path)


@pytest.fixture
def filled(handbell: Handbell, _filled_sqlite: Path) -> Handbell:
    """With a filled desk: see tests.conftest.fill_desk."""
    copy_sqlite(_filled_sqlite, handbell.folder)
    return handbell
