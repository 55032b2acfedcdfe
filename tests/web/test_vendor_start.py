"""Sessions that a vendor opened: how their applet is started, and what a customer sees before that and after
failures."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, update

from app.actions.privacy import erase, find_person
from app.core.backend import Start
from app.core.kept_file import CHUNK
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
from tests.kept_files import keep
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


def opened_with_file(here: Running, client: PageClient, content: bytes) -> str:
    """A request whose vendor answered with a program."""
    kept = keep(here.database, content, here.clock())
    given = {"applet_file": kept, "applet_name": "Support Zoë.exe", "applet_type": "application/x-msdownload"}
    return opened(here, client, start=Start.FILE, **given)


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


@pytest.mark.slow
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
    path = opened_with_file(here, client, b"MZ" * 100)
    answer = client.get(go_path(client, path))
    assert (answer.status, answer.body) == (200, b"MZ" * 100)
    headers = dict(answer.headers)
    for name in ("Date", "Expires", "X-Request-Id"):
        assert headers.pop(name)
    assert headers == {
        "Content-Type": "application/x-msdownload",
        "Content-Length": "200",
        "Content-Disposition": "attachment; filename=\"Support Zoe.exe\"; filename*=UTF-8''Support%20Zo%C3%AB.exe",
        "Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT",
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
    }


LARGE = b"MZ" + bytes(range(256)) * 10_000  # three chunks


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=1048570-1048580", 1048570, 1048580),
        ("bytes=2097152-", 2097152, len(LARGE) - 1),
        ("bytes=-7", len(LARGE) - 7, len(LARGE) - 1),
        ("bytes=0-99999999", 0, len(LARGE) - 1),
    ],
)
def test_a_part_of_the_applet(
    here: Running, client: PageClient, account: Callable[..., Site], wanted: str, first: int, last: int
) -> None:
    account()
    path = opened_with_file(here, client, LARGE)
    answer = client.get(go_path(client, path), headers={"Range": wanted})
    assert (answer.status, answer.headers["Content-Range"]) == (206, f"bytes {first}-{last}/{len(LARGE)}")
    assert answer.headers["Content-Length"] == str(last + 1 - first)
    assert answer.body == LARGE[first : last + 1]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.slow
def test_a_download_is_continued_only_where_it_is_the_same_file(
    here: Running, client: PageClient, account: Callable[..., Site]
) -> None:
    account()
    path = opened_with_file(here, client, LARGE)
    begun = client.get(go_path(client, path)).headers["Last-Modified"]
    wanted = {"Range": "bytes=5-9"}
    assert client.get(go_path(client, path), headers={**wanted, "If-Range": begun}).status == 206
    earlier = {**wanted, "If-Range": "Sun, 01 Mar 2026 11:00:00 GMT"}
    assert client.get(go_path(client, path), headers=earlier).body == LARGE


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=5-2", "bytes=0-1,5-6"])
def test_a_range_that_cannot_be_served(
    here: Running, client: PageClient, account: Callable[..., Site], wanted: str
) -> None:
    account()
    path = opened_with_file(here, client, b"MZ" * 100)
    answer = client.get(go_path(client, path), headers={"Range": wanted})
    assert answer.status == 416
    assert answer.headers.get("Content-Range", "bytes */200") == "bytes */200"
    assert answer.is_page


def test_a_download_reads_a_chunk_at_a_time_and_holds_no_connection(
    here: Running, client: PageClient, account: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    account()
    path = opened_with_file(here, client, LARGE)
    read, open_now, reads = here.database.read, 0, 0

    @contextmanager
    def counted() -> Iterator[Connection]:
        nonlocal open_now, reads
        with read() as connection:
            open_now += 1
            reads += 1
            yield connection
            open_now -= 1

    start = go_path(client, path)
    monkeypatch.setattr(here.database, "read", counted)
    answer = client.stream(start)
    before = reads  # with that of the first chunk
    pieces = []
    for piece in answer:
        pieces.append(piece)
        assert open_now == 0
        assert reads - before == (sum(map(len, pieces)) - 1) // CHUNK
    assert b"".join(pieces) == LARGE
    assert reads - before == 2


def test_a_download_ends_early_when_its_file_is_erased(
    here: Running, client: PageClient, account: Callable[..., Site]
) -> None:
    account()
    path = opened_with_file(here, client, LARGE)
    answer = client.stream(go_path(client, path))
    assert next(answer)
    reference = only_request(here).reference
    assert erase(here.database, find_person(here.database, reference=reference), by=None, now=here.clock())
    with pytest.raises(ConnectionResetError):
        list(answer)


def test_an_applet_that_was_not_kept_is_fetched_by_the_browser(
    here: Running, client: PageClient, account: Callable[..., Site]
) -> None:
    account()
    for kept in ({"applet_file": "gone", "applet_name": "a.exe", "applet_type": "a/b"}, {"applet_file": None}):
        path = opened(here, client, start=Start.FILE, **kept)
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


@pytest.mark.slow
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
