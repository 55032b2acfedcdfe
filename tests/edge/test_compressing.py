"""Customers' pages are compressed; what may not be is not."""

import gzip

import pytest

from tests.page_client import Answer, PageClient
from tests.web.customer_client import applet_of

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def is_compressed(answer: Answer) -> bool:
    return answer.headers.get("Content-Encoding") == "gzip"


@pytest.mark.slow
def test_the_pages_of_a_request_are_compressed_for_who_takes_it(client: PageClient) -> None:
    status = client.submit(problem_description="It broke.").location
    for path in (status, applet_of(client, problem_description="It hums."), "/pin", "/reference", "/s/nowhere"):
        plain, packed = client.get(path), client.get(path, headers=GZIP, check=False)
        assert is_compressed(packed), path
        assert not is_compressed(plain)
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert "Accept-Encoding" in plain.headers["Vary"]
        assert int(packed.headers["Content-Length"]) == len(packed.body) < len(plain.body) / 2 + 300
        assert gzip.decompress(packed.body).decode().startswith("<!doctype html>")
    assert not is_compressed(client.get("/pin", headers={"Accept-Encoding": "gzip;q=0"}))


@pytest.mark.parametrize("path", ["/console/login", "/healthz", "/api/v1/sites/default", "/s/default/check"])
def test_the_console_and_what_is_no_page_are_not(client: PageClient, path: str) -> None:
    assert not is_compressed(client.get(path, headers=GZIP))


def test_an_answer_that_repeats_what_was_typed_is_not(client: PageClient) -> None:
    typed = {"form_token": client.form_token(), "customer_name": "n" * 129}
    refused = client.post("/s/default", typed, headers=GZIP)
    assert refused.status == 422
    assert not is_compressed(refused)
