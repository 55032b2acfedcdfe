"""Signatures of webhooks."""

import subprocess
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from app.core.notice import notice_id
from app.core.webhook import BadSecret, new_secret, signed_headers, webhook_key

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def whsec(key: bytes) -> str:
    return f"whsec_{b64encode(key).decode()}"


def test_the_signature_is_the_one_that_other_implementations_make() -> None:
    """The test vector of the Standard Webhooks libraries."""
    secret, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", datetime.fromtimestamp(1614265330, UTC)
    assert signed_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}') == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_openssl_makes_the_same_signature_of_a_body_in_any_script() -> None:
    secret, body = new_secret(), '{"reason":"\u0417\u043e\u00eb"}'.encode()
    headers = signed_headers(secret, notice_id("a"), NOW, body)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = f"hexkey:{webhook_key(secret).hex()}"
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", key, "-binary"]
    digest = subprocess.run(command, input=signed, capture_output=True, check=True).stdout
    base64 = subprocess.run(["openssl", "base64", "-A"], input=digest, capture_output=True, check=True).stdout
    assert headers["webhook-signature"] == f"v1,{base64.decode()}"


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_short",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa*w",
        "whsec_\N{SNOWMAN}",
        whsec(b"x" * 23),
        whsec(b"x" * 65),
        whsec(b"x" * 32) + "*",
        "*" + whsec(b"x" * 32),
    ],
)
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(BadSecret, match=r"^a webhook's secret is whsec_ and 24 to 64 bytes in base64$"):
        webhook_key(secret)


@pytest.mark.parametrize("length", [24, 32, 64])
def test_a_key_has_24_to_64_bytes(length: int) -> None:
    assert webhook_key(whsec(b"x" * length)) == b"x" * length


def test_secrets_have_32_bytes_and_are_never_the_same() -> None:
    keys = {webhook_key(new_secret()) for _ in range(50)}
    assert len(keys) == 50
    assert {len(key) for key in keys} == {32}
