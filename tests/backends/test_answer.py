"""Every answer of a vendor is understood, refused in our own words, or recognized as unreadable."""

import json
import random
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backends.answer import Head, VendorAnswer, carries_applet, failure, retry_after, understand
from app.backends.download_page import MOST_HTML, page_link
from app.backends.envelope import MOST_PARSED, read_envelope
from app.backends.kept_applet import applet_name, applet_type
from app.core.backend import AppletFile, Opened, Refused, Start, Unavailable
from app.core.site import DEFAULT_APPLET_HOSTS
from app.core.vendor_address import VendorAddresses, allowed_address
from app.core.why import Why, WhyCode

VENDOR = VendorAddresses.of("https://api.us0.swi-rc.com/rest", DEFAULT_APPLET_HOSTS)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LINK = "https://get.startcontrol.com/1?a=b"
UNREADABLE = Opened(Start.BROWSER)


def answer(status: int = 200, body: bytes | str | None = b"", **headers: str) -> VendorAnswer:
    """An answer; underscores in header names become hyphens."""
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return VendorAnswer(
        Head(status, named), NOW, body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    )


def opened(given: VendorAnswer) -> Opened:
    return understand(given, VENDOR, VENDOR.form)


def of_json(value: object, **headers: str) -> Opened:
    body = value if isinstance(value, str) else json.dumps(value)
    return opened(answer(200, body, content_type="application/json", **headers))


def of_xml(body: str, content_type: str = "application/xml") -> Opened:
    return opened(answer(200, body, content_type=content_type))


def of_page(body: str) -> str | None:
    """The link found in a page; a page without a link is exactly the unreadable answer."""
    result = opened(answer(200, body, content_type="text/html; charset=utf-8"))
    assert result == (Opened(Start.LINK, link=result.link) if result.link else UNREADABLE)
    return result.link


# 1. Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_to_the_applet(status: int) -> None:
    assert opened(answer(status, location=LINK)) == Opened(Start.LINK, link=LINK)
    assert opened(answer(status, location="/x.exe")).link == "https://api.us0.swi-rc.com/x.exe"


@pytest.mark.parametrize(
    "location",
    [None, "", "https://evil.example/", "http://startcontrol.com/", "javascript:alert(1)", f"{LINK}, {LINK}"],
)
def test_a_redirect_elsewhere_is_not_followed(location: str | None) -> None:
    given = answer(302) if location is None else answer(302, location=location)
    assert opened(given) == UNREADABLE


@pytest.mark.parametrize(
    "location", [VENDOR.form, "https://api.eu1.swi-rc.com/integration/integration_api.php", "integration_api.php#x"]
)
def test_a_redirect_to_another_api_opened_nothing(location: str) -> None:
    with pytest.raises(Refused, match=WhyCode.OTHER_ADDRESS):
        opened(answer(301, location=location))


def test_a_redirect_to_the_same_path_with_a_query_may_be_the_applet() -> None:
    assert opened(answer(302, location="?ticket=1")).link == f"{VENDOR.form}?ticket=1"


# 2. The applet as the body

EXE = "application/x-msdownload"


@pytest.mark.parametrize(
    ("start", "headers"),
    [
        (b"anything", {"content-type": EXE}),
        (b"anything", {"content-type": "application/octet-stream"}),
        (b"anything", {"content-type": "Application/Zip; x=y"}),
        (b"anything", {"content-type": "binary/octet-stream"}),
        (b"anything", {"content-disposition": "attachment; filename=a.exe"}),
        (b"anything", {"content-disposition": "ATTACHMENT", "content-type": "text/plain"}),
        (b"<?xml", {"content-type": "application/x-apple-diskimage"}),
        (b"MZ\x90\x00", {"content-type": "text/html"}),
        (b"PK\x03\x04", {}),
        (b"\x7fELF", {"content-type": "text/plain"}),
    ],
)
def test_a_body_that_is_the_applet(start: bytes, headers: dict[str, str]) -> None:
    assert carries_applet(Head(200, headers), start)
    assert not carries_applet(Head(200, headers), b"")
    assert not carries_applet(Head(403, headers), start)


