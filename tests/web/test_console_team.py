"""The team's pages: who may use them, what they change, and what they never do."""

import pytest
from flask import Flask

from tests.page_client import PageClient
from tests.web.test_console import csrf_of, log_in

DORA = "dora@example.com"


@pytest.fixture
def dora(app: Flask) -> PageClient:
    client = PageClient(app)
    log_in(client, DORA)
    return client


def test_pages(dora: PageClient) -> None:
    for path in (
        "/console/team",
        "/console/team/add",
        "/console/team/departments/add",
        "/console/team/departments/10",
        "/console/team/1",
        "/console/team/3",
    ):
        assert dora.get(path).status == 200, path
