"""A request's status page: its text in each state, and when it starts the session by itself."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import update

from app.core.request import RequestState
from app.core.site import Site
from app.process.running import Running
from app.store.tables import requests
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient

ChangeSite = Callable[..., Site]


def set_state(here: Running, state: RequestState) -> None:
    here.database.write(lambda connection: connection.execute(update(requests).values(state=state)).rowcount)


def state_of(client: PageClient, status_path: str) -> Any:
    return client.get(f"/api/v1/requests/{status_path.removeprefix('/r/')}").json


def start_of(page: Answer) -> str:
    return str(page.page.select("a[data-start]")[0]["href"])


def refreshes(page: Answer) -> list[str]:
    return [str(meta["content"]) for meta in page.page.select("noscript meta[http-equiv=refresh]")]


def test_ready_starts_by_itself_with_script_and_without(client: PageClient) -> None:
    path = client.submit(customer_name="Zoë").location
    page = client.get(path)
    main = page.select("main")
    assert main["data-state"] == "ready"
    assert main.has_attr("data-auto")
    assert main["data-go"] == start_of(page)
    assert refreshes(page) == [f"1; url={start_of(page)}"]
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert state_of(client, path) == {
        "reference": page.select(".reference").get_text(),
        "state": "ready",
        "start": start_of(page),
        "start_url": f"http://127.0.0.1:8000{start_of(page)}",
        "helper": None,
        "opened_at": main["data-opened"],
        "opening": {"cover": "nobody", "opens_at": None, "usual_minutes": None},
        "wait": {
            "place": 1,
            "lines": [],
            "page": client.get(start_of(page)).location,
            "may_cancel": True,
            "pictures_left": 0,
        },
    }


def test_once_started_it_does_not_start_again_by_itself(client: PageClient) -> None:
    path = client.submit(customer_name="Zoë").location
    client.get(start_of(client.get(path)))
    page = client.get(path)
    main = page.select("main")
    assert main["data-state"] == "started"
    assert not main.has_attr("data-auto")
    assert not main.has_attr("data-go")
    assert refreshes(page) == []
    assert client.get(start_of(page)).status == 302
    assert state_of(client, path)["state"] == "started"


def test_one_time_links_never_start_by_themselves(client: PageClient, change_site: ChangeSite) -> None:
    change_site(one_time_links=True)
    page = client.get(client.submit(customer_name="Zoë").location)
    assert not page.select("main").has_attr("data-auto")
    assert refreshes(page) == []
    assert start_of(page)


def test_a_used_one_time_link_is_not_offered_again(
    client: PageClient, clock: StandingClock, change_site: ChangeSite
) -> None:
    change_site(one_time_links=True)
    path = client.submit(customer_name="Zoë").location
    used = start_of(client.get(path))
    assert client.post(used).status == 302
    clock.advance(seconds=1)
    assert not client.get(path).page.select(f'a[href="{used}"]')
    assert state_of(client, path)["start"] is None


def test_waiting_asks_again_and_offers_nothing_to_start(client: PageClient, here: Running) -> None:
    path = client.submit(customer_name="Zoë").location
    for state in (RequestState.WAITING, RequestState.OPENING):
        set_state(here, state)
        page = client.get(path)
        assert page.select("main")["data-state"] == "waiting"
        assert refreshes(page) == [f"5; url={path}"]
        assert not page.page.select("a[data-start], form")
        assert state_of(client, path)["state"] == "waiting"
        assert state_of(client, path)["start"] is None


def test_parked_says_so_with_the_phone_and_a_way_to_try_again(client: PageClient, here: Running) -> None:
    path = client.submit(customer_name="Zoë").location
    set_state(here, RequestState.PARKED)
    page = client.get(path)
    assert "+1 555 0100" in page.select("main").get_text()
    assert page.select("main form")["action"] == path
    assert refreshes(page) == [f"60; url={path}"]
    assert state_of(client, path)["start"] is None


def test_ended_offers_a_new_request(client: PageClient) -> None:
    path = client.submit(customer_name="Zoë").location
    applet = client.get(start_of(client.get(path))).location
    client.post(applet, {"action": "cancel"})
    page = client.get(path)
    assert page.status == 200
    assert page.select("main")["data-state"] == "ended"
    assert page.select('main a[href="/s/default"]')
    assert refreshes(page) == [f"60; url={path}"]
    assert not page.page.select("a[data-start], main form")
    assert state_of(client, path) == {
        "reference": page.select(".reference").get_text(),
        "state": "ended",
        "start": None,
        "start_url": None,
        "helper": None,
        "opened_at": "2026-03-01T12:00:00.000Z",
        "opening": None,
        "wait": None,
    }


def test_it_is_cancelled_while_it_waits_and_not_later(client: PageClient) -> None:
    path = client.submit(customer_name="Zoë").location
    address = f"/api/v1/requests/{path.removeprefix('/r/')}"
    assert client.open("DELETE", address).json == {"state": "ended"}
    assert state_of(client, path)["state"] == "ended"
    assert client.open("DELETE", address).status == 409


def test_a_late_start_link_is_replaced_by_a_press(client: PageClient, clock: StandingClock) -> None:
    path = client.submit(customer_name="Zoë").location
    clock.advance(hours=1)
    page = client.get(path)
    assert not page.page.select("a[data-start]")
    assert client.post(str(page.select("[data-before] form")["action"])).location == path
    assert client.get(start_of(client.get(path))).status == 302


def test_a_fresh_link_that_was_not_opened_is_not_made_twice(client: PageClient, clock: StandingClock) -> None:
    path = client.submit(customer_name="Zoë").location
    clock.advance(hours=1)
    found = set()
    for _ in range(2):
        client.post(path)
        found.add(start_of(client.get(path)))
    assert len(found) == 1


def test_its_link_lasts_a_day(client: PageClient, clock: StandingClock) -> None:
    path = client.submit(customer_name="Zoë").location
    clock.advance(hours=24)
    assert client.get(path).status == 200
    clock.advance(minutes=2)
    for late in (client.get(path), client.post(path)):
        assert late.status == 410
        assert late.page.select('a[href="/s/default"]')
    assert client.get(f"/api/v1/requests/{path.removeprefix('/r/')}").status == 410


def test_a_forged_link_is_not_found(client: PageClient) -> None:
    path = client.submit(customer_name="Zoë").location
    for forged in (path[:-5], "/r/x", f"/r/{'x' * 600}"):
        assert client.get(forged).status == 404
        assert client.post(forged).status == 404
        state = client.get(f"/api/v1/requests/{forged.removeprefix('/r/')}")
        assert state.status == 404
        assert state.json["error"]["status"] == 404


def test_a_disabled_site_s_requests_are_still_followed(client: PageClient, change_site: ChangeSite) -> None:
    path = client.submit(customer_name="Zoë").location
    change_site(disabled=True)
    assert client.get(path).status == 200


def test_nothing_of_what_was_typed_is_in_its_page_address_or_state(client: PageClient) -> None:
    sent = client.submit(
        customer_name="Zoë", customer_email="zoe@example.com", customer_number="C-77", problem_description="Secretly"
    )
    everything = client.get(sent.location).text + str(state_of(client, sent.location)) + sent.location
    for typed in ("Zoë", "zoe@", "C-77", "Secretly"):
        assert typed not in everything