@pytest.mark.parametrize(
    ("start", "headers"),
    [
        (b"<html>", {}),
        (b"<html>", {"content-type": "text/html"}),
        (b"{}", {"content-type": "application/json", "content-disposition": "attachment; filename=f.json"}),
        (b"{}", {"content-type": "application/problem+json"}),
        (b"<a/>", {"content-type": "application/xml"}),
        (b"<a/>", {"content-type": "application/soap+xml"}),
        (b"<html>", {"content-type": "application/xhtml+xml"}),
        (b'{"link": ""}', {"content-type": "application/octet-stream"}),
        (b" <html>", {"content-type": "application/octet-stream"}),
        (b"\x89PNG", {"content-type": "image/png"}),
        (b"ok", {"content-type": "text/plain"}),
        (b"ok", {"content-type": "no type at all"}),
        (b"ok", {"content-disposition": "inline; filename=attachment"}),
        (b"a=b", {"content-type": "application/x-www-form-urlencoded"}),
    ],
)
def test_a_body_that_is_not(start: bytes, headers: dict[str, str]) -> None:
    assert not carries_applet(Head(200, headers), start)


def test_an_applet_that_was_kept() -> None:
    kept = AppletFile("id", "a.exe", EXE, 1)
    assert opened(VendorAnswer(Head(200, {}), NOW, b"", kept)) == Opened(Start.FILE, applet=kept)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="Support 1.exe"', "Support 1.exe"),
        ("attachment; filename=a.exe", "a.exe"),
        ("attachment; filename*=UTF-8''J%C3%BCrgen%20%E2%82%AC.msi", "Jürgen €.msi"),
        ("attachment; filename=x.exe; filename*=UTF-8''y.exe", "y.exe"),
        ('attachment; filename="Jürgen.exe"', "Jürgen.exe"),
        ('attachment; filename="J\xc3\xbcrgen.exe"', "Jürgen.exe"),
        ('attachment; filename="../../etc/cron.d/a.sh"', "a.sh"),
        ('attachment; filename="C:\\\\Windows\\\\a.exe"', "a.exe"),
        ("attachment; filename*=UTF-8''%2e%2e%2fa%0d%0aX%00.exe", "aX.exe"),
        ("attachment; filename*=UTF-8''photo%E2%80%AEgpj.exe", "photogpj.exe"),
        ('attachment; filename=".hidden.exe. ."', "hidden.exe"),
        ('attachment; filename="a<b>:|?*.exe"', "ab.exe"),
        ('attachment; filename="con.exe"', "support.exe"),
        ('attachment; filename="..."', "support.exe"),
        ('attachment; filename=""', "support.exe"),
        ("attachment", "support.exe"),
        (None, "support.exe"),
        ("attachment; filename*=nonsense", "nonsense"),
        ("attachment; filename*=rot13''a.exe", "a.exe"),
        ("attachment; filename*=\x00''a.exe", "support.exe"),
        ("attachment; filename=" + "a" * 300 + ".exe", "a" * 116 + ".exe"),
        ("attachment; filename=" + "a" * 300, "a" * 120),
        ("attachment; " + ";" * 60_000 + "filename=a.exe", "support.exe"),
    ],
)
def test_the_name_an_applet_came_with_is_cleaned(disposition: str | None, name: str) -> None:
    assert applet_name(disposition, EXE) == name


@pytest.mark.slow
@given(st.text() | st.from_regex(r"\Aattachment; filename(\*[0-9]?\*?)?=.{0,60}\Z"))
def test_every_name_is_safe(disposition: str) -> None:
    name = applet_name(disposition, EXE)
    assert 0 < len(name) <= 120
    assert name.isprintable()
    assert not set(name) & set('/\\<>:"|?*%')
    assert name.strip(" .") == name


