"""Keys change while processes run: nobody's link breaks on the way."""

from pathlib import Path

import pytest

from app.core.links import Purpose
from app.key_file import rotate_keys
from app.settings import Settings
from app.wiring import Running
from tests.conftest import StandingClock
from tests.page_client import PageClient


def test_a_process_takes_what_another_one_signed_with_a_key_it_has_not_seen_yet(
    tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "data", port=8000)
    behind = Running(settings, clock)
    monkeypatch.setattr(behind, "_keys_looked_at", behind._keys_looked_at - 2)
    rotate_keys(settings.keys_path, clock())
    ahead = Running(settings, clock)
    token = ahead.token(Purpose.FORM, "id", clock.now.replace(hour=13))
    assert behind.read(Purpose.FORM, token).id == "id"
    ahead.close()
    behind.close()


def test_a_link_outlives_the_key_that_signed_it_for_a_day(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    status = client.submit(customer_name="Zoë").location
    clock.advance(hours=1)
    rotate_keys(here.settings.keys_path, clock())
    here._look_at_keys()
    clock.advance(hours=22)
    assert client.get(status).status == 200
