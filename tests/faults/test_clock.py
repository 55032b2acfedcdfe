"""Two hosts whose clocks differ, on one PostgreSQL: no second session, nothing parked; over the lease one hands nothing
off."""

from pathlib import Path

import pytest

from tests.faults.hosts import Hosts
from tests.faults.scene import scene
from tests.own_postgresql import own_postgresql
from tests.profile import PROFILE
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


# libfaketime also breaks time.sleep, which Python does by an absolute time.
_SHIFTED = """
import datetime, time
by = {seconds}
real_time, real_datetime = time.time, datetime.datetime
class Shifted(real_datetime):
    @classmethod
    def now(cls, tz=None):
        return real_datetime.now(tz) + datetime.timedelta(seconds=by)
time.time = lambda: real_time() + by
datetime.datetime = Shifted
"""


def ahead(folder: Path, seconds: int) -> dict[str, str]:
    """The environment of a host whose clock is ahead by so many seconds: each Python there reads this first."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_SHIFTED.format(seconds=seconds), "utf-8")
    return {"PYTHONPATH": str(folder)}


def skews(hosts: Hosts) -> list[float]:
    """How far each host says that its clock is off."""
    found = []
    for port in hosts.ports:
        lines = hosts.ask("GET", "/metrics", port=port).text.splitlines()
        found += [float(line.split()[-1]) for line in lines if line.startswith("handbell_clock_skew_seconds")]
    return found


@pytest.mark.parametrize("seconds", PROFILE.clocks)
def test_a_wrong_clock_opens_no_second_session(tmp_path: Path, seconds: int) -> None:
    drill = f"one host {seconds} s ahead"
    each = [{}, ahead(tmp_path / "clock", seconds)]
    with own_postgresql() as server, scene(tmp_path, server.url, each) as here, here.calls() as callers:
        with callers.during(drill):
            callers.more(8)
            assert until(lambda: here.hosts.logged("clock_skewed") >= 1)
        callers.stop()
        told = here.outcomes(callers, drill)
        assert [one.row for one in told if one.failed] == []
        assert here.hosts.logged("request_parked") == 0
        right, wrong = skews(here.hosts)
        assert right < 2 < abs(seconds) - 2 < wrong < abs(seconds) + 2