def test_an_applet_without_a_name_is_named_after_its_type() -> None:
    assert applet_name(None, "application/x-apple-diskimage") == "support.dmg"
    assert applet_name(None, "application/zip") == "support.zip"
    assert applet_name(None, "application/nobody-knows") == "support.bin"


def test_no_browser_shows_what_is_handed_out() -> None:
    assert applet_type(EXE) == EXE
    for shown in (None, "text/html", "image/svg+xml", "application/xhtml+xml", "application/javascript", "text/plain"):
        assert applet_type(shown) == "application/octet-stream"


# 3. JSON and XML

NAMES = ("session_link", "support_link", "install_link", "applet_url", "download_url", "link", "url")


@pytest.mark.parametrize("name", [*NAMES, "Session_Link", " URL "])
@pytest.mark.parametrize("inside", [True, False])
def test_a_link_in_json(name: str, inside: bool) -> None:
    members = {name: LINK}
    envelope = {"result": "SUCCESS", "details": members, "errorDetails": None} if inside else members
    assert of_json(envelope) == Opened(Start.LINK, link=LINK)
    assert opened(answer(200, "\ufeff \n" + json.dumps(envelope), content_type="text/html")).link == LINK
    assert opened(answer(200, json.dumps([envelope]))).link == LINK


@pytest.mark.parametrize("name", NAMES)
def test_a_link_in_xml(name: str) -> None:
    escaped = LINK.replace("&", "&amp;")
    assert of_xml(f"<r><{name}> {escaped} </{name}></r>") == Opened(Start.LINK, link=LINK)
    inside = f"<?xml version='1.0'?><a:r xmlns:a='x'><a:details><a:{name}>{escaped}</a:{name}></a:details></a:r>"
    assert of_xml(inside) == of_xml(inside, "text/html") == Opened(Start.LINK, link=LINK)


def test_ids_and_pin() -> None:
    details = {"session_id": "s-1", "ticket_number": 42, "pin_number": "123456789", "session_link": LINK}
    expected = Opened(Start.LINK, session_id="s-1", ticket_number="42", link=LINK, pin="123456789")
    assert of_json({"result": "SUCCESS", "details": details, "errorDetails": {"errorCode": None}}) == expected
    members = "".join(f"<{name}>{value}</{name}>" for name, value in details.items())
    assert of_xml(f"<r><result>SUCCESS</result><details>{members}</details></r>") == expected


def test_what_is_inside_goes_before_what_is_outside() -> None:
    outer = {"id": "call-1", "url": "https://startcontrol.com/help"}
    assert of_json({**outer, "details": {"id": "s-1", "url": LINK}}) == Opened(Start.LINK, "s-1", None, LINK)
    assert of_json({**outer, "details": [{"request_id": 7, "link": LINK}]}) == Opened(Start.LINK, "7", None, LINK)


@pytest.mark.parametrize(
    "value", [True, False, None, 1.5, "", "  ", "a" * 129, "a\x00b", "a\nb", "\ud800", "\u202eab", [], {}, 10**200]
)
def test_ids_that_are_none_are_dropped(value: object) -> None:
    assert of_json({"session_id": value, "ticket_number": value, "pin": value, "link": LINK}) == Opened(
        Start.LINK, link=LINK
    )


def test_an_id_of_128_characters_is_kept() -> None:
    assert of_json({"id": "ü" * 128}) == Opened(Start.BROWSER, session_id="ü" * 128)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/",
        "http://startcontrol.com/",
        "https://startcontrol.com:8443/",
        "https://startcontrol.com@evil.example/",
        "javascript:alert(1)",
        "n/a",
        "none",
        "https:startcontrol.com",
        "https://startcontrol.com/\n",
        "https://startcontrol.com/ x",
        "https://startcontrol.com/\ud800",
        "https://startcontrol.com/ä",
        "//evil.example/",
    ],
)
def test_a_link_that_is_not_allowed_is_never_used(link: str) -> None:
    for body in ({"link": link, "id": 1}, {"details": {"session_link": link, "url": LINK, "id": 1}}):
        result = of_json(body)
        # Blanks and line breaks around a link are unintended, so it counts without them.
        expected = None if link.strip() == link else allowed_address(link.strip(), VENDOR.hosts)
        assert (result.link, result.session_id) == (expected, "1")
        assert result.start is (Start.LINK if expected else Start.BROWSER)


