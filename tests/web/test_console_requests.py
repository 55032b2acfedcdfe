"""Requests in the console: who sees them, what is found, and the actions of operators."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from app.core.request import CustomerRequest, RequestState
from app.core.why import Why, WhyCode
from app.keys.seal import Sealer
from app.process.running import Running
from app.store.audit import Act, acts
from app.store.hand_offs import claim_due
from app.store.requests import insert_request, list_requests, request_by_reference
from app.store.sites import change_site
from tests.page_client import Answer, PageClient
from tests.store.rows import request_row
from tests.vendor.stand_in import KEY, Answers, Vendor, stand_in
from tests.waiting import until
from tests.web.console_client import csrf_of, log_in
from tests.web.markup_texts import TEXTS

SVEN, DORA = "sven@example.com", "dora@example.com"
WITHIN = 20.0  # seconds
LIST = "/console/requests"


@pytest.fixture
def here(app_on_both: Flask) -> Running:
    running: Running = app_on_both.extensions["handbell"]
    return running


@pytest.fixture
def client(app_on_both: Flask) -> PageClient:
    return PageClient(app_on_both)


@pytest.fixture
def sven(app_on_both: Flask) -> PageClient:
    return logged_in(app_on_both, SVEN)


def logged_in(app: Flask, email: str) -> PageClient:
    client = PageClient(app)
    assert log_in(client, email).status == 303
    return client


@pytest.fixture
def vendor(here: Running) -> Iterator[Vendor]:
    """Let the site's sessions open at a stand-in for the vendor, with the pool at work."""
    with stand_in() as started:
        site = replace(
            here.desk.sites["default"],
            backend="take-control",
            api_domain=started.address,
            applet_hosts=("*.startcontrol.com",),
            sealed_key=Sealer(here.keys._secrets).seal(KEY),
        )
        here.database.write(lambda connection: change_site(connection, site))
        here.hand_offs.start()
        yield started
        here.hand_offs.stop()


def put(here: Running, **given: Any) -> str:
    row = request_row(**{"created_at": here.clock(), **given})
    here.database.write(lambda connection: insert_request(connection, row))
    return row.reference


def row_of(here: Running, reference: str) -> CustomerRequest:
    with here.database.read() as connection:
        found = request_by_reference(connection, reference)
    assert found
    return found


def newest(here: Running) -> CustomerRequest:
    with here.database.read() as connection:
        return list_requests(connection, most=1)[0]


def becomes(here: Running, reference: str, state: RequestState) -> bool:
    return until(lambda: row_of(here, reference).state is state, WITHIN)


def press(client: PageClient, path: str, **fields: Any) -> Answer:
    token = csrf_of(client.get(f"{LIST}?state=ended"))
    return client.post(path, {"csrf_token": token, **fields})


def listed(page: Answer) -> list[str]:
    return [a.get_text() for a in page.page.select("th.ticket a")]


def audited(here: Running) -> list[Act]:
    with here.database.read() as connection:
        return acts(connection)


@pytest.mark.slow
def test_only_supervisors_see_requests_and_only_administrators_take_them_away(
    app_on_both: Flask, here: Running
) -> None:
    reference = put(here, state=RequestState.SUSPECT)
    one = f"{LIST}/{reference}"
    gets, exports, posts = (LIST, one, f"{one}/anew"), (f"{LIST}.csv", f"{LIST}.json"), (LIST, one, f"{one}/anew")
    stranger, anna = PageClient(app_on_both), logged_in(app_on_both, "anna@example.com")
    sven, dora = logged_in(app_on_both, SVEN), logged_in(app_on_both, DORA)
    for path in (*gets, *exports):
        assert (stranger.get(path).status, stranger.get(path).location) == (303, f"/console/login?next={path}")
        assert anna.get(path).status == 403
        assert sven.get(path).status == (403 if path in exports else 303 if path.endswith("anew") else 200)
        assert dora.get(path).status == (303 if path.endswith("anew") else 200)
    token = csrf_of(anna.get("/console/"))
    for path in posts:
        fields = {"act": "release", "reference": reference, "attempts": "0"}
        assert stranger.post(path, fields).location == "/console/login"
        assert anna.post(path, {**fields, "csrf_token": token}).status == 403
        assert sven.post(path, fields).status == 400
        assert sven.post(path, {**fields, "csrf_token": token}).status == 400
    assert row_of(here, reference).state is RequestState.SUSPECT


