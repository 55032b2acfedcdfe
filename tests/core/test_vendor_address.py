"""No accepted address leaves the allowed hosts, in any spelling and for any reader."""

import random
import re
from collections.abc import Sequence
from urllib.parse import urljoin

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from app.core.fact import Fact
from app.core.site import DEFAULT_APPLET_HOSTS, Site
from app.core.text import Invalid
from app.core.vendor_address import (
    VendorAddresses,
    allowed_address,
    api_address,
    applet_host,
    is_loopback,
)

HOSTS = ("api.us0.swi-rc.com", *DEFAULT_APPLET_HOSTS)
VENDOR = VendorAddresses.of("https://api.us0.swi-rc.com/rest", DEFAULT_APPLET_HOSTS)

GOOD = {
    "https://api.us0.swi-rc.com/integration/get.php?id=1": "https://api.us0.swi-rc.com/integration/get.php?id=1",
    "https://startcontrol.com": "https://startcontrol.com/",
    "https://startcontrol.com?a=b": "https://startcontrol.com/?a=b",
    "HTTPS://WWW.StartControl.COM/A/b": "https://www.startcontrol.com/A/b",
    "https://dl.swi-tc.com:443/x.exe": "https://dl.swi-tc.com/x.exe",
    "https://dl.swi-tc.com:/x.exe": "https://dl.swi-tc.com/x.exe",
    "https://a.b.c.swi-rc.com/%7Euser/?q=%20#part": "https://a.b.c.swi-rc.com/%7Euser/?q=%20#part",
    "https://startcontrol.com//evil.example/x": "https://startcontrol.com//evil.example/x",
    "https://startcontrol.com/https://evil.example/": "https://startcontrol.com/https://evil.example/",
    "https://startcontrol.com/?u=a@b:c[1];(2)*!'$,": "https://startcontrol.com/?u=a@b:c[1];(2)*!'$,",
}

HOSTILE = [
    "",
    " ",
    "/",
    "//startcontrol.com/",
    "startcontrol.com",
    "https:startcontrol.com",
    "https:/startcontrol.com/",
    "https:///startcontrol.com/",
    "https:////startcontrol.com/",
    "http://startcontrol.com/",
    "http://startcontrol.com:443/",
    "ftp://startcontrol.com/",
    "javascript://startcontrol.com/%0aalert(1)",
    "javascript:alert(1)",
    "data:text/html,startcontrol.com",
    "blob:https://startcontrol.com/1",
    "view-source:https://startcontrol.com/",
    "httpss://startcontrol.com/",
    "https+x://startcontrol.com/",
    "ht\ntps://startcontrol.com/",
    "https://startcontrol.com/\r\nSet-Cookie: a=b",
    "https://startcontrol.com/\n",
    "\thttps://startcontrol.com/",
    " https://startcontrol.com/",
    "https://startcontrol.com/ ",
    "https://start\tcontrol.com/",
    "https://startcontrol.com\x00.evil.example/",
    "https://startcontrol.com/\x00",
    "https://startcontrol.com/\x7f",
    "https://startcontrol.com/ä",
    "https://startcontrol.com/\ud800",
    "https://startcontrol.com:8443/",
    "https://startcontrol.com:80/",
    "https://startcontrol.com:0443/",
    "https://startcontrol.com:443443/",
    "https://startcontrol.com:44３/",
    "https://startcontrol.com:-443/",
    "https://startcontrol.com:443:443/",
    "https://user@startcontrol.com/",
    "https://startcontrol.com@evil.example/",
    "https://startcontrol.com:443@evil.example/",
    "https://@startcontrol.com/",
    "https://:@startcontrol.com/",
    "https://evil.example\\@startcontrol.com/",
    "https://startcontrol.com\\.evil.example/",
    "https:\\\\startcontrol.com\\",
    "https://evil.example/\\startcontrol.com",
    "https://evil.example#@startcontrol.com/",
    "https://evil.example?startcontrol.com/",
    "https://evil.example/.startcontrol.com",
    "https://evilstartcontrol.com/",
    "https://startcontrol.com.evil.example/",
    "https://evilswi-rc.com/",
    "https://swi-rc.com/",
    "https://.swi-rc.com/",
    "https://a..swi-rc.com/",
    "https://-a.swi-rc.com/",
    "https://a_b.swi-rc.com/",
    "https://*.swi-rc.com/",
    "https://startcontrol.com./",
    "https://startcontrol.com../",
    "https://startcontrol%2Ecom/",
    "https://%73tartcontrol.com/",
    "https://startcontrol.com%00/",
    "https://startcontrol.com%2f@evil.example/",
    "https://startcontrol。com/",
    "https://startcontrol．com/",
    "https://ｓtartcontrol.com/",
    "https://startcontroL\u0307.com/",
    "https://ſtartcontrol.com/",
    "https://xn--startcontrol-.com/",
    "https://127.0.0.1/",
    "http://127.0.0.1:8000/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[startcontrol.com]/",
    "https://startcontrol.com[::1]/",
    "https://localhost/",
    "https://startcontrol.com/%",
    "https://startcontrol.com/%zz",
    "https://startcontrol.com/<script>",
    'https://startcontrol.com/"',
    "https://startcontrol.com/`",
    "https://startcontrol.com/{}",
    "https://startcontrol.com/a|b",
    "https://startcontrol.com/^",
    "https://startcontrol.com/" + "a" * 2048,
    "https://" + "a" * 64 + ".swi-rc.com/",
    "https://" + "a." * 130 + "swi-rc.com/",
    "https://https://startcontrol.com/",
    "https://startcontrol.com,evil.example/",
    "https://startcontrol.com;evil.example/",
    "https://startcontrol.com&evil.example/",
]


