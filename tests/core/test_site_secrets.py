"""Secrets of a site: random, recognizable, and stored as a hash."""

import base64

from app.core.site_secrets import new_identity_secret, new_secret, new_webhook_secret, secret_hash


def test_secrets_have_32_random_bytes_and_say_what_they_are_for() -> None:
    for made, start in ((new_secret, "hbsk_"), (new_identity_secret, "hbid_")):
        secret = made()
        assert secret.startswith(start)
        assert len(base64.urlsafe_b64decode(secret.removeprefix(start) + "=")) == 32
        assert made() != secret
    secret = new_webhook_secret()
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert new_webhook_secret() != secret


def test_a_hash_is_sha_256() -> None:
    assert secret_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
