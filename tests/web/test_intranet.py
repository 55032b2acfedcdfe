"""Plain forms on other pages: names in any case, the page's origin, any declared encoding, repeated presses."""

from collections.abc import Callable
from io import BytesIO
from urllib.parse import quote_plus, urlencode

import pytest
from flask import Flask

from app.core.more import MOST_BYTES
from app.core.request import CustomerRequest, RequestState
from app.core.site import DENY, Site
from app.process.running import Running
from app.store.requests import list_requests
from tests.api.calls import tickets
from tests.conftest import StandingClock
from tests.page_client import HOST, Answer, PageClient

ChangeSite = Callable[..., Site]
PATH = "/s/default/submit"
INTRANET = "https://intranet.example.com"
OURS = {"Origin": f"http://{HOST}"}
FILLED = {
    "Customer_name": "Zoë",
    "CUSTOMER_EMAIL": "zoe@example.com",
    "customer_number": "C-1",
    "Problem_Description": "It broke.\r\nTwice.",
}
FORM_TYPE = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _listed(change_site: ChangeSite) -> None:
    change_site(origins=(INTRANET,))


def requests(here: Running) -> list[CustomerRequest]:
    with here.database.read() as connection:
        return list_requests(connection, most=1000)


def post(client: PageClient, data: object, *, origin: str | None = INTRANET, **options: object) -> Answer:
    headers = {**({"Origin": origin} if origin is not None else {}), **options.pop("headers", {})}
    return client.post(PATH, data, headers=headers, **options)


def carried(page: Answer) -> dict[str, str]:
    """The values that the page's button sends."""
    return {field["name"]: field.get("value", "") for field in page.page.select("main form input[type=hidden]")}


def test_a_form_that_posts_to_the_vendor_today(app: Flask, client: PageClient, here: Running) -> None:
    answer = post(client, {**FILLED, "UID": "b7a0-somebody's", "Department": "id_20", "Tech": "anna@example.com"})
    assert answer.status == 303
    (ticket,) = tickets(app)
    assert ticket.customer.given() == {
        "customer_name": "Zoë",
        "customer_email": "zoe@example.com",
        "customer_number": "C-1",
        "problem_description": "It broke.\nTwice.",
    }
    # Department 20 is offered to customers; a technician would need the site's permission.
    assert (ticket.asked_department, ticket.asked_tech, ticket.more) == ("id_20", None, ())
    assert client.get(answer.location).select(".reference").get_text() == ticket.reference
    assert requests(here)[0].source == "form"


def test_routing_is_the_pages_only_where_the_site_says_so(
    app: Flask, client: PageClient, change_site: ChangeSite
) -> None:
    sent = {"Department": "20", "Tech": "anna@example.com"}
    change_site(offer_departments=(), department="10")
    post(client, {**sent, "Customer_number": "1"})
    change_site(offer_departments=(), department="10", browser_routing=True)
    post(client, {**sent, "Customer_number": "2"})
    post(client, {"Customer_number": "3", "Department": "x" * 300, "Tech": "t\x07" + "x" * 300})
    asked = [(ticket.asked_department, ticket.asked_tech) for ticket in reversed(tickets(app))]
    assert asked == [("10", None), ("20", "anna@example.com"), ("x" * 300, None)]


def test_fields_that_we_do_not_know_are_a_short_list(app: Flask, client: PageClient) -> None:
    more = [
        ("Room", "4.11"),
        ("Floor", "4"),
        ("Printer", "A"),
        ("Printer", "B"),
        ("__VIEWSTATE", "x" * 99),
        ("Empty", " "),
    ]
    body = urlencode([*FILLED.items(), *more])
    assert post(client, body, content_type=FORM_TYPE).status == 303
    assert tickets(app)[0].more == (("Room", "4.11"), ("Floor", "4"), ("Printer", "A"), ("Printer", "B"))


