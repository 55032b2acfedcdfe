"""The fictitious company's page: available while Handbell is tried out, gone in production."""

from pathlib import Path

import pytest

from app.factory import create_app
from app.settings import Settings
from tests.conftest import StandingClock, fill_desk
from tests.page_client import PageClient


@pytest.mark.parametrize("mode", ["link", "button", "inline", "nonsense"])
def test_every_mode_is_a_page_with_the_widget_and_the_intranets_form(client: PageClient, mode: str) -> None:
    page = client.get(f"/demo?mode={mode}&lang=de")
    script = page.select("script[data-site]")
    assert (script["src"], script["data-site"]) == ("/widget.js?lang=de", "default")
    assert script["data-mode"] == (mode if mode != "nonsense" else "link")
    assert bool(page.page.select("a[data-handbell]")) is (mode in ("link", "nonsense"))
    assert page.select("form")["action"] == "/s/default/submit"
    assert all(not found.string for found in page.page.select("script"))


def test_the_page_fills_in_what_it_knows(client: PageClient) -> None:
    assert "Robin Sample" in client.get("/demo?customer=prefill").select("script[data-site]")["data-prefill"]
    assert "data-prefill" not in client.get("/demo").select("script[data-site]").attrs


def test_without_an_identity_secret_nobody_is_vouched_for(client: PageClient) -> None:
    page = client.get("/demo?customer=identity")
    assert "data-identity" not in page.select("body").attrs
    assert "no identity secret" in page.text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("public_url", "asked", "status"),
    [
        ("", None, 200),
        ("", False, 404),
        ("https://support.example.com", None, 404),
        ("https://support.example.com", True, 200),
    ],
)
def test_it_is_off_over_https_unless_asked_for(
    tmp_path: Path, clock: StandingClock, public_url: str, asked: bool | None, status: int
) -> None:
    settings = Settings(data_dir=tmp_path, public_url=public_url, demo_page=asked, log_level="error")
    app = create_app(settings, clock, schedule=False)
    here = app.extensions["handbell"]
    fill_desk(here.database, clock())
    host = {"Host": "support.example.com"} if public_url else {}
    assert PageClient(app).get("/demo", headers=host).status == status
    here.close()
