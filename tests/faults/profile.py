"""How long the fault tests run: a short profile in `make test`, the full one in `make faults`."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """Sizes of the runs. `hang` is seconds for which the vendor says nothing."""

    requests: int
    kills: int
    clients: int
    hang: float
    doubled: int  # requests that are sent more than once
    waits_for_leases: bool  # what a dead process held comes back by itself, and is not hurried


SHORT = Profile(requests=1_000, kills=5, clients=40, hang=12.0, doubled=60, waits_for_leases=False)
FULL = Profile(requests=10_000, kills=20, clients=100, hang=30.0, doubled=500, waits_for_leases=True)
PROFILE = FULL if os.environ.get("HANDBELL_TEST_PROFILE") == "full" else SHORT
