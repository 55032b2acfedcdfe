"""Keys change while processes run, without breaking any link."""

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from app.actions.key_change import reset, revoke, rotate
from app.actions.signing_keys import existing_keys, ring_sealer
from app.core.links import Forged, Purpose
from app.keys.installation_secret import InstallationSecret, installation_secret
from app.keys.seal import Sealer, Unsealable
from app.keys.signing_key import Key
from app.process import keyring
from app.process.running import Running
from app.settings import Settings
from tests.api.embedding import solution
from tests.conftest import StandingClock
from tests.keys_in_use import keys_of
from tests.page_client import PageClient

Change = Callable[[], str]


@pytest.fixture
def settings(both_urls: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=both_urls, port=8000)


def newest(here: Running) -> str:
    return keys_of(here.database, here.settings.keys_path)[0].kid


def rotated(here: Running, clock: StandingClock) -> str:
    return rotate(here.database, installation_secret(here.settings), by=None, now=clock())


def wait(here: Running, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the process have looked at the keys so much longer ago."""
    monkeypatch.setattr(here.keys, "_looked_at", here.keys._looked_at - seconds)


@pytest.mark.slow
def test_a_process_takes_what_another_one_signed_with_a_key_it_has_not_seen_yet(
    settings: Settings, clock: StandingClock
) -> None:
    behind, ahead = Running(settings, clock), Running(settings, clock)
    rotated(ahead, clock)
    ahead.keys._look()
    token = ahead.links.token(Purpose.FORM, "id", clock.now.replace(hour=13))
    assert behind.links.read(Purpose.FORM, token).id == "id"
    ahead.close()
    behind.close()


def test_forged_tokens_make_it_look_once_a_second_and_no_more(
    here: Running, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def count(connection: Connection, secret: InstallationSecret) -> list[Key]:
        looks.append(1)
        return existing_keys(connection, secret)

    monkeypatch.setattr(keyring, "existing_keys", count)
    for expected in (1, 2):
        for _ in range(20):
            with pytest.raises(Forged):
                here.links.read(Purpose.STATUS, "forged")
        assert len(looks) == expected
        monkeypatch.setattr(here.keys, "_asked_at", here.keys._asked_at - 1)


def test_a_log_in_holds_in_a_process_that_has_not_seen_its_key_yet(
    app: Flask, here: Running, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask import session

    other = Running(here.settings, clock)
    rotated(other, clock)
    other.keys._look()
    with app.test_request_context("/console/"):
        session["sid"] = "s"
        monkeypatch.setattr(here, "keys", other.keys)
        signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        monkeypatch.undo()
        cookie = signer.dumps(dict(session))
    with app.test_request_context("/console/", headers={"Cookie": f"handbell={cookie}"}):
        assert session.get("sid") == "s"
    other.close()


@pytest.mark.slow
def test_a_link_outlives_the_key_that_signed_it_for_a_day(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    status = client.submit(customer_name="Zoë").location
    clock.advance(hours=1)
    rotated(here, clock)
    here.keys._look()
    clock.advance(hours=22)
    assert client.get(status).status == 200


@pytest.mark.slow
def test_a_secret_sealed_with_a_key_not_seen_yet_is_opened(settings: Settings, clock: StandingClock) -> None:
    here = Running(settings, clock)
    rotated(here, clock)
    sealed = ring_sealer(keys_of(here.database, settings.keys_path)[:1]).seal("a key")
    assert here.keys.unseal(sealed) == "a key"
    assert here.keys.sealer.unseal(sealed) == "a key"
    here.close()


def test_a_key_too_old_for_links_still_opens_secrets(here: Running, clock: StandingClock) -> None:
    sealed = here.keys.sealer.seal("a key")
    clock.advance(hours=1)
    rotated(here, clock)
    clock.advance(days=30)
    here.keys._look()
    assert len(here.keys.session_keys) == 1
    assert here.keys.unseal(sealed) == "a key"


@pytest.mark.slow
def test_rotating_drops_keys_that_ended_and_keeps_those_that_have_not(settings: Settings, clock: StandingClock) -> None:
    here = Running(settings, clock)
    first = newest(here)
    second = rotated(here, clock)
    clock.advance(hours=12)
    third = rotated(here, clock)
    assert [key.kid for key in keys_of(here.database, settings.keys_path)] == [third, second, first]
    clock.advance(hours=13)
    fourth = rotated(here, clock)
    assert [key.kid for key in keys_of(here.database, settings.keys_path)] == [fourth, third, second]
    here.close()


@pytest.mark.slow
def test_a_revoked_key_is_dropped_within_ten_seconds_and_signs_nothing_more(
    settings: Settings, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = Running(settings, clock), Running(settings, clock)
    sealed = here.keys.sealer.seal("a key")
    token = here.links.form_token("default")
    assert revoke(elsewhere.database, installation_secret(settings), newest(here), by=None, now=clock())
    assert here.links.read(Purpose.FORM, token).site == "default"
    wait(here, monkeypatch, 10)
    with pytest.raises(Unsealable):
        here.keys.unseal(sealed)
    with pytest.raises(Forged):
        here.links.read(Purpose.FORM, token)
    here.close()
    elsewhere.close()


@pytest.mark.slow
def test_a_new_key_takes_the_place_of_a_revoked_signing_one_never_an_older(
    settings: Settings, clock: StandingClock
) -> None:
    here = Running(settings, clock)
    old, signing = newest(here), rotated(here, clock)
    assert not revoke(here.database, installation_secret(settings), signing, by=None, now=clock())
    fresh, second = keys_of(here.database, settings.keys_path)
    assert (second.kid, second.is_live(clock())) == (old, True)
    assert fresh.kid not in (old, signing)
    here.close()


@pytest.mark.slow
def test_revoking_the_newest_key_does_not_bring_back_one_that_had_ended(
    settings: Settings, clock: StandingClock
) -> None:
    here = Running(settings, clock)
    signing = rotated(here, clock)
    clock.advance(hours=25)
    revoke(here.database, installation_secret(settings), signing, by=None, now=clock())
    (only,) = keys_of(here.database, settings.keys_path)
    assert only.made_at == clock()
    here.close()


def test_a_database_that_is_away_is_no_reason_to_forget_the_keys(
    here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = here.keys.sealer.seal("a key")

    def away(*_what: object) -> None:
        raise OperationalError("", None, Exception("away"))

    monkeypatch.setattr(keyring, "existing_keys", away)
    wait(here, monkeypatch, 11)
    assert here.keys.unseal(sealed) == "a key"
    with pytest.raises(Unsealable):
        here.keys.unseal(Sealer([b"x" * 32]).seal("a key"))


@pytest.mark.slow
def test_a_process_whose_host_lacks_the_new_secret_keeps_its_keys_says_so_and_seals_nothing(
    settings: Settings, clock: StandingClock
) -> None:
    here = Running(settings, clock)
    sealed = here.keys.sealer.seal("a key")
    path, old = settings.keys_path, settings.keys_path.read_text()
    path.write_text(f"new:{base64.b64encode(os.urandom(32)).decode()}\n{old}")
    rotated(here, clock)
    changed = path.read_text()
    path.write_text(old)
    with capture_logs() as logs:
        here.keys._look()
        here.keys._look()
    assert [line["event"] for line in logs] == ["keys_unusable"]
    assert here.keys.unseal(sealed) == "a key"
    with pytest.raises(Exception, match="is not the one that seals the keys in the database"):
        here.database.write(here.keys.sealer_in)
    path.write_text(changed)
    here.keys._look()
    assert here.database.write(here.keys.sealer_in).unseal(sealed) == "a key"
    here.close()


@pytest.mark.slow
def test_a_reset_reaches_a_host_that_gets_the_new_file(settings: Settings, clock: StandingClock) -> None:
    here = Running(settings, clock)
    token = here.links.form_token("default")
    settings.keys_path.unlink()
    reset(here.database, installation_secret(settings), by=None, now=clock())
    here.keys._look()
    with pytest.raises(Forged):
        here.links.read(Purpose.FORM, token)
    here.close()


@pytest.mark.slow
def test_keys_that_are_gone_from_the_database_are_kept_until_a_start(settings: Settings, clock: StandingClock) -> None:
    """A backup of an earlier version was restored."""
    here = Running(settings, clock)
    token = here.links.form_token("default")
    here.database.write(lambda connection: connection.exec_driver_sql("DELETE FROM signing_keys"))
    here.keys._look()
    assert here.links.read(Purpose.FORM, token).site == "default"
    again = Running(settings, clock)
    assert again.links.read(Purpose.FORM, token).site == "default"
    again.close()
    here.close()


@pytest.mark.slow
def test_a_check_that_another_process_made_with_a_new_key_counts(here: Running, clock: StandingClock) -> None:
    other = Running(here.settings, clock)
    rotated(other, clock)
    other.keys._look()
    answer = solution({"challenge": other.keys.puzzles.new_check("default", clock())})
    assert here.keys.solved("default", answer)
    other.close()
