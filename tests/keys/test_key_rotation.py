"""Keys change while processes run, without breaking any link."""

from pathlib import Path

import pytest

from app.core.links import Purpose
from app.keys.key_file import read_keys, revoke_key, rotate_keys
from app.keys.seal import Sealer, Unsealable
from app.process.running import Running
from app.settings import Settings
from tests.conftest import StandingClock
from tests.page_client import PageClient


def test_a_process_takes_what_another_one_signed_with_a_key_it_has_not_seen_yet(
    tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "data", port=8000)
    behind = Running(settings, clock)
    monkeypatch.setattr(behind.keys, "_looked_at", behind.keys._looked_at - 2)
    rotate_keys(settings.keys_path, clock())
    ahead = Running(settings, clock)
    token = ahead.links.token(Purpose.FORM, "id", clock.now.replace(hour=13))
    assert behind.links.read(Purpose.FORM, token).id == "id"
    ahead.close()
    behind.close()


def test_a_link_outlives_the_key_that_signed_it_for_a_day(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    status = client.submit(customer_name="Zoë").location
    clock.advance(hours=1)
    rotate_keys(here.settings.keys_path, clock())
    here.keys._look()
    clock.advance(hours=22)
    assert client.get(status).status == 200


def test_a_secret_sealed_with_a_key_not_seen_yet_is_opened(here: Running, clock: StandingClock) -> None:
    fresh = rotate_keys(here.settings.keys_path, clock())
    sealed = Sealer([fresh.secret]).seal("a key")
    assert here.keys.unseal(sealed) == "a key"
    assert here.keys.sealer.unseal(sealed) == "a key"


def test_a_key_too_old_for_links_still_opens_secrets(here: Running, clock: StandingClock) -> None:
    sealed = here.keys.sealer.seal("a key")
    clock.advance(hours=1)
    rotate_keys(here.settings.keys_path, clock())
    clock.advance(days=30)
    here.keys._look()
    assert len(here.keys.session_keys) == 1
    assert here.keys.unseal(sealed) == "a key"


def test_a_revoked_key_opens_nothing_once_the_keys_were_looked_at(
    here: Running, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = here.keys.sealer.seal("a key")
    (only,) = read_keys(here.settings.keys_path)
    revoke_key(here.settings.keys_path, only.kid, clock())
    monkeypatch.setattr(here.keys, "_looked_at", here.keys._looked_at - 21)
    with pytest.raises(Unsealable):
        here.keys.unseal(sealed)


def test_a_keys_file_that_is_away_is_no_reason_to_forget_the_keys(
    here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = here.keys.sealer.seal("a key")
    path = here.settings.keys_path
    path.rename(path.with_name("away"))
    monkeypatch.setattr(here.keys, "_looked_at", here.keys._looked_at - 21)
    assert here.keys.unseal(sealed) == "a key"
    with pytest.raises(Unsealable):
        here.keys.unseal(Sealer([b"x" * 32]).seal("a key"))