def test_at_most_20_of_them_and_2_kb(app: Flask, client: PageClient) -> None:
    post(client, {f"f{number:02}": "x" for number in range(40)})
    assert len(tickets(app)[0].more) == 20
    post(client, {"a": "ä" * 1000, "b": "b" * 1000, "c": "c"})
    more = tickets(app)[0].more
    assert [name for name, _ in more] == ["a", "b"]
    assert sum(len(name.encode()) + len(value.encode()) for name, value in more) <= MOST_BYTES


@pytest.mark.parametrize(
    ("origin", "referer", "status"),
    [
        (INTRANET, None, 303),
        (INTRANET, "https://evil.example/", 303),
        (None, f"{INTRANET}/help/form.aspx?x=1", 303),
        ("null", f"{INTRANET}/", 303),
        (None, INTRANET.upper(), 303),
        (None, None, 200),
        ("null", None, 200),
        (None, "about:blank", 200),
        (None, "https://evil.example/https://intranet.example.com/", 200),
        (None, "https://intranet.example.com@evil.example/", 200),
        ("null", f"http://{HOST}/", 200),
        ("https://evil.example", f"{INTRANET}/", 200),
        ("https://intranet.example.com:8443", None, 200),
        ("http://intranet.example.com", None, 200),
        ("", f"{INTRANET}/", 200),
        (f"http://{HOST}", None, 303),
        (None, f"http://{HOST}/s/default", 303),
    ],
)
def test_whose_page_it_was(
    client: PageClient, here: Running, origin: str | None, referer: str | None, status: int
) -> None:
    answer = post(client, FILLED, origin=origin, headers={"Referer": referer} if referer else {})
    assert answer.status == status
    assert len(requests(here)) == (status == 303)
    if status == 200:
        assert answer.select("h1").get_text() == "Please look over what will be sent"
        assert "Zoë" in answer.select("main").get_text()


def test_what_is_shown_first_is_sent_by_one_press(app: Flask, client: PageClient) -> None:
    sent = {**FILLED, "Room": "4.11", "return_to": f"{INTRANET}/thanks", "ask_customer_info": "1"}
    page = post(client, sent, origin="https://evil.example")
    assert "This comes from a page at https://evil.example." in page.select("main").get_text(" ")
    form = page.select("main form")
    assert (form["method"], form["action"]) == ("post", PATH)
    assert client.post(PATH, carried(page), headers=OURS).status == 303
    (ticket,) = tickets(app)
    assert ticket.customer.values()["problem_description"] == "It broke.\nTwice."
    assert ticket.more == (("Room", "4.11"),)


def test_where_no_browser_says_whose_page_it_is_our_own_pages_token_does(client: PageClient, here: Running) -> None:
    page = post(client, FILLED, origin=None)
    token = carried(page)["confirm"]
    for wrong in ("", "forged", here.links.form_token("default"), token[:-3]):
        assert client.post(PATH, {**FILLED, "confirm": wrong}).status == 200
    # A page that has fetched that token gains nothing: browsers report its origin, or null.
    for origin in ("https://evil.example", "null"):
        assert post(client, carried(page), origin=origin).status == 200
    assert not requests(here)
    assert client.post(PATH, carried(page)).status == 303


def test_a_site_may_refuse_what_is_not_its_own(client: PageClient, here: Running, change_site: ChangeSite) -> None:
    change_site(foreign_forms=DENY)
    for origin in ("https://evil.example", "null", None):
        refused = post(client, FILLED, origin=origin)
        assert refused.status == 403
        assert refused.select("main a")["href"] == "/s/default"
    assert not requests(here)
    assert post(client, FILLED).status == 303


@pytest.mark.parametrize("place", ["iframe", "frame", "embed", "object"])
def test_in_a_frame_a_page_leads_out_and_keeps_what_was_typed(client: PageClient, here: Running, place: str) -> None:
    framed = post(client, FILLED, headers={"Sec-Fetch-Dest": place}, check=False)
    assert framed.status == 200
    assert "frame-ancestors *" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    assert not requests(here)
    form = framed.select("main form")
    assert (form["target"], form["action"]) == ("_blank", "/s/default/submit")
    assert post(client, carried(framed), origin=None, headers=OURS).status == 303
    (kept,) = requests(here)
    assert (kept.customer.name, kept.customer.problem) == (FILLED["Customer_name"], "It broke.\nTwice.")