@pytest.mark.slow
def test_the_list_shows_how_hand_offs_stand_and_filters(here: Running, sven: PageClient) -> None:
    due = here.clock() + timedelta(minutes=3)
    away = Why(WhyCode.NOT_AVAILABLE, {"status": 503})
    waiting = put(here, state=RequestState.WAITING, due_at=due, attempts=2, why=away, unsure=1)
    parked = put(here, state=RequestState.PARKED, backend="take-control", customer_email="Zoe@example.com")
    page = sven.get(LIST)
    assert set(listed(page)) == {waiting, parked}
    row = next(row for row in page.page.select("tbody tr") if waiting in row.get_text()).get_text(" ")
    for said in (
        "default",
        "embedded",
        "Waiting",
        "possible duplicate",
        "The vendor answered 503.",
        "2",
        "2026-03-01 12:03",
    ):
        assert said in row
    assert listed(sven.get(f"{LIST}?state=parked")) == [parked]
    assert listed(sven.get(f"{LIST}?backend=embedded&site=default")) == [waiting]
    for typed in (parked.lower(), "zoe@EXAMPLE.com", f" {parked.replace('-', '')} "):
        assert listed(sven.get(f"{LIST}?q={quote(typed)}")) == [parked]
    counts = {a.get_text(" ", strip=True) for a in page.page.select(".tabs a")}
    assert {"Waiting 1", "Parked 1", "Suspect 0", "All"} <= counts


@pytest.mark.slow
def test_the_list_goes_on_over_pages_and_keeps_its_filters(here: Running, sven: PageClient) -> None:
    made = {put(here, state=RequestState.PARKED) for _ in range(53)}
    put(here, state=RequestState.ENDED)
    first = sven.get(f"{LIST}?state=parked&site=default&q=")
    (older,) = [a["href"] for a in first.page.select(".more a")]
    second = sven.get(str(older))
    assert [len(listed(first)), len(listed(second))] == [50, 3]
    assert {*listed(first), *listed(second)} == made
    (back,) = [a["href"] for a in second.page.select(".more a")]
    assert listed(sven.get(str(back))) == listed(first)


@pytest.mark.parametrize(
    "query",
    [
        "state=nothing",
        "site=nobody",
        "site=%00",
        "backend=x",
        "before=x",
        "before=1.x",
        f"before={'9' * 16}.7K3M-Q2XH",
        "before=-1.7K3M-Q2XH",
        "before=%D9%A1.7K3M-Q2XH",
    ],
)
def test_a_filter_that_there_is_not_is_not_found(sven: PageClient, query: str) -> None:
    assert sven.get(f"{LIST}?{query}").status == 404


@pytest.mark.parametrize("text", ["%ff", "%ED%A0%80", "%", "'%20OR%201=1--", "x" * 5000, "%F0%9F%92%A9", "%0A=1"])
def test_odd_searches_find_nothing_and_harm_nothing(here: Running, sven: PageClient, text: str) -> None:
    put(here)
    answer = sven.get(f"{LIST}?q={text}")
    assert answer.status < 500
    assert listed(answer) == []


@pytest.mark.slow
@pytest.mark.parametrize("reference", ["0000-0000", "x", "%00", "%ff", "7K3M-Q2XHX", "7K3M-Q2X%0A", "x" * 3000])
def test_what_is_not_there_is_not_found(sven: PageClient, reference: str) -> None:
    for path in (f"{LIST}/{reference}", f"{LIST}/{reference}/anew"):
        assert sven.get(path).status == 404
        assert press(sven, path, act="retry", attempts="0").status == 404


