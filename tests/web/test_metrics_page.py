"""The metrics' address: available to allowed scrapers only."""

import shutil
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import metrics
from app.factory import create_app
from app.settings import Settings
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient

LOOPBACK = ("127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1")
LOOPBACK_HOSTS = ("127.0.0.1:8000", "127.0.0.1", "localhost", "LOCALHOST:9", "[::1]:8000")
OTHER_HOSTS = (
    "support.example.com",
    "support.example.com:443",
    "evil.example.com",
    "10.1.2.3",
    "localhost.evil.example",
    "a@localhost",
    "localhost/",
    "",
    "]",
)
FORWARDING = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
TOKEN = "a-token-of-twenty-characters-or-more"
FOREIGN = ("192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::1", "unknown", "")


def scrape(app: Flask, address: str, **options: Any) -> Answer:
    return PageClient(app, address=address).get("/metrics", **options)


def like_unknown(app: Flask, address: str, method: str = "GET", **options: Any) -> bool:
    """Whether it answers exactly as an address that nobody ever had."""
    client = PageClient(app, address=address)
    here, nowhere = client.open(method, "/metrics", **options), client.open(method, "/nothing", **options)
    ids = ("X-Request-Id",)
    headers = [sorted((n, v) for n, v in answer.headers.items() if n not in ids) for answer in (here, nowhere)]
    assert nowhere.status in (400, 404)
    return (here.status, here.body, headers[0]) == (nowhere.status, nowhere.body, headers[1])


Made = Callable[..., Flask]


@pytest.fixture
def made(tmp_path: Path, clock: StandingClock, _filled_sqlite: Path) -> Iterator[Made]:
    """Handbell at https://support.example.com with settings of the test's own."""
    (tmp_path / "data").mkdir()
    shutil.copyfile(_filled_sqlite, tmp_path / "data" / "handbell.sqlite3")
    opened: list[Flask] = []

    def make(*networks: str, proxies: tuple[str, ...] = (), token: str = "") -> Flask:
        settings = Settings(
            data_dir=tmp_path / "data",
            public_url="https://support.example.com",
            log_level="error",
            metrics_networks=tuple(ip_network(network) for network in networks),
            metrics_token=token,
            trusted_proxies=tuple(ip_network(proxy) for proxy in proxies),
        )
        opened.append(create_app(settings, clock, schedule=False))
        return opened[-1]

    yield make
    for app in opened:
        app.extensions["handbell"].close()


@pytest.mark.slow
@pytest.mark.parametrize("address", [*LOOPBACK, *FOREIGN])
def test_unless_the_operator_says_who_nobody_gets_them(app: Flask, address: str) -> None:
    assert like_unknown(app, address)
    assert like_unknown(app, address, headers={"Authorization": "Bearer "})
    assert like_unknown(app, address, headers={"Authorization": "Bearer"})


@pytest.mark.slow
@pytest.mark.parametrize("address", LOOPBACK)
def test_a_program_on_this_machine_gets_them_where_its_network_is_listed(made: Made, address: str) -> None:
    app = made("127.0.0.0/8", "::1/128")
    for host in LOOPBACK_HOSTS:
        assert scrape(app, address, headers={"Host": host}).status == 200
    answer = scrape(app, address)
    assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
    assert "handbell_database_up 1.0" in answer.text
    assert 'handbell_requests{state="parked"} 0.0' in answer.text


@pytest.mark.slow
@pytest.mark.parametrize("host", OTHER_HOSTS)
@pytest.mark.parametrize("address", LOOPBACK)
def test_over_loopback_another_host_name_gets_nothing(made: Made, address: str, host: str) -> None:
    assert like_unknown(made("127.0.0.0/8", "::1/128"), address, headers={"Host": host})


