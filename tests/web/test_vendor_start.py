"""Sessions that a vendor opened: how their applet is started, and what a customer sees before that and after
failures."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from app.core.backend import Start
from app.core.request import RequestState
from app.core.site import Site
from app.core.why import Why, WhyCode
from app.edge.headers import PAGE_CSP
from app.keys.seal import Sealer
from app.process.running import Running
from app.store.requests import list_requests
from app.store.tables import requests
from app.store.why import why_columns
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient

ChangeSite = Callable[..., Site]
KEY = "canary+key/0123456789=="
LINK = "https://applets.startcontrol.com/download/1"


@pytest.fixture
def account(here: Running, change_site: ChangeSite) -> Callable[..., Site]:
    """Give the site `default` a Take Control account."""

    def give(backend: str = "take-control", **options: object) -> Site:
        sealed = Sealer(here.keys._secrets).seal(KEY)
        return change_site(backend=backend, api_domain="https://api.example.com", sealed_key=sealed, **options)

    return give


def opened(here: Running, client: PageClient, **values: Any) -> str:
    """A request whose session a vendor has opened; returns its status page's path."""
    path = client.submit(customer_name="Zoë <b>", problem_description='"It" broke & smokes.').location
    change = {"state": RequestState.OPENED, "due_at": None, "opened_at": here.clock(), **values}
    here.database.write(lambda c: c.execute(update(requests).values(**change)).rowcount)
    client.post(path)  # makes a start link, as the hand-off does
    return path


def go_path(client: PageClient, path: str) -> str:
    return str(client.get(path).page.select("a[data-start]")[0]["href"])


def only_request(here: Running) -> Any:
    with here.database.read() as connection:
        (found,) = list_requests(connection)
    return found


def pairs(page: Answer) -> list[tuple[str, str]]:
    return [(str(field["name"]), str(field["value"])) for field in page.page.select("form input")]


def test_a_request_waits_on_a_page_that_goes_on_by_itself(client: PageClient, account: Callable[..., Site]) -> None:
    account()
    path = client.submit(customer_name="Zoë").location
    page = client.get(path)
    assert page.select("main")["data-state"] == "waiting"
    assert "We are connecting you" in page.text
    assert page.select("noscript meta[http-equiv=refresh]")["content"] == f"5; url={path}"
    assert page.select(".reference").get_text()
    assert "+1 555 0100" in page.text
    assert "Tell us this reference" in page.text
    assert "sees the same reference" not in page.text  # a vendor's console does not show it


def test_a_request_that_was_tried_before_says_that_it_takes_longer(
    here: Running, client: PageClient, account: Callable[..., Site]
) -> None:
    account()
    path = client.submit(customer_name="Zoë").location
    here.database.write(lambda c: c.execute(update(requests).values(attempts=2)).rowcount)
    assert "We keep trying" in client.get(path).text


def test_a_link_is_a_redirect_to_the_vendors_address(
    here: Running, client: PageClient, account: Callable[..., Site]
) -> None:
    account()
    path = opened(here, client, start=Start.LINK, applet_link=LINK, vendor_ticket="T-77")
    page = client.get(path)
    assert "A small program" in page.text
    assert "T-77" in page.text
    answer = client.get(go_path(client, path))
    assert (answer.status, answer.location, answer.body) == (302, LINK, b"")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert client.get(path).select("main")["data-state"] == "started"


def test_an_applet_that_came_as_a_file_is_an_attachment(
    here: Running, client: PageClient, account: Callable[..., Site]
) -> None:
    account()
    folder = here.settings.vendor_applets_dir
    folder.mkdir()
    (folder / "f1").write_bytes(b"MZ" * 100)
    path = opened(
        here,
        client,
        start=Start.FILE,
        applet_file="f1",
        applet_name="Support Zoë.exe",
        applet_type="application/x-msdownload",
    )
    answer = client.get(go_path(client, path))
    assert (answer.status, answer.body) == (200, b"MZ" * 100)
    assert answer.headers["Content-Type"] == "application/x-msdownload"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''Support%20Zo%C3%AB.exe" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


def test_an_applet_that_is_not_on_this_disk_is_fetched_by_the_browser(
    here: Running, client: PageClient, account: Callable[..., Site]
) -> None:
    account()
    path = opened(here, client, start=Start.FILE, applet_file="gone", applet_name="a.exe", applet_type="a/b")
    answer = client.open("GET", go_path(client, path), check=False)
    assert answer.select("form[data-auto-post]")["action"].startswith("https://api.example.com/")


