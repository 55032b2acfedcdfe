"""How long the fault tests run: a short profile in `make test`, the full one in `make faults`."""

import os
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Profile:
    """Sizes of the runs. `hang` is seconds for which the vendor says nothing."""

    requests: int
    kills: int
    clients: int
    hang: float
    doubled: int  # requests that are sent more than once
    hurries: bool  # tries that are due later are made at once where a test has seen what it wants to see
    leases_end_after: timedelta  # 30 s is how long they last; before that a test ends them where nobody lives any more


SHORT = Profile(
    requests=1_000, kills=5, clients=100, hang=14.0, doubled=60, hurries=True, leases_end_after=timedelta(seconds=10)
)
FULL = Profile(
    requests=10_000,
    kills=20,
    clients=100,
    hang=30.0,
    doubled=500,
    hurries=False,
    leases_end_after=timedelta(seconds=30),
)
PROFILE = FULL if os.environ.get("HANDBELL_TEST_PROFILE") == "full" else SHORT