@pytest.mark.slow
def test_one_request_with_all_that_is_known_and_nothing_secret(here: Running, sven: PageClient) -> None:
    reference = put(
        here,
        state=RequestState.PARKED,
        why=Why(WhyCode.BAD_KEY, {"status": 403}),
        attempts=3,
        unsure=1,
        lost=1,
        customer_name="Zoë",
        verified=("customer_email",),
        customer_email="zoe@example.com",
        more=(("Room", "4"),),
        client_address="192.0.2.9",
        applet_link="https://applets.startcontrol.com/secret",
        idempotency_key="key-of-the-customer",
    )
    page = sven.get(f"{LIST}/{reference.lower()}")
    for said in (
        "Zoë",
        "zoe@example.com",
        "verified",
        "Room",
        "The vendor answered 403. The account key is wrong",
        "192.0.2.9",
        "Try again now",
    ):
        assert said in page.page.get_text(" ")
    row = row_of(here, reference)
    for secret in ("applets.startcontrol.com", "key-of-the-customer", row.status_id):
        assert secret not in page.text


@pytest.mark.slow
def test_a_customer_s_text_is_only_text(here: Running, sven: PageClient) -> None:
    names = ("customer_name", "customer_number", "problem_description", "department", "tech", "user_agent", "language")

    def shown(text: str) -> Answer:
        more = (("Room", text), (text, "4"))
        reference = put(
            here, state=RequestState.SUSPECT, why=Why(WhyCode.TRAP), more=more, **dict.fromkeys(names, text)
        )
        return sven.get(f"{LIST}/{reference}")

    plain = [tag.name for tag in shown("plain").page.find_all(True)]
    for text in TEXTS:
        page = shown(text)
        assert [tag.name for tag in page.page.find_all(True)] == plain, text
        assert page.select(".block > p.said").get_text() == text
    assert "alert(1)" not in sven.get(LIST).text


@pytest.mark.slow
def test_a_search_for_nothing_that_can_be_typed_is_none(here: Running, sven: PageClient) -> None:
    reference = put(here)
    for text in ("%00", "%0A", "%20", "%E2%80%AE"):
        assert listed(sven.get(f"{LIST}?q={text}")) == [reference]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "why", "label", "moves"),
    [
        (RequestState.SUSPECT, WhyCode.TOO_FAST, "Reason for suspicion", False),
        (RequestState.OPENING, WhyCode.TOO_FAST, "Reason for suspicion", True),
        (RequestState.WAITING, WhyCode.WORKER_DIED, "Last error", True),
        (RequestState.PARKED, WhyCode.WORKERS_DIED, "Last error", False),
    ],
)
def test_why_it_was_suspect_is_no_error_and_what_moves_can_be_looked_at_again(
    here: Running, sven: PageClient, state: RequestState, why: WhyCode, label: str, moves: bool
) -> None:
    reference = put(here, state=state, why=Why(why))
    answer = sven.get(f"{LIST}/{reference}")
    labels = [term.get_text() for term in answer.page.select("[aria-labelledby=handoff] dt")]
    assert {"Reason for suspicion", "Last error"} & set(labels) == {label}
    again = [link["href"] for link in answer.page.select(".head a") if link.get_text() == "Refresh"]
    assert again == ([f"{LIST}/{reference}"] if moves else [])


@pytest.mark.slow
def test_suspects_are_told_from_people_several_at_once(here: Running, sven: PageClient, client: PageClient) -> None:
    sent = [client.submit(customer_name=f"Zoë {n}", website="x").location for n in range(3)]
    page = sven.get(f"{LIST}?state=suspect")
    assert page.text.count("Filled in the hidden field") == 3
    boxes = [box["value"] for box in page.page.select("input[name=reference]")]
    assert sorted(boxes) == sorted(listed(page))
    form = page.select("form[method=post]:has(table)")
    here.hand_offs.start()
    people = {"csrf_token": csrf_of(page), "act": "release", "reference": boxes[:2]}
    done = sven.post(str(form["action"]), people)
    assert (done.status, done.location) == (303, f"{LIST}?state=suspect")
    assert all(becomes(here, reference, RequestState.OPENED) for reference in boxes[:2])
    said = sven.get(done.location)
    assert "2 requests are on their way." in said.text
    assert listed(said) == boxes[2:]
    sven.post(str(form["action"]), {**people, "act": "dismiss", "reference": boxes})
    assert "2 had changed meanwhile." in sven.get(LIST).text
    states = sorted(client.get(path).select("main")["data-state"] for path in sent)
    assert states == ["ended", "ready", "ready"]
    assert [(act.who, act.act) for act in audited(here)] == [
        (4, "request.dismissed"), (4, "request.released"), (4, "request.released")
    ]  # fmt: skip