def test_a_session_without_a_link_keeps_its_number() -> None:
    assert of_json({"result": "SUCCESS", "details": {"ticket_number": "7"}}) == Opened(Start.BROWSER, ticket_number="7")


UNREADABLE_JSON = {
    "empty": "",
    "blank": " \n",
    "cut off": '{"link": "' + LINK,
    "a list of nothing": "[]",
    "a word": '"https://startcontrol.com/"',
    "a number": "1",
    "twice": f'{{"link": "{LINK}", "Link": "{LINK}x"}}',
    "two results": f'{{"result": "SUCCESS", "result": "ERROR", "link": "{LINK}"}}',
    "deep": "[" * 100_000,
    "deep objects": '{"details":' * 100_000,
    "huge": '{"a": "' + "x" * MOST_PARSED + f'", "link": "{LINK}"}}',
}


@pytest.mark.parametrize("body", UNREADABLE_JSON.values(), ids=UNREADABLE_JSON)
def test_json_that_cannot_be_read(body: str) -> None:
    assert of_json(body) == UNREADABLE


READABLE_JSON = {
    "the same twice": f'{{"link": "{LINK}", "link": "{LINK}"}}',
    "another name twice": f'{{"note": 1, "note": 2, "link": "{LINK}"}}',
    "a huge number": f'{{"a": {"9" * 50_000}, "link": "{LINK}"}}',
    "not a number": f'{{"a": NaN, "b": -Infinity, "c": 1e999, "link": "{LINK}"}}',
    "surrogates and NUL": f'{{"a\\ud800": "\\u0000\\udfff", "link": "{LINK}"}}',
}


@pytest.mark.parametrize("body", READABLE_JSON.values(), ids=READABLE_JSON)
def test_json_that_is_odd_but_can_be_read(body: str) -> None:
    assert of_json(body).link == LINK


def test_a_broken_character_elsewhere_does_not_hide_the_link() -> None:
    assert opened(answer(200, b'{"name": "J\xfcrgen", "link": "' + LINK.encode() + b'"}')).link == LINK


UNREADABLE_XML = {
    "cut off": "<r><link>https://startcontrol.com/",
    "an entity": "<!DOCTYPE r [<!ENTITY a 'https://startcontrol.com/'>]><r><link>&a;</link></r>",
    "a laugh": "<!DOCTYPE r [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><r><link>&b;</link></r>",
    "a file": "<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><r><link>&a;</link></r>",
    "twice": "<r><link>https://startcontrol.com/a</link><link>https://startcontrol.com/b</link></r>",
    "deep": "<r>" + "<details>" * 100_000,
    "deep and whole": "<r>" + "<a>" * 50_000 + "</a>" * 50_000 + "</r>",
    "another encoding": "<?xml version='1.0' encoding='nonsense'?><r><link>https://startcontrol.com/</link></r>",
    "huge": "<r><a>" + "x" * MOST_PARSED + "</a><link>https://startcontrol.com/</link></r>",
}


@pytest.mark.slow
@pytest.mark.parametrize("body", UNREADABLE_XML.values(), ids=UNREADABLE_XML)
def test_xml_that_cannot_be_read(body: str) -> None:
    assert of_xml(body) == UNREADABLE


@pytest.mark.parametrize("code", [400, 401, 403, 404, "403", 422])
def test_an_error_in_the_envelope_is_a_refusal(code: object) -> None:
    body = {"result": "ERROR", "details": None, "errorDetails": {"errorCode": code, "errorMsg": "vendor's own words"}}
    with pytest.raises(Refused, match=f"status={code}") as refused:
        of_json(body)
    assert "vendor's own" not in str(refused.value)
    xml = f"<r><result>error</result><errorDetails><errorCode>{code}</errorCode></errorDetails></r>"
    with pytest.raises(Refused, match=f"status={code}"):
        of_xml(xml)
    with pytest.raises(Refused, match=f"status={code}"):
        of_json({"errorDetails": {"errorCode": code}})