def browser_host(address: str) -> str | None:
    """The host that a browser goes to, by the host state of the WHATWG URL standard; None when there is none.

    Written independently of the code under test: it tolerates what browsers tolerate.
    """
    address = re.sub(r"[\t\n\r]", "", address.strip("".join(map(chr, range(0x21)))))
    scheme, colon, rest = address.partition(":")
    if not colon or scheme.lower() not in ("http", "https"):
        return None
    rest = re.split(r"[/\\?#]", rest.lstrip("/\\"), maxsplit=1)[0]
    host = rest.rpartition("@")[2]
    host = re.sub(r":\d*\Z", "", host)
    host = re.sub("%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), host)
    host = re.sub("[。．｡]", ".", host).lower()
    return host or None


def is_within(host: str | None) -> bool:
    """Whether a host is one of HOSTS, checked independently."""
    if host in ("api.us0.swi-rc.com", "startcontrol.com"):
        return True
    return bool(host and re.fullmatch(r"[a-z0-9.-]+\.(swi-rc\.com|swi-tc\.com|startcontrol\.com)", host))


def agrees(address: str) -> None:
    """Check that every reader goes to an allowed host, over https and at the standard port."""
    parsed = parse_url(address)
    assert parsed.scheme == "https"
    assert parsed.auth is None
    assert parsed.port is None
    assert is_within(parsed.host)
    assert is_within(browser_host(address))
    assert address.isascii()
    assert address.isprintable()
    assert " " not in address
    assert allowed_address(address, HOSTS) == address


@pytest.mark.parametrize(("written", "rebuilt"), GOOD.items())
def test_good_addresses_are_rebuilt(written: str, rebuilt: str) -> None:
    assert allowed_address(written, HOSTS) == rebuilt
    agrees(rebuilt)


@pytest.mark.parametrize("address", HOSTILE)
def test_hostile_addresses_are_refused(address: str) -> None:
    assert allowed_address(address, HOSTS) is None


def test_there_are_sixty_hostile_addresses() -> None:
    assert len(set(HOSTILE)) >= 60


MUTATIONS: Sequence[str] = (
    *"@:/\\?#.%[]|^`{}<>\"' \t\r\n\x00\x0b\x1f\x7f。．｡ⓢſK\u200b\u00ad\u0307\ud800aZ09-_*,;&=+",
    *("//", "%2e", "%40", "%5c", "%00", "..", ":443", ":80", "@evil.example", "evil.example", ".evil.example/"),
    *("https://", "http://", "javascript:", "user:pw@", "[::1]", "127.0.0.1", "xn--", "#@", "?@", "\\@", "/.."),
)
STARTS = (
    *GOOD,
    "https://evil.example/",
    "https://evil.example/.swi-rc.com",
    "https://evilswi-rc.com",
    "https://x.swi-rc.com.evil.example/",
)


def mutated(address: str, random: random.Random) -> str:
    """The address with one to four insertions, deletions, repetitions or changes."""
    for _ in range(random.randint(1, 4)):
        # Mostly near the host, which matters most.
        at = random.randint(0, min(len(address), 40))
        much = random.choice((0, 0, 1, 1, 2, 5))
        address = address[:at] + random.choice(MUTATIONS) + address[at + much :]
    return address


@pytest.mark.slow
def test_no_mutation_leaves_the_allowed_hosts() -> None:
    chance = random.Random(20260301)
    accepted = 0
    for _ in range(20_000):
        written = mutated(chance.choice(STARTS), chance)
        address = allowed_address(written, HOSTS)
        if address is not None:
            accepted += 1
            agrees(address)
            # The accepted address is the original one, even for the most tolerant reader.
            assert browser_host(written) == browser_host(address)
        joined = VENDOR.link(written, VENDOR.form)
        if joined is not None:
            agrees(joined)
    assert 500 < accepted < 15_000


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"\A(https?:)?[/\\]{0,3}[a-z@:.\\/%\[\]-]{0,40}\Z"))
@example("https://startcontrol.com/")
def test_whatever_is_accepted_stays_within(text: str) -> None:
    for address in (allowed_address(text, HOSTS), VENDOR.link(text, VENDOR.form)):
        if address is not None:
            agrees(address)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("/get/applet.exe", "https://api.us0.swi-rc.com/get/applet.exe"),
        ("applet.exe?a=1", "https://api.us0.swi-rc.com/integration/applet.exe?a=1"),
        ("../applet.exe", "https://api.us0.swi-rc.com/applet.exe"),
        ("?ticket=1", "https://api.us0.swi-rc.com/integration/integration_api.php?ticket=1"),
        ("//get.startcontrol.com/1", "https://get.startcontrol.com/1"),
        ("//evil.example/1", None),
        ("///evil.example/1", "https://api.us0.swi-rc.com/evil.example/1"),
        ("/\\evil.example/1", None),
        ("\t//evil.example/", None),
        ("http://startcontrol.com/", None),
        ("https://startcontrol.com:8443/", None),
        ("http:evil", None),
        ("https://[::1", None),
        ("https://[v1.x]/", None),
        ("a" * 2049, None),
        ("a" * 2040, None),
    ],
)
def test_a_relative_link_belongs_to_the_api(written: str, address: str | None) -> None:
    assert VENDOR.link(written, VENDOR.form) == address