@pytest.mark.slow
def test_none_or_too_many_ticked_changes_nothing(here: Running, sven: PageClient) -> None:
    reference = put(here, state=RequestState.SUSPECT)
    many = [f"{n:04}-0000" for n in range(100)]
    for ticked in ([], ["x"], [reference, "%00"], [reference, *many]):
        answer = press(sven, f"{LIST}?state=suspect", act="release", reference=ticked)
        assert answer.status == 422
        assert answer.select("[role=alert]")
        assert listed(answer) == [reference]
    assert press(sven, LIST, act="drop", reference=[reference]).status == 400
    assert press(sven, f"{LIST}?state=nothing", act="release", reference=[reference]).status == 404
    assert row_of(here, reference).state is RequestState.SUSPECT
    assert audited(here) == []


@pytest.mark.slow
def test_a_parked_request_is_tried_again_and_the_customer_goes_on(
    here: Running, sven: PageClient, client: PageClient, vendor: Vendor
) -> None:
    vendor.change(answers=Answers.FORBIDDEN)
    path = client.submit(customer_name="Zoë").location
    reference = newest(here).reference
    assert becomes(here, reference, RequestState.PARKED)
    assert client.get(path).select("main")["data-state"] == "parked"
    vendor.change(answers=Answers.DOCUMENTED)
    done = press(sven, f"{LIST}/{reference}", act="retry")
    assert (done.status, done.location) == (303, f"{LIST}/{reference}")
    assert becomes(here, reference, RequestState.OPENED)
    assert client.get(path).select("main")["data-state"] == "ready"
    again = press(sven, f"{LIST}/{reference}", act="retry")
    assert "Nothing was changed" in sven.get(again.location).text
    assert len(vendor.sessions) == 1


@pytest.mark.slow
def test_who_waits_is_parked_but_not_in_the_middle_of_a_call(here: Running, sven: PageClient) -> None:
    due = here.clock() + timedelta(minutes=5)
    reference = put(
        here, state=RequestState.WAITING, due_at=due, waiting_since=here.clock(), why=Why(WhyCode.WORKER_DIED)
    )
    press(sven, f"{LIST}/{reference}", act="park")
    assert row_of(here, reference).why == Why(WhyCode.PARKED_BY, {"name": "Sven S"})
    press(sven, f"{LIST}/{reference}", act="retry")
    now = here.clock()
    (held,) = here.database.write(lambda c: claim_due(c, "default", 1, "lease", now + timedelta(seconds=30), now))
    press(sven, f"{LIST}/{reference}", act="park")
    assert row_of(here, reference) == held


@pytest.mark.slow
def test_opened_anew_at_a_vendor_it_is_marked_and_the_customer_s_page_leads_there(
    here: Running, sven: PageClient, client: PageClient, vendor: Vendor
) -> None:
    path = client.submit(customer_name="Zoë", problem_description="It broke.").location
    reference = newest(here).reference
    assert becomes(here, reference, RequestState.OPENED)
    first = row_of(here, reference)
    asking = sven.get(str(sven.get(f"{LIST}/{reference}").select("a[href$=anew]")["href"]))
    assert "The vendor still has the earlier session" in asking.text
    fields = {field["name"]: field["value"] for field in asking.page.select("main form input")}
    done = sven.post(f"{LIST}/{reference}/anew", fields)
    assert done.location == f"{LIST}/{reference}"
    assert becomes(here, reference, RequestState.OPENED)
    second = row_of(here, reference)
    assert second.applet_link != first.applet_link
    assert second.maybe_duplicate
    assert client.get(path).select("main")["data-state"] == "ready"
    go = str(client.get(path).page.select("a[data-start]")[0]["href"])
    assert client.get(go).location == second.applet_link
    sven.post(f"{LIST}/{reference}/anew", fields)
    assert "Nothing was changed" in sven.get(f"{LIST}/{reference}").text
    assert [f"[REF {reference} retry]" in (session.problem_description or "") for session in vendor.sessions] == [
        False,
        True,
    ]
    assert [act.act for act in audited(here)] == ["request.reopened"]


