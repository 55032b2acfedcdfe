"""The metrics' address: available to scrapers only."""

import shutil
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import metrics
from app.factory import create_app
from app.process.running import Running
from app.settings import Settings
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient

LOOPBACK = ("127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1")
FOREIGN = ("192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::1", "unknown", "")


def scrape(app: Flask, address: str, **options: Any) -> Answer:
    return PageClient(app, address=address).get("/metrics", **options)


def like_unknown(app: Flask, address: str, method: str = "GET", **options: Any) -> bool:
    """Whether the answer is the same as for an unknown address."""
    client = PageClient(app, address=address)
    here, nowhere = client.open(method, "/metrics", **options), client.open(method, "/nothing", **options)
    ids = ("X-Request-Id",)
    headers = [sorted((n, v) for n, v in answer.headers.items() if n not in ids) for answer in (here, nowhere)]
    assert nowhere.status in (400, 404)
    return (here.status, here.body, headers[0]) == (nowhere.status, nowhere.body, headers[1])


@pytest.mark.parametrize("address", LOOPBACK)
def test_a_program_on_this_machine_gets_them(app: Flask, address: str) -> None:
    answer = scrape(app, address)
    assert (answer.status, answer.headers["Content-Type"]) == (200, metrics.CONTENT_TYPE)
    assert "handbell_database_up 1.0" in answer.text
    assert 'handbell_requests{state="parked"} 0.0' in answer.text


@pytest.mark.parametrize("address", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
def test_for_everyone_else_there_is_nothing(app: Flask, address: str, method: str) -> None:
    assert like_unknown(app, address, method)
    assert like_unknown(app, address, method, headers={"Host": "evil.example.com"})


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
@pytest.mark.parametrize("value", ["192.0.2.7", "127.0.0.1", ""])
def test_what_comes_through_a_proxy_on_this_machine_is_not_from_this_machine(
    app: Flask, header: str, value: str
) -> None:
    assert like_unknown(app, "127.0.0.1", headers={header: value})


def test_any_host_name_will_do_for_a_scraper(app: Flask) -> None:
    assert scrape(app, "127.0.0.1", headers={"Host": "handbell-7f9c:8000"}).status == 200
    assert PageClient(app, address="127.0.0.1").get("/", headers={"Host": "handbell-7f9c:8000"}).status == 400


def test_the_database_being_away_is_a_figure_and_not_an_error(app: Flask, here: Running) -> None:
    def without(connection: Any) -> None:
        connection.exec_driver_sql("ALTER TABLE requests RENAME TO away")

    here.database.write(without)
    answer = scrape(app, "127.0.0.1")
    assert answer.status == 200
    assert "handbell_database_up 0.0" in answer.text


@pytest.fixture
def app_with_networks(tmp_path: Path, clock: StandingClock, _filled_sqlite: Path) -> Any:
    """The application with scrapers in 10.1.0.0/16 and the proxy 10.9.9.9."""
    (tmp_path / "data").mkdir()
    shutil.copyfile(_filled_sqlite, tmp_path / "data" / "handbell.sqlite3")
    settings = Settings(
        data_dir=tmp_path / "data",
        port=8000,
        log_level="error",
        metrics_networks=(ip_network("10.1.0.0/16"),),
        trusted_proxies=(ip_network("10.9.9.9/32"),),
    )
    app = create_app(settings, clock, schedule=False)
    yield app
    app.extensions["handbell"].close()


def test_a_client_in_the_networks_gets_them(app_with_networks: Flask) -> None:
    assert scrape(app_with_networks, "10.1.2.3").status == 200
    assert scrape(app_with_networks, "::ffff:10.1.2.3").status == 200
    assert scrape(app_with_networks, "127.0.0.1").status == 200
    assert like_unknown(app_with_networks, "10.2.0.1")


def test_behind_a_trusted_proxy_the_client_s_own_address_counts(app_with_networks: Flask) -> None:
    def through(proxy: str, client: str) -> dict[str, Any]:
        return {"address": proxy, "headers": {"X-Forwarded-For": client}}

    assert scrape(app_with_networks, **through("10.9.9.9", "10.1.2.3")).status == 200
    assert like_unknown(app_with_networks, **through("10.9.9.9", "192.0.2.7"))
    assert like_unknown(app_with_networks, **through("10.9.9.9", "127.0.0.1"))
    assert like_unknown(app_with_networks, **through("192.0.2.7", "10.1.2.3")), "no proxy of ours"