@pytest.mark.parametrize("dropped", ["\t", "\n", "\r", "\r\n"])
def test_what_joining_would_drop_is_refused_before_it(dropped: str) -> None:
    clean = "https://startcontrol.com/applet.exe"
    for written in (clean.replace("applet", f"app{dropped}let"), clean.replace("start", f"start{dropped}")):
        assert urljoin(VENDOR.form, written) == clean, "joining drops it no more: this test has lost its point"
        assert VENDOR.link(written, VENDOR.form) is None


def test_a_link_is_as_long_as_it_was_written_whatever_joining_makes_of_it() -> None:
    short = "https://api.us0.swi-rc.com/integration/bb"
    fits, long = "./" * 1023 + "bb", "./" * 1024 + "bb"
    assert (len(fits), len(long)) == (2048, 2050)
    assert urljoin(VENDOR.form, long) == short, "joining shortens it no more: this test has lost its point"
    assert VENDOR.link(fits, VENDOR.form) == short
    assert VENDOR.link(long, VENDOR.form) is None
    assert VENDOR.link("./" * 1023 + "bbb", VENDOR.form) is None


@pytest.mark.parametrize(("length", "taken"), [(2048, True), (2049, False)])
def test_an_address_has_at_most_2048_characters(length: int, taken: bool) -> None:
    written = "https://startcontrol.com/".ljust(length, "a")
    expected = written if taken else None
    assert allowed_address(written, HOSTS) == expected
    assert VENDOR.link(written, VENDOR.form) == expected


def host_of(length: int) -> str:
    """A host name of this length below swi-rc.com, with labels of at most 63 characters."""
    left = length - len("swi-rc.com")
    labels = []
    while left:
        label = min(left, 64)
        labels.append("a" * (label - 1) + ".")
        left -= label
    return "".join(labels) + "swi-rc.com"


@pytest.mark.parametrize(("length", "taken"), [(252, True), (253, True), (254, False)])
def test_a_host_has_at_most_253_characters(length: int, taken: bool) -> None:
    host = host_of(length)
    assert len(host) == length
    assert allowed_address(f"https://{host}/", HOSTS) == (f"https://{host}/" if taken else None)
    if taken:
        assert api_address(host) == f"https://{host}"
        assert applet_host(host) == host
    else:
        for refuse in (api_address, applet_host):
            with pytest.raises(Invalid):
                refuse(host)


@pytest.mark.parametrize(("length", "taken"), [(63, True), (64, False)])
def test_a_label_has_at_most_63_characters(length: int, taken: bool) -> None:
    address = f"https://{'a' * length}.swi-rc.com/"
    assert allowed_address(address, HOSTS) == (address if taken else None)