@pytest.mark.slow
def test_only_what_had_its_turn_is_opened_anew(here: Running, sven: PageClient) -> None:
    for state in RequestState:
        reference = put(here, state=state)
        may = state in (RequestState.OPENED, RequestState.ENDED)
        assert sven.get(f"{LIST}/{reference}/anew").status == (200 if may else 303)
        assert bool(sven.get(f"{LIST}/{reference}").page.select("a[href$=anew]")) is may
        for attempts in ("1", "x", "", "9" * 30):
            press(sven, f"{LIST}/{reference}/anew", attempts=attempts)
        assert row_of(here, reference).state is state
    assert audited(here) == []


@pytest.mark.slow
def test_an_export_is_for_spreadsheets_and_programs_and_is_remembered(app_on_both: Flask, here: Running) -> None:
    dora = logged_in(app_on_both, DORA)
    made = {}
    for text in TEXTS:
        made[
            put(here, state=RequestState.PARKED, customer_name=text, problem_description=text, more=((text, text),))
        ] = text
    other = put(here, state=RequestState.ENDED, customer_email="zoe@example.com", customer_number="-4711")
    put(here, state=RequestState.WAITING, customer_email="w@example.com", why=Why(WhyCode.STATUS, {"status": 418}))
    answer = dora.get(f"{LIST}.csv?state=parked&q=")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="handbell-requests-2026-03-01.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""), strict=True))
    assert {row["reference"] for row in rows} == made.keys()
    told = {row["reference"]: row["problem_description"].replace("'", "") for row in rows}
    assert told == {reference: text.replace("'", "") for reference, text in made.items()}
    assert not any(cell[:1] in set("=+-@\t\r＝＋－＠") for row in rows for cell in row.values())
    found = dora.get(f"{LIST}.json?q=zoe@example.com").json["requests"]
    assert [(one["reference"], one["customer_number"], one["created_at"]) for one in found] == [
        (other, "-4711", "2026-03-01T12:00:00.000Z")
    ]  # fmt: skip
    (waits,) = dora.get(f"{LIST}.json?q=w@example.com").json["requests"]
    assert (waits["why"], waits["why_values"]) == ("status", {"status": 418})
    assert waits["last_error"] == "the vendor answered 418"
    assert dora.get(f"{LIST}.json?q=nobody").json == {"requests": []}
    assert [(act.who, act.act, act.detail["searched"]) for act in audited(here)] == [
        (5, "requests.exported", True),
        (5, "requests.exported", True),
        (5, "requests.exported", True),
        (5, "requests.exported", False),
    ]  # fmt: skip
    assert "zoe" not in str([act.detail for act in audited(here)])


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_link_on_another_site_exports_nothing(app_on_both: Flask, here: Running, kind: str) -> None:
    dora = logged_in(app_on_both, DORA)
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        assert dora.get(f"{LIST}.{kind}", headers={"Sec-Fetch-Site": site}).status == status
    assert [act.act for act in audited(here)] == ["requests.exported"] * 2


def test_an_export_ends_at_ten_thousand(app_on_both: Flask, here: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.web.console import request_export

    monkeypatch.setattr(request_export, "_MOST", 25)
    monkeypatch.setattr(request_export, "_AT_ONCE", 10)
    made = [put(here, state=RequestState.PARKED, created_at=here.clock() + timedelta(seconds=n)) for n in range(30)]
    found = logged_in(app_on_both, DORA).get(f"{LIST}.json").json["requests"]
    assert [one["reference"] for one in found] == made[:4:-1]


@pytest.mark.slow
def test_the_menu_counts_suspects_for_those_who_may_judge(app_on_both: Flask, here: Running, sven: PageClient) -> None:
    assert not sven.get("/console/").page.select(".places .number")
    first, _second = (put(here, state=RequestState.SUSPECT) for _ in range(2))
    before = sven.get("/console/")
    assert before.select(".places .number").get_text() == "suspect: 2"
    press(sven, f"{LIST}/{first}", act="release")
    after = sven.get("/console/", headers={"If-None-Match": before.headers["ETag"]})
    assert after.select(".places .number").get_text() == "suspect: 1"
    anna = logged_in(app_on_both, "anna@example.com")
    assert not anna.get("/console/").page.select(".places .number")