@pytest.mark.slow
@pytest.mark.parametrize("address", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
def test_for_everyone_else_there_is_nothing(made: Made, address: str, method: str) -> None:
    app = made("127.0.0.0/8", "::1/128", token=TOKEN)
    assert like_unknown(app, address, method)
    assert like_unknown(app, address, method, headers={"Host": "127.0.0.1:8000"})
    assert like_unknown(app, address, method, headers={"X-Forwarded-For": "127.0.0.1"})


@pytest.mark.slow
@pytest.mark.parametrize("header", FORWARDING)
@pytest.mark.parametrize("value", ["192.0.2.7", "127.0.0.1", "10.1.2.3", "10.1.2.3:80", "unknown", ""])
def test_what_a_proxy_passes_on_gets_nothing(made: Made, header: str, value: str) -> None:
    app = made("127.0.0.0/8", "10.0.0.0/8")
    for address in ("127.0.0.1", "10.1.2.3"):
        assert like_unknown(app, address, headers={header: value, "Host": "127.0.0.1:8000"})


@pytest.mark.slow
@pytest.mark.parametrize("value", ["127.0.0.1", "127.0.0.1:80", "[::1]:80", "unknown", "", "192.0.2.7", "10.1.2.3, x"])
def test_a_proxy_on_this_machine_tells_of_nobody_on_this_machine(made: Made, value: str) -> None:
    app = made("127.0.0.0/8", "::1/128", "10.0.0.0/8", proxies=("127.0.0.1/32", "10.9.9.9/32"))
    for proxy in ("127.0.0.1", "10.9.9.9"):
        assert like_unknown(app, proxy, headers={"X-Forwarded-For": value, "Host": "127.0.0.1:8000"})


def test_a_client_in_the_networks_gets_them_by_any_host_name(made: Made) -> None:
    app = made("10.1.0.0/16")
    assert scrape(app, "10.1.2.3").status == 200
    assert scrape(app, "::ffff:10.1.2.3").status == 200
    assert scrape(app, "10.1.2.3", headers={"Host": "handbell-7f9c:8000"}).status == 200
    assert PageClient(app, address="10.1.2.3").get("/", headers={"Host": "handbell-7f9c:8000"}).status == 400
    assert like_unknown(app, "10.2.0.1")
    assert like_unknown(app, "127.0.0.1")


def test_behind_a_trusted_proxy_the_client_s_own_address_counts(made: Made) -> None:
    app = made("10.1.0.0/16", proxies=("10.9.9.9/32",))

    def through(proxy: str, client: str) -> dict[str, Any]:
        return {"address": proxy, "headers": {"X-Forwarded-For": client}}

    assert scrape(app, **through("10.9.9.9", "10.1.2.3")).status == 200
    assert scrape(app, **through("10.9.9.9", "10.1.2.3:4711")).status == 200
    assert like_unknown(app, **through("10.9.9.9", "192.0.2.7"))
    assert like_unknown(app, **through("10.9.9.9", "10.1.2.3, 192.0.2.7")), "only the last one is the proxy's word"
    assert like_unknown(app, **through("10.9.9.9", "127.0.0.1"))
    assert like_unknown(app, **through("192.0.2.7", "10.1.2.3")), "no proxy of ours"


@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.7", "10.9.9.9"])
def test_the_token_opens_them_from_anywhere(made: Made, address: str) -> None:
    app = made(proxies=("10.9.9.9/32",), token=TOKEN)
    for headers in ({}, {"Host": "handbell-7f9c:8000"}, {"X-Forwarded-For": "192.0.2.8", "Via": "1.1 a"}):
        assert scrape(app, address, headers={"Authorization": f"Bearer {TOKEN}", **headers}).status == 200
    assert scrape(app, address, headers={"Authorization": f"bearer  {TOKEN} "}).status == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        "Bearer \xe9",
    ],
)
def test_any_other_token_opens_nothing(made: Made, given: str) -> None:
    app = made(token=TOKEN)
    for address in ("127.0.0.1", "192.0.2.7"):
        assert like_unknown(app, address, headers={"Authorization": given, "Host": "127.0.0.1:8000"})


def test_the_database_being_away_is_a_figure_and_not_an_error(made: Made) -> None:
    def without(connection: Any) -> None:
        connection.exec_driver_sql("ALTER TABLE requests RENAME TO away")

    app = made("127.0.0.1/32")
    app.extensions["handbell"].database.write(without)
    answer = scrape(app, "127.0.0.1")
    assert answer.status == 200
    assert "handbell_database_up 0.0" in answer.text
