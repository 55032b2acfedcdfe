"""The request page promises only what the site's backend can do for this customer."""

from pathlib import Path

import pytest

from app.web import promise
from tests.page_client import PageClient
from tests.web.changed_site import ChangeSite

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
PHONE = "Mozilla/5.0 (Linux; Android 15; Pixel 9)"
ACTS = ("A technician will help you on your own screen.", "You see what they do, and can end it at any time.")
TALKS = ("A technician will go through it with you.", "They see your screen only if you show it.")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator's program for Windows."""
    monkeypatch.setattr(promise, "_LOOK_EVERY", 10**9)
    promise._programs.cache_clear()
    made = tmp_path / "data" / "applets" / "windows" / "help.exe"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"MZ")
    return made


def promised(client: PageClient, agent: str) -> tuple[str, ...]:
    text = client.get("/", headers={"User-Agent": agent}).page.get_text()
    found = [words for words in (ACTS, TALKS) if all(sentence in text for sentence in words)]
    assert len(found) == 1, "one promise, and whole"
    return found[0]


@pytest.mark.slow
@pytest.mark.parametrize("agent", [WINDOWS, PHONE])
def test_a_desk_without_a_program_promises_to_talk_and_look(client: PageClient, agent: str) -> None:
    assert promised(client, agent) == TALKS


@pytest.mark.usefixtures("program")
def test_a_desk_with_a_program_promises_more_only_where_it_runs(client: PageClient) -> None:
    assert promised(client, WINDOWS) == ACTS
    assert promised(client, PHONE) == TALKS


@pytest.mark.parametrize("backend", ["take-control", "take-control-rest", "take-control-browser"])
@pytest.mark.parametrize("agent", [WINDOWS, PHONE])
def test_a_vendor_s_applet_acts(client: PageClient, change_site: ChangeSite, backend: str, agent: str) -> None:
    change_site(backend=backend, api_domain="http://127.0.0.1:9")
    assert promised(client, agent) == ACTS


def test_a_site_s_own_words_are_kept(client: PageClient, change_site: ChangeSite) -> None:
    lead = "A technician will help you on your own screen. This is what happens:"
    change_site(texts={lead: "Our people help."})
    text = client.get("/", headers={"User-Agent": WINDOWS}).page.get_text()
    assert "Our people help." in text
    assert TALKS[1] in text
