"""Sizes of the fault tests: a short profile for `make test`, the full one for `make faults`."""

import os
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Profile:
    """Sizes of the runs. `hang` is how many seconds the vendor does not answer."""

    requests: int
    kills: int
    clients: int
    hang: float
    doubled: int  # requests that are sent more than once
    host_kills: int  # behind proxies
    restarts: int  # hosts that are restarted one after the other behind proxies
    frozen: int  # requests of each client, four a second, while a host stands still
    database_away: int  # failed requests of each client that tries once
    clocks: tuple[int, ...]  # seconds by which one host's clock is ahead
    upgrades_all: bool  # until the last host runs the new version
    hurries: bool  # make later tries due at once, after a test has seen what it checks
    replicated: float  # seconds of load beside Litestream
    talking: int  # pairs of customer and technician
    talk_lines: int  # of each of them; a ticket takes 30 a minute from each side
    talk_seconds: float
    talk_kills: int
    noticed: int  # events that people are told of
    notice_kills: int  # of processes that tell them
    leases_end_after: timedelta  # leases last 30 s; a test ends them earlier where no holder is alive


SHORT = Profile(
    requests=1_000,
    kills=5,
    clients=100,
    hang=14.0,
    doubled=60,
    host_kills=2,
    restarts=1,
    frozen=4,
    database_away=2,
    clocks=(40,),
    upgrades_all=False,
    hurries=True,
    replicated=4.0,
    talking=20,
    talk_lines=8,
    talk_seconds=4.0,
    talk_kills=2,
    noticed=60,
    notice_kills=5,
    leases_end_after=timedelta(seconds=10),
)
FULL = Profile(
    requests=10_000,
    kills=20,
    clients=100,
    hang=30.0,
    doubled=500,
    host_kills=12,
    restarts=2,
    frozen=80,
    database_away=15,
    clocks=(40, -7200, 7200),
    upgrades_all=True,
    hurries=False,
    replicated=120.0,
    talking=20,
    talk_lines=36,
    talk_seconds=90.0,
    talk_kills=12,
    noticed=1_000,
    notice_kills=5,
    leases_end_after=timedelta(seconds=30),
)
PROFILE = FULL if os.environ.get("HANDBELL_TEST_PROFILE") == "full" else SHORT
