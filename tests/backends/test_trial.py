"""What an operator is shown of a real answer: without the key and without control characters for a terminal."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from app.backends import backend
from app.backends.declaring import Account
from app.backends.kept_applet import Keep
from app.backends.trial import Trial, masked
from app.backends.vendor_call import VendorCalls
from app.cli.trial_words import trial_lines
from app.core.site import Site
from app.core.targets import ANYWHERE
from tests.backends.kept import Kept
from tests.backends.loopback import http, loopback

KEYS = (
    "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77",
    "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77|1234",
    "Zm9v+YmFy/YmF6=" * 6 + "+/==",
    "a&b<c>d\"e'f g+h%i/j",
)


def spellings(key: str) -> list[str]:
    raw = key.encode()
    return [
        key,
        key.upper(),
        quote(key),
        quote(key, safe=""),
        quote(key, safe="").lower(),
        quote(quote(key, safe=""), safe=""),
        quote_plus(key),
        "".join(f"%{byte:02X}" for byte in raw),
        html.escape(key),
        "".join(f"&#{ord(c)};" for c in key),
        "".join(f"&#x{ord(c):X};" for c in key),
        json.dumps(key)[1:-1],
        json.dumps(key)[1:-1].replace("/", "\\/"),
        "".join(f"\\u{ord(c):04x}" for c in key),
        *(base64.b64encode(b"x" * before + raw + b"y" * 3).decode() for before in range(4)),
        *(base64.urlsafe_b64encode(b"x" * before + raw).decode() for before in range(4)),
        quote(base64.b64encode(raw).decode(), safe=""),
    ]


@pytest.mark.parametrize("key", KEYS)
def test_the_key_is_masked_however_it_is_written(key: str) -> None:
    for spelling in spellings(key):
        shown = masked(f"before {spelling} after", key)
        assert "[key]" in shown, spelling
        assert shown.startswith("before ")
        assert shown.endswith(" after")
        # Base64 keeps the text around the key, and a character at each end that encodes bits of both.
        assert len(shown) <= len("before [key] after") + 12, shown


def test_a_uuid_without_its_department_is_masked_too() -> None:
    assert masked("?uid=0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77&x", KEYS[1]) == "?uid=[key]&x"


def test_other_text_stays() -> None:
    assert masked("a text with nothing in it", KEYS[0]) == "a text with nothing in it"
    assert masked("b", "a") == "b"


KEY = "Zm9v+YmFy/YmF6="


def trial(raw: bytes, keep: Keep, backend: str = "take-control") -> Trial:
    with loopback(raw) as server:
        site = Site(slug="a", name="A", uid="u", backend=backend, api_domain=server.address)
        result = attempted(Account(site, KEY, VendorCalls(ANYWHERE), keep))
    assert KEY not in "\n".join(lines(result))
    assert all(line.isprintable() for line in lines(result))
    return result


def attempted(account: Account) -> Trial:
    attempt = backend(account.site.backend).attempt
    assert attempt is not None
    return attempt(account)


def lines(result: Trial) -> list[str]:
    """The trial in the command's words."""
    return list(trial_lines(result, "a"))


def test_a_link(kept: Kept) -> None:
    for name in ("take-control", "take-control-rest", "take-control-browser"):
        result = trial(http(302, Location=f"https://startcontrol.com/?k={quote(KEY)}"), kept, name)
        assert result.good
        assert "status       302" in lines(result)
        assert "location     https://startcontrol.com/?k=[key]" in lines(result)
        assert "understood   a link to the applet, on startcontrol.com" in lines(result)
        choice = "take-control-rest" if name == "take-control-rest" else "take-control"
        assert f"choose       --backend {choice}" in lines(result)


def test_a_file(kept: Kept) -> None:
    result = trial(http(200, b"MZ..", Content_Type="application/octet-stream"), kept)
    assert result.good
    assert "body         a file of 4 bytes, support.bin" in lines(result)


def test_an_answer_that_nobody_can_read(kept: Kept) -> None:
    raw = http(200, b"Thank\x1b[31m you, " + KEY.encode() + b" \r\n" + b"x" * 1000, Content_Type="text/html")
    result = trial(raw, kept)
    (body,) = (line for line in lines(result) if line.startswith("body"))
    assert body.startswith("body         Thank [31m you, [key] xxx")
    assert len(body) == 313
    assert "choose       --backend take-control-browser" in lines(result)
    assert result.good, "such a site goes on in the customer's browser by itself"
    assert not trial(raw, kept, "take-control-rest").good


def test_numbers(kept: Kept) -> None:
    raw = http(200, json.dumps({"details": {"session_id": KEY, "pin": 5}}).encode(), Content_Type="application/json")
    assert "numbers      session [key], PIN 5" in lines(trial(raw, kept))


def test_a_refusal_says_what_to_change(kept: Kept) -> None:
    result = trial(http(403, f"bad key {KEY}".encode()), kept)
    assert not result.good
    assert "body         bad key [key]" in lines(result)
    assert "refused      the vendor answered 403: the account key is wrong, disabled or expired" in lines(result)
    assert lines(result)[-1].startswith("change       --key or --api-domain")


def test_no_answer(kept: Kept) -> None:
    result = trial(b"", kept)
    assert not result.good
    assert "may exist all the same" in lines(result)[-1]