def test_out_of_a_frame_of_a_foreign_page_the_customer_is_asked_first(client: PageClient, here: Running) -> None:
    framed = post(client, FILLED, origin="https://evil.example", headers={"Sec-Fetch-Dest": "iframe"}, check=False)
    asked = post(client, carried(framed), origin=None, headers=OURS)
    assert asked.select("h1").get_text() == "Please look over what will be sent"
    assert not requests(here)
    assert post(client, carried(asked), origin=None, headers=OURS).status == 303


def test_a_site_that_refuses_foreign_forms_says_so_in_a_frame_too(
    client: PageClient, here: Running, change_site: ChangeSite
) -> None:
    change_site(foreign_forms=DENY)
    refused = post(client, FILLED, origin="https://evil.example", headers={"Sec-Fetch-Dest": "iframe"}, check=False)
    assert (refused.status, "X-Frame-Options" in refused.headers) == (403, False)


def encoded(text: str, encoding: str) -> str:
    return quote_plus(text.encode(encoding))


@pytest.mark.parametrize(
    ("encoding", "label", "name"),
    [
        ("cp1252", "windows-1252", "Zoë – “€”"),
        ("cp1252", "iso-8859-1", "Zoë – “€”"),
        ("latin-1", "ISO-8859-1", "Zoë"),
        ("cp1251", "windows-1251", "Зоя"),
        ("cp932", "Shift_JIS", "髙橋"),
        ("euc_jp", "euc-jp", "高橋"),
        ("iso2022_jp", "iso-2022-jp", "高橋"),
        ("gb18030", "gbk", "张伟"),
        ("big5", "big5", "王"),
        ("cp1256", "windows-1256", "زوي"),
        ("utf-8", "UTF-8", "Zoë 界 😀"),
        ("utf-8", "", "Zoë 界 😀"),
    ],
)
def test_any_encoding_that_is_declared(app: Flask, client: PageClient, encoding: str, label: str, name: str) -> None:
    by_field = f"Customer_name={encoded(name, encoding)}&_charset_={label}"
    by_header = f"Customer_name={encoded(name, encoding)}&Customer_number=2"
    assert post(client, by_field, content_type=FORM_TYPE).status == 303
    content_type = f"{FORM_TYPE}; charset={label}" if label else FORM_TYPE
    assert post(client, by_header, content_type=content_type).status == 303
    boundary = "----b"
    parts = {"customer_name": name, "Wo": name, "_charset_": label, "customer_number": "3"}
    lines = [f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts.items()]
    body = "".join([*lines, f"--{boundary}--\r\n"]).encode(encoding)
    assert post(client, body, content_type=f"multipart/form-data; boundary={boundary}").status == 303
    found = tickets(app)
    assert [ticket.customer.name for ticket in found] == [name] * 3
    assert found[0].more == (("Wo", name),)


def test_undeclared_and_not_utf_8_it_is_shown_before_it_is_sent(app: Flask, client: PageClient) -> None:
    page = post(client, f"Customer_name={encoded('Zoë', 'cp1252')}", content_type=FORM_TYPE)
    assert (page.status, "Zoë" in page.select("main").get_text()) == (200, True)
    assert client.post(PATH, carried(page), headers=OURS).status == 303
    assert tickets(app)[0].customer.name == "Zoë"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("customer_name=%FF&_charset_=utf-8", FORM_TYPE, 400),
        ("customer_name=%81", FORM_TYPE, 400),
        ("customer_name=x&_charset_=utf-7", FORM_TYPE, 400),
        ("customer_name=x", f"{FORM_TYPE}; charset=rot13", 400),
        ("customer_name=x", f"{FORM_TYPE}; charset=base64", 400),
        ("customer_name=x", "text/plain", 415),
        ("customer_name=x", "application/json", 415),
        ("&".join(f"f{n}=x" for n in range(101)), FORM_TYPE, 413),
        ("x" * 65537, FORM_TYPE, 413),
    ],
)
def test_what_cannot_be_read(client: PageClient, here: Running, body: str, content_type: str, status: int) -> None:
    assert post(client, body, content_type=content_type).status == status
    assert not requests(here)


