"""The signed redirect: its answers, what counts as an opening, and how it ends."""

import string
from collections.abc import Callable

import pytest

from app.actions.follow import MOST_OPENINGS
from app.core.links import Purpose
from app.core.site import Site
from app.process.running import Running
from app.store.requests import newest_link
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient

ChangeSite = Callable[..., Site]


def opened(client: PageClient) -> tuple[str, str]:
    """A new request: the paths of its status page and its start link."""
    status_path = client.submit(customer_name="Zoë").location
    return status_path, start_path(client, status_path)


def start_path(client: PageClient, status_path: str) -> str:
    return str(client.get(status_path).page.select("a[data-start]")[0]["href"])


def times_opened(here: Running, client: PageClient, status_path: str) -> int:
    reference = client.get(status_path).select(".reference").get_text()
    with here.database.read() as connection:
        link = newest_link(connection, reference)
    assert link is not None
    return link.opens


def press(client: PageClient, page: Answer, label: str) -> Answer:
    """Send the page's form whose button has this label."""
    (button,) = (b for b in page.page.select("form button") if b.get_text() == label)
    form = button.find_parent("form")
    assert form
    return client.post(str(form["action"]))


def test_the_redirect_is_empty_and_bears_exactly_the_agreed_headers(client: PageClient) -> None:
    _, path = opened(client)
    answer = client.get(path)
    assert (answer.status, answer.body) == (302, b"")
    assert answer.location.startswith("/applet/")
    headers = dict(answer.headers)
    for name in ("Location", "X-Request-Id", "Content-Type"):
        headers.pop(name, None)
    assert headers == {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "Cache-Control": "no-store",
        "Content-Length": "0",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}, {"X-Purpose": "preview"}],
)
def test_head_and_prefetch_count_for_nothing(client: PageClient, here: Running, headers: dict[str, str]) -> None:
    status_path, path = opened(client)
    for _ in range(MOST_OPENINGS + 1):
        for looked in (client.open("HEAD", path), client.get(path, headers=headers)):
            assert (looked.status, looked.body) == (204, b"")
            assert "Location" not in looked.headers
    assert times_opened(here, client, status_path) == 0
    assert client.get(path).status == 302
    assert times_opened(here, client, status_path) == 1


def test_a_post_counts_whatever_it_says_of_itself(client: PageClient, change_site: ChangeSite) -> None:
    change_site(one_time_links=True)
    _, path = opened(client)
    ahead = {"Sec-Purpose": "prefetch"}
    assert client.get(path, headers=ahead).status == 204
    assert client.post(path, headers=ahead).status == 302
    assert client.post(path, headers=ahead).status == 410


@pytest.mark.slow
def test_after_twenty_openings_one_press_makes_a_fresh_link(client: PageClient, clock: StandingClock) -> None:
    _, path = opened(client)
    for _ in range(20):
        assert client.get(path).status == 302
    clock.advance(seconds=1)
    over = client.get(path)
    assert over.status == 410
    assert "still open" in over.page.get_text()
    again = press(client, over, "Make a new link")
    assert again.status == 303
    fresh = start_path(client, again.location)
    assert fresh != path
    assert client.get(fresh).status == 302
    assert client.get(path).status == 410


def test_after_fifteen_minutes_it_is_over_and_can_be_made_anew(client: PageClient, clock: StandingClock) -> None:
    _, path = opened(client)
    clock.advance(minutes=15)
    assert client.get(path).status == 302
    clock.advance(seconds=61)
    late = client.get(path)
    assert late.status == 410
    again = press(client, late, "Make a new link")
    assert client.get(start_path(client, again.location)).status == 302


def test_a_late_link_is_told_from_a_forged_one(client: PageClient, clock: StandingClock) -> None:
    _, path = opened(client)
    clock.advance(minutes=17)
    assert client.get(path).status == 410
    middle = len(path) // 2
    changed = path[:middle] + ("A" if path[middle] != "A" else "B") + path[middle + 1 :]
    for forged in (changed, path[:-5], "/go/x", f"/go/{'x' * 600}", "/go/a.b"):
        assert client.get(forged).status == 404


def test_a_token_made_for_another_purpose_is_forged(client: PageClient, here: Running) -> None:
    status_path, path = opened(client)
    link = here.keys.signer.read(Purpose.GO, path.removeprefix("/go/"), here.clock())
    assert client.get(f"/go/{status_path.removeprefix('/r/')}").status == 404
    for purpose in set(Purpose) - {Purpose.GO}:
        assert client.get(f"/go/{here.links.token(purpose, link.id, link.expires)}").status == 404


@pytest.mark.slow
def test_another_spelling_of_the_token_is_the_same_link(client: PageClient, here: Running) -> None:
    status_path, path = opened(client)
    letters = string.ascii_letters + string.digits + "-_"
    spellings = [path[:-1] + letter for letter in letters] + [f"{path}=", f"{path}=="]
    valid = [spelling for spelling in spellings if client.open("HEAD", spelling).status == 204]
    assert len(valid) > 1, "several spellings are known to verify"
    for turn in range(MOST_OPENINGS):
        assert client.get(valid[turn % len(valid)]).status == 302
    assert times_opened(here, client, status_path) == MOST_OPENINGS
    assert {client.get(spelling).status for spelling in valid} == {410}


@pytest.mark.slow
def test_a_one_time_link_is_used_up_by_its_button_alone(
    client: PageClient, clock: StandingClock, change_site: ChangeSite
) -> None:
    change_site(one_time_links=True)
    _, path = opened(client)
    for _ in range(3):
        assert client.get(path).status == 200
    page = client.get(path)
    assert page.status == 200
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    used = press(client, page, "Start my session")
    assert (used.status, used.body) == (302, b"")
    assert client.get(used.location).status == 200
    clock.advance(seconds=1)
    second = press(client, page, "Start my session")
    assert second.status == 410
    again = press(client, second, "Make a new link")
    anew = client.get(start_path(client, again.location))
    assert press(client, anew, "Start my session").status == 302


def test_what_a_one_time_link_leads_to_once_used_is_not_a_button_that_fails(
    client: PageClient, change_site: ChangeSite
) -> None:
    change_site(one_time_links=True)
    _, path = opened(client)
    press(client, client.get(path), "Start my session")
    assert client.get(path).status == 410


def test_an_ended_request_has_no_way_back_to_its_session(client: PageClient) -> None:
    status_path, path = opened(client)
    applet_path = client.get(path).location
    assert client.post(applet_path, {"action": "cancel"}).status == 303
    over = client.get(path)
    assert over.status == 410
    assert not over.page.select("form")
    assert over.page.select_one('a[href="/s/default"]')
    assert client.post(status_path).location == status_path
    assert not client.get(status_path).page.select("a[data-start]")
    assert client.get(path).status == 410


def test_the_chosen_system_goes_along(client: PageClient) -> None:
    _, path = opened(client)
    assert client.get(f"{path}?for=macos").location.endswith("?for=macos")
    for other in ("amiga", "macos%0d%0aX: y", "//evil.example"):
        assert "?" not in client.get(path, query_string={"for": other}).location


@pytest.mark.slow
def test_start_links_are_made_anew_so_often_and_no_more(client: PageClient, clock: StandingClock) -> None:
    status_path, _ = opened(client)
    for _ in range(20):
        assert client.get(start_path(client, status_path)).status == 302
        clock.advance(seconds=1)
        assert client.post(status_path).status == 303
    late = client.post(status_path)
    assert (late.status, int(late.headers["Retry-After"]) > 0) == (429, True)
    assert client.get(start_path(client, status_path)).status == 302, "the newest one still works"
