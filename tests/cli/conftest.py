"""The command in its own data folder."""

from pathlib import Path

import pytest

from tests.cli.command import Handbell
from tests.conftest import copy_sqlite


@pytest.fixture
def handbell(tmp_path: Path) -> Handbell:
    """The command on an empty data folder."""
    return Handbell(tmp_path)


@pytest.fixture
def filled(handbell: Handbell, _filled_sqlite: Path) -> Handbell:
    """The command with a filled desk: see tests.conftest.fill_desk."""
    copy_sqlite(_filled_sqlite, handbell.folder)
    return handbell