@pytest.mark.slow
def test_files_are_refused(client: PageClient, here: Running) -> None:
    sent = {"customer_name": "Zoë", "screenshot": (BytesIO(b"x"), "x.png")}
    assert post(client, sent, content_type="multipart/form-data").status == 400
    assert not requests(here)


def test_the_same_press_within_fifteen_seconds_is_the_same_request(
    app: Flask, client: PageClient, here: Running, clock: StandingClock
) -> None:
    first = post(client, FILLED)
    clock.advance(seconds=14)
    assert post(client, FILLED).location == first.location
    # With other content, network, browser or language it is another customer's request.
    others = [
        post(client, {**FILLED, "Room": "1"}),
        post(PageClient(app, address="192.0.2.8"), FILLED),
        post(client, FILLED, headers={"User-Agent": "another"}),
        post(client, FILLED, headers={"Accept-Language": "de"}),
    ]
    assert len({answer.location for answer in (first, *others)}) == len(requests(here)) == 5


def test_two_people_with_the_same_words_never_read_each_other(
    app: Flask, client: PageClient, here: Running, clock: StandingClock
) -> None:
    words = {"problem_description": "No internet"}
    first = post(client, words)
    clock.advance(seconds=15)
    second = post(client, words)
    assert (second.status, second.location != first.location) == (303, True)
    assert len(requests(here)) == 2


@pytest.mark.parametrize("name", ["customer_email", "customer_number"])
def test_later_with_the_same_mail_or_number_a_page_says_that_it_was_received(
    client: PageClient, here: Running, clock: StandingClock, name: str
) -> None:
    sent = {"problem_description": "No internet", name: "zoe@example.com", "Room": "4"}
    first = post(client, sent)
    reference = client.get(first.location).select(".reference").get_text()
    clock.advance(minutes=5)
    page = post(client, sent)
    assert (page.status, page.select(".reference").get_text()) == (200, reference)
    assert not page.page.select("a[href^='/r/'], a[href^='/go/'], a[href^='/applet/']")
    assert len(requests(here)) == 1
    fresh = carried(page)
    assert fresh["Room"] == "4"
    pressed = client.post(PATH, fresh, headers=OURS)
    assert (pressed.status, pressed.location != first.location) == (303, True)
    assert client.post(PATH, fresh, headers=OURS).location == pressed.location, "a second press"
    assert len(requests(here)) == 2
    assert post(client, {**sent, name: "other@example.com"}).status == 303
    clock.advance(minutes=11)
    assert post(client, sent).status == 303
    assert len(requests(here)) == 4


def test_other_content_with_the_same_mark_of_something_new_is_a_request_of_its_own(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    post(client, FILLED)
    clock.advance(minutes=1)
    new = carried(post(client, FILLED))
    first, other = post(client, new), post(client, {**new, "problem_description": "The scanner too."})
    assert (first.status, other.status) == (303, 303)
    assert other.location != first.location
    assert post(client, new).location == first.location, "a second press"
    assert len(requests(here)) == 3


def test_equal_from_a_listed_page_and_from_our_own_is_the_same_too(client: PageClient, here: Running) -> None:
    first = post(client, FILLED)
    page = post(client, FILLED, origin="https://evil.example")
    assert client.post(PATH, carried(page), headers=OURS).location == first.location
    assert len(requests(here)) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("customer_name", "n" * 129), ("customer_email", "no address"), ("problem_description", "bell\x07")],
)
def test_a_refused_form_comes_back_as_ours_with_everything_in_it(
    client: PageClient, here: Running, field: str, value: str
) -> None:
    sent = {name.lower(): typed for name, typed in FILLED.items()}
    refused = post(client, {**sent, field: value})
    assert refused.status == 422
    assert refused.select(f"#{field}")["aria-invalid"] == "true"
    assert refused.select("#customer_number")["value"] == "C-1"
    assert not requests(here)