def test_an_error_in_the_envelope_may_pass() -> None:
    for code in (429, 500, 503):
        with pytest.raises(Unavailable) as passing:
            of_json({"result": "ERROR", "errorDetails": {"errorCode": code}}, retry_after="7")
        assert (passing.value.retry_after, passing.value.maybe_sent) == (7, False)
    with pytest.raises(Unavailable) as passing:
        of_json({"result": "ERROR", "errorDetails": {"errorCode": 504}})
    assert passing.value.maybe_sent


@pytest.mark.parametrize("details", [None, {}, [], "x", {"errorCode": None}, {"errorCode": True}, {"errorCode": 0}])
@pytest.mark.parametrize("link", [None, LINK])
def test_an_error_without_a_code_is_a_refusal(details: object, link: str | None) -> None:
    with pytest.raises(Refused, match=WhyCode.NOT_TAKEN):
        of_json({"result": "ERROR", "errorDetails": details, "details": {"link": link}})


# 4. Pages

PAGES = {
    "a refresh": ('<meta http-equiv="refresh" content="0; url=@">', LINK),
    "a refresh in quotes": ("<META HTTP-EQUIV=Refresh CONTENT=\"3;URL='@'\">", LINK),
    "a refresh in noscript": ('<noscript><meta http-equiv="refresh" content="0;@"></noscript>', LINK),
    "a relative refresh": ('<meta http-equiv=refresh content="0;url=/get/1">', "https://api.us0.swi-rc.com/get/1"),
    "a refresh elsewhere": ('<meta http-equiv=refresh content="0;url=https://evil.example/"><a href="@">x</a>', None),
    "a refresh to itself": ('<meta http-equiv=refresh content="5;url=integration_api.php"><a href="@">x</a>', None),
    "only a refresh": ('<meta http-equiv=refresh content="5"><a href="@">x</a>', LINK),
    "another meta": ('<meta name="url" content="0;url=https://startcontrol.com/x"><a href="@">x</a>', LINK),
    "one link": ('<p>Click <a class=b href="@">here</a>', LINK),
    "entities": ('<a href="https://startcontrol.com/a?b=1&amp;c=2">here</a>', "https://startcontrol.com/a?b=1&c=2"),
    "blanks around": ('<a\n href=" @ " >here</a>', LINK),
    "without quotes": ("<a href=@>here</a>", LINK),
    "a file among links": ('<a href="@">x</a><a href="/f/a.exe">y</a>', "https://api.us0.swi-rc.com/f/a.exe"),
    "a file with a query": ('<a href="@">x</a><a href="/a.MSI?k=1">y</a>', "https://api.us0.swi-rc.com/a.MSI?k=1"),
    "a file elsewhere": ('<a href="https://evil.example/a.exe">x</a>', None),
    "a form to a file": ('<form method=POST action="/a.dmg">', "https://api.us0.swi-rc.com/a.dmg"),
    "a form": ('<form action="/get?id=1">', "https://api.us0.swi-rc.com/get?id=1"),
    "a form that posts": ('<form method="post" action="/get">', None),
    "a download": ('<a href="/terms">t</a><a href="@" download>x</a>', LINK),
    "an address that says so": (
        '<a href="/terms">t</a><a href="/download?i=1">x</a><a href="/">h</a>',
        "/download?i=1",
    ),
    "which one": ('<a href="/download/win">w</a><a href="/download/mac">m</a>', None),
    "which": ('<a href="/terms">t</a><a href="/privacy">p</a>', None),
    "the same twice": ('<a href="@">x</a><a href="@">y</a>', LINK),
    "the home page": ('<a href="/">home</a><a href="https://startcontrol.com">home</a>', None),
    "nothing": ("<p>Thank you", None),
    "no addresses": ('<a href="#">x</a><a href="javascript:go()">y</a><a href="mailto:a@b">z</a><a>w</a>', None),
    "itself": ('<form action="integration_api.php"><form action="">', None),
    "a base": ('<base href="https://dl.swi-tc.com/x/"><a href="a.zip">x</a>', "https://dl.swi-tc.com/x/a.zip"),
    "a base elsewhere": (
        '<base href="https://evil.example/"><a href="a.zip">x</a>',
        "https://api.us0.swi-rc.com/integration/a.zip",
    ),
    "a comment": ('<!-- <a href="/a.exe">x</a> --><a href="@">y</a>', LINK),
    "a comment that goes on": ('<!-- <a href="/a.exe">x</a>', None),
    "a script": ("<script>x='<a href=/a.exe>'</SCRIPT ><a href='@'>y</a>", LINK),
    "an abbreviation": ('<abbr href="/a.exe"><article href="/a.exe"><a href="@">', LINK),
    "a greater sign": ('<a title="a > b" href="@">', LINK),
    "two targets": ('<a href="@" href="https://startcontrol.com/other">', LINK),
    "not a page": ("@", None),
}