def test_the_browser_hand_off_posts_the_fields_from_a_page_that_may_post_nowhere_else(
    here: Running, client: PageClient, account: Callable[..., Site]
) -> None:
    account("take-control-browser", department="id_77", ask_customer_info="always")
    path = client.submit(customer_name="Zoë <b>", problem_description='"It" broke & smokes.').location
    request = only_request(here)
    assert (request.state, request.start, request.attempts) == (RequestState.OPENED, Start.BROWSER, 0)
    assert KEY not in client.get(path).text
    answer = client.open("GET", go_path(client, path), check=False)
    assert answer.status == 200
    form = answer.select("form")
    assert (form["method"], form["action"]) == ("post", "https://api.example.com/integration/integration_api.php")
    assert form.has_attr("data-auto-post")
    assert pairs(answer) == [
        ("uid", KEY),
        ("department", "id_77"),
        ("customer_name", "Zoë <b>"),
        ("problem_description", '"It" broke & smokes.'),
        ("ask_customer_info", "1"),
    ]
    assert answer.headers["Content-Security-Policy"] == PAGE_CSP.replace(
        "form-action 'self'", "form-action https://api.example.com"
    )
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert client.get(path).select("main")["data-state"] == "started"


def test_who_only_looks_ahead_starts_nothing_in_the_browser(client: PageClient, account: Callable[..., Site]) -> None:
    account("take-control-browser")
    path = client.submit(customer_name="Zoë").location
    ahead = client.open("GET", go_path(client, path), check=False, headers={"Sec-Purpose": "prefetch;prerender"})
    assert (ahead.status, ahead.body) == (204, b"")
    assert client.get(path).select("main")["data-state"] == "ready"


def test_a_one_time_link_to_the_vendor_is_used_by_a_button_once(
    client: PageClient, account: Callable[..., Site], clock: StandingClock
) -> None:
    account("take-control-browser", one_time_links=True)
    path = client.submit(customer_name="Zoë").location
    start = go_path(client, path)
    assert KEY not in client.get(start).text
    assert client.open("POST", start, check=False).select("form")["action"].startswith("https://api.example.com/")
    assert client.post(start).status == 410


@pytest.mark.parametrize("backend", ["embedded", "take-control-rest"])
def test_a_site_that_lost_its_account_leaves_no_dead_end(
    client: PageClient, account: Callable[..., Site], change_site: ChangeSite, backend: str
) -> None:
    account("take-control-browser")
    path = client.submit(customer_name="Zoë").location
    start = go_path(client, path)
    change_site(backend=backend, sealed_key=None)
    answer = client.get(start)
    assert answer.status == 410
    assert KEY not in answer.text
    assert answer.page.select("a[href='/s/default']")


def test_a_parked_request_says_whom_to_call_and_is_tried_again_by_a_press(
    here: Running, client: PageClient, account: Callable[..., Site], clock: StandingClock
) -> None:
    account(mail="help@example.com")
    path = client.submit(customer_name="Zoë").location
    parked = {"state": RequestState.PARKED, "due_at": None, **why_columns(Why(WhyCode.BAD_KEY, {"status": 403}))}
    here.database.write(lambda c: c.execute(update(requests).values(**parked)).rowcount)
    page = client.get(path)
    assert page.select("main")["data-state"] == "parked"
    assert "403" not in page.text
    assert "+1 555 0100" in page.text
    assert "help@example.com" in page.text
    assert page.select("form button").get_text() == "Try again"
    clock.advance(minutes=1)
    answer = client.post(str(page.select("form")["action"]))
    assert (answer.status, answer.location) == (303, path)
    again = only_request(here)
    assert (again.state, again.due_at, again.waiting_since) == (RequestState.WAITING, clock(), clock())


def test_a_parked_request_is_tried_again_six_times_in_ten_minutes(
    here: Running, client: PageClient, account: Callable[..., Site]
) -> None:
    account()
    path = client.submit(customer_name="Zoë").location
    states = []
    for _ in range(8):
        parked = {"state": RequestState.PARKED, "due_at": None}
        here.database.write(lambda c: c.execute(update(requests).values(**parked)).rowcount)  # noqa: B023 - it is called at once
        assert client.post(path).status == 303
        states.append(only_request(here).state)
    assert states == [RequestState.WAITING] * 6 + [RequestState.PARKED] * 2