def test_a_refused_forms_other_fields_go_along_when_it_is_corrected(app: Flask, client: PageClient) -> None:
    sent = {"Customer_number": "C-1", "customer_email": "x", "Room": "<4>", "return_to": f"{INTRANET}/x"}
    refused = post(client, sent)
    assert refused.status == 422
    corrected = {**carried(refused), "customer_number": "C-1", "customer_email": "zoe@example.com"}
    sent_again = client.post(refused.select("main form")["action"], corrected)
    assert sent_again.status == 303
    assert tickets(app)[0].more == (("Room", "<4>"),)
    assert client.get(sent_again.location).page.select_one(f'a[href="{INTRANET}/x"]')


def test_of_one_field_twice_the_last_that_is_not_empty_counts(client: PageClient, here: Running) -> None:
    assert post(client, "Customer_name=A&customer_name=B&customer_name=", content_type=FORM_TYPE).status == 303
    assert [request.customer.name for request in requests(here)] == ["B"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"{INTRANET}/thanks?a=1&b=2", True),
        (INTRANET, True),
        ("https://evil.example/", False),
        ("https://intranet.example.com.evil.example/", False),
        ("https://intranet.example.com@evil.example/", False),
        ("https://intranet.example.com\\@evil.example/", False),
        ("//intranet.example.com/", False),
        ("/thanks", False),
        ("javascript:alert(1)//https://intranet.example.com", False),
        ("https://intranet.example.com/\njavascript:", False),
        (f"{INTRANET}/{'x' * 2048}", False),
    ],
)
def test_the_way_back_leads_to_the_sites_own_pages_only(client: PageClient, address: str, shown: bool) -> None:
    sent = post(client, {**FILLED, "return_to": address})
    links = [link["href"] for link in client.get(sent.location).page.select("main a[rel=noreferrer]")]
    assert links == ([address] if shown else [])


@pytest.mark.slow
def test_a_busy_address_is_suspect_then_told_to_wait_with_its_text(client: PageClient, here: Running) -> None:
    for number in range(60):
        assert post(client, {"customer_number": str(number)}).status == 303
    states = [row.state for row in reversed(requests(here))]
    assert states == [RequestState.OPENED] * 6 + [RequestState.SUSPECT] * 54
    refused = post(client, {**FILLED, "Room": "4"})
    assert refused.status == 429
    assert refused.select("#customer_name")["value"] == "Zoë"
    assert carried(refused)["Room"] == "4"
    assert "+1 555 0100" in refused.page.get_text()


def test_a_required_field_is_asked_for_in_our_own_form(client: PageClient, change_site: ChangeSite) -> None:
    change_site(required=("customer_email",))
    refused = post(client, {"Customer_name": "Zoë"})
    assert refused.status == 422
    assert refused.page.select_one('.summary a[href="#customer_email"]')


def test_an_unknown_site(client: PageClient) -> None:
    assert client.post("/s/nobody/submit", FILLED).status == 404


def test_an_intranet_over_http_is_taken_where_it_is_listed_as_such(
    client: PageClient, here: Running, change_site: ChangeSite
) -> None:
    assert post(client, FILLED, origin="http://intranet").select("h1").get_text().startswith("Please look over")
    change_site(insecure_origins=("http://intranet",))
    answer = post(client, {**FILLED, "return_to": "http://intranet/it"}, origin="http://intranet")
    assert answer.status == 303
    assert requests(here)[0].return_to == "http://intranet/it"
    refused = client.get("/api/v1/sites/default", headers={"Origin": "http://intranet"})
    assert refused.status == 403


def test_names_of_a_framework_are_not_shown_to_the_customer(client: PageClient) -> None:
    sent = {**FILLED, "__VIEWSTATE": "dDw=", "ctl00$Main$txtRoomNumber": "4", "ctl00$Main$btnSend": "Send"}
    page = post(client, sent, origin="https://elsewhere.example.com")
    terms = [term.get_text() for term in page.page.select("dt")]
    assert terms == ["Your name", "Your e-mail", "Customer number", "Problem", "Room Number"]