@pytest.mark.parametrize(("page", "link"), PAGES.values(), ids=PAGES)
def test_the_link_of_a_page(page: str, link: str | None) -> None:
    expected = f"https://api.us0.swi-rc.com{link}" if link and link.startswith("/") else link
    assert of_page(page.replace("@", LINK)) == expected
    whole = f"<!DOCTYPE html><html><head><title><a href=/a.exe></title></head><body>{page}".replace("@", LINK)
    assert of_page(whole) == expected


def test_xhtml_is_a_page() -> None:
    html = f'<html xmlns="http://www.w3.org/1999/xhtml"><a href="{LINK}"/>&nbsp;</html>'
    page = f'<?xml version="1.0"?><!DOCTYPE html>{html}'
    for content_type in ("application/xhtml+xml", "text/html"):
        assert opened(answer(200, page, content_type=content_type)).link == LINK


def test_plain_text_is_no_page() -> None:
    assert opened(answer(200, f'<a href="{LINK}">', content_type="text/plain")) == UNREADABLE


def test_a_page_is_looked_at_up_to_a_limit() -> None:
    link = f'<a href="{LINK}">'
    assert of_page(" " * (MOST_HTML - len(link)) + link) == LINK
    assert of_page(" " * MOST_HTML + link) is None


PATHOLOGICAL = (
    "<a ",
    "<a href='",
    '<a href="',
    "<!--",
    "<!",
    "<?",
    "</",
    "<![CDATA[",
    "<script>",
    "<meta ",
    "<a b=",
    "&",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [*PATHOLOGICAL, "<a href=x>", "<a x='\"'\"", "<a '<a \"", "<style></style>", "<a/<a/"]
)
def test_no_page_takes_long(piece: str) -> None:
    """html.parser alone takes seconds for 30 kB of some of these, and its time grows quadratically."""
    page = (piece * MOST_HTML)[:MOST_HTML].encode()
    started = time.thread_time()
    page_link(page, "text/html", VENDOR, VENDOR.form)
    page_link(page + b">", "text/html", VENDOR, VENDOR.form)
    assert time.thread_time() - started < 5


def test_a_single_tag_of_any_length_does_not_take_long() -> None:
    for inside in ("x ", "x=", "x='y'", "/", "href=x "):
        started = time.thread_time()
        page_link(f"<a {inside * 400_000}>".encode()[:MOST_HTML], "text/html", VENDOR, VENDOR.form)
        assert time.thread_time() - started < 5


# 5. Anything else


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("body", [b"", b"OK", b"\x00\xff", None])
def test_anything_else_cannot_be_read(status: int, body: bytes | None) -> None:
    assert opened(answer(status, body)) == UNREADABLE


