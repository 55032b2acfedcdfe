"""One server on which every vendor misbehaves, for the tests that look at it."""

from collections.abc import Iterator

import pytest

from tests.faults.hosts import Hosts
from tests.faults.vendor_cases import Seen, every_case


@pytest.fixture(scope="package")
def every_vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hosts, Seen]]:
    """All cases, submitted at once, and a look at each when it stood as it must."""
    with every_case(tmp_path_factory.mktemp("vendors")) as started:
        yield started
