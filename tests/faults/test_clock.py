"""Two hosts whose clocks differ, on one PostgreSQL: no second session, nothing parked; over the lease one hands nothing
off."""

from pathlib import Path

import pytest

from tests.faults.hosts import Hosts
from tests.faults.scene import scene
from tests.own_postgresql import own_postgresql
from tests.proxies import installed
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.xdist_group("own-postgresql")]
_AHEAD, _BACK = "one host 40 s ahead", "one host 2 h behind"


def ahead(by: str) -> dict[str, str]:
    """The environment of a host whose clock is ahead by so much, such as `+40s`."""
    library = installed("faketime", find_library)
    return {"LD_PRELOAD": library, "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}


def find_library() -> str | None:
    """libfaketime's path."""
    return next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


def skews(hosts: Hosts) -> list[float]:
    """How far each host says that its clock is off."""
    found = []
    for port in hosts.ports:
        lines = hosts.ask("GET", "/metrics", port=port).text.splitlines()
        found += [float(line.split()[-1]) for line in lines if line.startswith("handbell_clock_skew_seconds")]
    return found


@pytest.mark.parametrize(("by", "seconds", "drill"), [("+40s", 40, _AHEAD), ("-2h", 7200, _BACK)])
def test_a_wrong_clock_opens_no_second_session(tmp_path: Path, by: str, seconds: int, drill: str) -> None:
    with own_postgresql() as server, scene(tmp_path, server.url, [{}, ahead(by)]) as here, here.calls() as callers:
        with callers.during(drill):
            callers.more(8)
            assert until(lambda: here.hosts.logged("clock_skewed") >= 1)
        callers.stop()
        told = here.outcomes(callers, drill)
        assert [one.row for one in told if one.failed] == []
        assert here.hosts.logged("request_parked") == 0
        right, wrong = skews(here.hosts)
        assert right < 2 < seconds - 2 < wrong < seconds + 2