# Statuses


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 406, 410, 413, 415, 418, 422, 451])
def test_refusals(status: int) -> None:
    with pytest.raises(Refused, match=f"status={status}$") as refused:
        opened(answer(status, b"the vendor's own words"))
    assert "own words" not in str(refused.value)


def test_a_refusal_says_what_to_look_at() -> None:
    assert failure(403).why == Why(WhyCode.BAD_KEY, {"status": 403})
    assert failure(404).why.code is WhyCode.BAD_ADDRESS
    assert failure(400).why.code is WhyCode.BAD_VALUE
    assert failure(418).why.code is WhyCode.STATUS


@pytest.mark.parametrize("status", [101, 408, 425, 429, 500, 501, 502, 503, 504, 505, 520, 524, 529, 599, 999])
def test_failures_that_pass(status: int) -> None:
    with pytest.raises(Unavailable, match=f"status={status}$") as passing:
        opened(answer(status, retry_after="30"))
    assert passing.value.retry_after == 30
    assert passing.value.maybe_sent is (status in (504, 520, 524))


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("901", 900),
        ("9" * 5000, 900),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60),
        ("Sunday, 01-Mar-26 12:01:00 GMT", 60),
        ("Sun Mar  1 12:01:00 2026", 60),
        ("Sun, 01 Mar 2026 12:01:00", 60),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2027 12:00:00 GMT", 900),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 900),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Sun, 99 Mar 2026 12:01:00 GMT", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        (", ,", None),
    ],
)
def test_when_to_come_again(written: str, seconds: float | None) -> None:
    assert retry_after(answer(429, retry_after=written)) == seconds
    assert retry_after(answer(429)) is None


@pytest.mark.slow
@given(st.text())
def test_no_wait_is_beyond_15_minutes(written: str) -> None:
    wait = retry_after(answer(503, retry_after=written))
    assert wait is None or 0 <= wait <= 900


# Arbitrary input


def _only_ours(given: VendorAnswer) -> None:
    try:
        result = opened(given)
    except (Refused, Unavailable):
        return
    if result.link is not None:
        assert allowed_address(result.link, VENDOR.hosts) == result.link
    for text in (result.session_id, result.ticket_number, result.pin):
        assert text is None or (text.isprintable() and 0 < len(text) <= 128)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([LINK, "ERROR", "SUCCESS"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=3) | st.sampled_from(["link", "url", "id", "pin", "result", "details", "errorDetails"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@pytest.mark.slow
@given(JSON)
def test_any_json_is_opened_or_fails_as_it_should(value: Any) -> None:
    _only_ours(answer(200, json.dumps(value), content_type="application/json"))


@pytest.mark.slow
@given(
    st.integers(100, 999),
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from(["content-type", "location", "retry-after"]), st.text()),
)
def test_any_answer_is_opened_or_fails_as_it_should(status: int, body: bytes, headers: dict[str, str]) -> None:
    head = Head(status, headers)
    carries_applet(head, body)
    _only_ours(VendorAnswer(head, NOW, body))


@pytest.mark.slow
def test_damaged_answers_are_opened_or_fail_as_they_should() -> None:
    chance = random.Random(20260301)
    whole = [
        json.dumps({"result": "SUCCESS", "details": {"id": 1, "link": LINK}, "errorDetails": None}).encode(),
        f"<?xml version='1.0'?><r><details><id>1</id><link>{LINK}</link></details></r>".encode(),
        f"<html><meta http-equiv=refresh content='0;url={LINK}'><a href='/a.exe'>x</a></html>".encode(),
    ]
    for _ in range(5000):
        body = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 2))
        for media_type in ("application/json", "text/xml", "text/html"):
            _only_ours(answer(200, bytes(body), content_type=media_type))


def test_neither_json_nor_xml() -> None:
    assert read_envelope(b"<!doctype html><html>", "text/html") is None
    assert read_envelope(b"<html><body/></html>", "text/xml") is None
    assert read_envelope(b"plain", "application/json") is None