@pytest.mark.parametrize(("port", "taken"), [(0, False), (1, True), (65535, True), (65536, False)])
def test_a_port_on_loopback_is_one_that_exists(port: int, taken: bool) -> None:
    origin = f"http://127.0.0.1:{port}"
    assert allowed_address(f"{origin}/", HOSTS, loopback=True) == (f"{origin}/" if taken else None)
    if taken:
        assert api_address(origin) == origin
    else:
        with pytest.raises(Invalid) as refused:
            api_address(origin)
        assert refused.value.problems == (Fact("api_domain", "port"),)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://127.0.0.1:8000/a?b", "http://127.0.0.1:8000/a?b"),
        ("http://127.0.0.1/a", "http://127.0.0.1/a"),
        ("http://127.0.0.1:/a", "http://127.0.0.1/a"),
        ("https://127.0.0.1:8443/a", "https://127.0.0.1:8443/a"),
        ("https://startcontrol.com/", "https://startcontrol.com/"),
        ("http://127.0.0.1:0/", None),
        ("http://127.0.0.1:65536/", None),
        ("http://127.0.0.2:8000/", None),
        ("http://127.0.0.1.evil.example:8000/", None),
        ("http://127.0.0.1@evil.example:8000/", None),
        ("http://localhost:8000/", None),
        ("http://startcontrol.com/", None),
        ("ftp://127.0.0.1/", None),
    ],
)
def test_loopback_is_for_stand_ins_alone(written: str, address: str | None) -> None:
    stand_in = VendorAddresses.of("http://127.0.0.1:9000", DEFAULT_APPLET_HOSTS)
    assert stand_in.link(written, stand_in.form) == address
    if "127" in written:
        assert VENDOR.link(written, VENDOR.form) is None


@pytest.mark.parametrize(
    "written",
    [
        "https://api.us0.swi-rc.com/rest",
        "https://api.us0.swi-rc.com/rest/",
        "https://api.us0.swi-rc.com",
        "https://api.us0.swi-rc.com/",
        "https://api.us0.swi-rc.com:443/rest",
        "api.us0.swi-rc.com",
        "api.us0.swi-rc.com/rest",
        " HTTPS://API.us0.SWI-rc.com/REST \n",
    ],
)
def test_an_api_domain_as_operators_write_it(written: str) -> None:
    assert api_address(written) == "https://api.us0.swi-rc.com"


def test_the_addresses_that_are_called() -> None:
    assert VENDOR.form == "https://api.us0.swi-rc.com/integration/integration_api.php"
    assert VENDOR.rest == "https://api.us0.swi-rc.com/rest/session"
    assert VENDOR.hosts == HOSTS


@pytest.mark.parametrize(
    ("written", "api"),
    [
        ("http://127.0.0.1:8000/rest", "http://127.0.0.1:8000"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        ("http://127.0.0.1", "http://127.0.0.1"),
    ],
)
def test_an_api_domain_on_loopback(written: str, api: str) -> None:
    assert api_address(written) == api
    assert is_loopback(api)
    assert not is_loopback("https://127.0.0.1.example.com")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "address"),
        ("http://api.us0.swi-rc.com/rest", "not_https"),
        ("ftp://127.0.0.1", "not_https"),
        ("http://localhost:8000", "not_https"),
        ("https://api.us0.swi-rc.com:8443", "other_port"),
        ("http://127.0.0.1:99999", "port"),
        ("https://api.us0.swi-rc.com/integration/integration_api.php", "address"),
        ("https://api.us0.swi-rc.com/rest?uid=1", "address"),
        ("https://me:secret@api.us0.swi-rc.com/rest", "address"),
        ("https://api.us0.swi-rc.com/rest#", "address"),
        ("https://10.0.0.1", "address"),
        ("https://api", "address"),
        ("https://[::1]", "address"),
        ("https://bücher.example", "address"),
        ("https://a..example", "address"),
        ("https://api.example\x00", "address"),
        ("https://" + "a." * 130 + "example", "address"),
    ],
)
def test_an_api_domain_that_cannot_be_is_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        api_address(written)
    assert refused.value.problems == (Fact("api_domain", why),)


def test_hosts_for_applets() -> None:
    assert applet_host(" *.Example.com ") == "*.example.com"
    assert applet_host("dl.example.com") == "dl.example.com"
    for wrong in ("*", "*.com", "com", "a*.example.com", "*.*.example.com", "https://example.com", "exam\u212ble.com"):
        with pytest.raises(Invalid) as refused:
            applet_host(wrong)
        assert refused.value.problems == (Fact("applet_hosts", "host", {"written": wrong}),)


def test_a_site_says_what_is_wrong_with_its_vendor_addresses() -> None:
    site = Site(slug="a", name="A", uid="u", api_domain="http://example.com", applet_hosts=("*",))
    problems = [(fact.field, fact.code) for fact in site.problems()]
    assert problems == [("api_domain", "not_https"), ("applet_hosts", "host")]
