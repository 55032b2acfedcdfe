"""What `check` expects of the way to PostgreSQL and Redis."""

import pytest

from app.core.transport import database_warning, redis_warning


@pytest.mark.parametrize(
    "host", ["", "/var/run/postgresql", "@handbell", "localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1"]
)
def test_on_this_machine_nothing_is_expected(host: str) -> None:
    assert database_warning(host, "disable", has_root=False) is None


@pytest.mark.parametrize(
    ("mode", "has_root", "code"),
    [
        ("disable", False, "not_encrypted"),
        ("allow", False, "not_encrypted"),
        ("prefer", True, "not_encrypted"),
        ("require", False, "not_verified"),
        ("require", True, None),
        ("verify-ca", True, None),
        ("verify-full", True, None),
        ("verify-full", False, None),
    ],
)
@pytest.mark.parametrize("host", ["db.example.com", "10.0.0.7", "2001:db8::7", "localhost.example.com"])
def test_the_way_to_a_database_elsewhere_is_encrypted(host: str, mode: str, has_root: bool, code: str | None) -> None:
    fact = database_warning(host, mode, has_root=has_root)
    assert (fact and fact.code) == code
    if fact:
        assert (fact.field, fact.values) == ("database_url", {"host": host, "mode": mode})


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("unix:///run/redis.sock", None),
        ("redis://localhost:6379/0", None),
        ("redis://127.0.0.1", None),
        ("redis://[::1]:6379", None),
        ("redis://", None),
        ("redis://cache.example.com:6379/0", "not_encrypted"),
        ("redis://user:secret@10.0.0.7", "not_encrypted"),
        ("REDIS://cache.example.com", "not_encrypted"),
        ("rediss://cache.example.com:6380", None),
        ("rediss://cache.example.com?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required", None),
        ("rediss://cache.example.com?ssl_cert_reqs=none", "not_verified"),
        ("rediss://cache.example.com?ssl_cert_reqs=optional", "not_verified"),
        ("rediss://cache.example.com?ssl_check_hostname=False", "not_verified"),
        ("rediss://cache.example.com?ssl_check_hostname=True", None),
        ("rediss://127.0.0.1?ssl_cert_reqs=none", None),
        ("redis://[::1", None),
    ],
)
def test_the_way_to_redis_elsewhere_is_encrypted(url: str, code: str | None) -> None:
    fact = redis_warning(url)
    assert (fact and fact.code) == code
    assert "secret" not in str(fact)
