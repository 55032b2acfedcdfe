"""SQLite's disk is full for a while under load: forms come back with their text, and nothing acknowledged is lost."""

from pathlib import Path

import pytest

from tests.faults.scene import scene
from tests.profile import PROFILE
from tests.small_disk import fill, small_disk
from tests.waiting import until

pytestmark = pytest.mark.slow
_FULL, _AFTER = "disk full", "room again"


def test_a_full_disk_refuses_in_words_and_loses_nothing(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", "64m") as disk,
        scene(disk, f"sqlite:///{disk / 'host-0' / 'handbell.sqlite3'}", hosts=1) as here,
        here.calls() as callers,
    ):
        with callers.during(_FULL):
            children = here.hosts.web[0].children
            filler = fill(disk)
            assert until(lambda: here.hosts.get("/readyz").text == "the disk is full\n")
            callers.notice(PROFILE.database_away)
            assert here.hosts.get("/healthz").status == 200
            assert here.hosts.get("/s/default").status == 200
            filler.unlink()
            assert until(lambda: here.hosts.get("/readyz").status == 200)
        with callers.during(_AFTER):
            callers.more(2)
        callers.stop()
        told = here.outcomes(callers, _FULL, _AFTER)
        assert [one.row for one in told if one.failed and one.drill == _AFTER] == []
        assert here.hosts.web[0].children == children  # no process died
