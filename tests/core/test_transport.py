"""What `check` expects of the way to PostgreSQL and Redis."""

import pytest

from app.core.fact import Fact
from app.core.transport import bind_warning, database_warning, redis_warning


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
@pytest.mark.parametrize("host", ["db.example.com", "10.0.0.7", "2001:db8::7", "localhost.example", "X.example"])
def test_the_way_to_a_database_elsewhere_is_encrypted(host: str, mode: str, has_root: bool, code: str | None) -> None:
    fact = database_warning(host, mode, has_root=has_root)
    assert (fact and fact.code) == code
    if fact:
        assert (fact.field, fact.values) == ("database_url", {"host": host, "mode": mode})


@pytest.mark.parametrize(
    ("host", "encrypted", "verified", "code"),
    [
        ("", False, True, None),
        ("localhost", False, True, None),
        ("127.0.0.1", True, False, None),
        ("cache.example.com", False, True, "not_encrypted"),
        ("10.0.0.7", False, False, "not_encrypted"),
        ("cache.example.com", True, False, "not_verified"),
        ("cache.example.com", True, True, None),
    ],
)
def test_the_way_to_redis_elsewhere_is_encrypted(host: str, encrypted: bool, verified: bool, code: str | None) -> None:
    fact = redis_warning(host, encrypted=encrypted, verified=verified)
    assert (fact and fact.code) == code
    if fact:
        assert (fact.field, fact.values) == ("redis_url", {"host": host})


@pytest.mark.parametrize("bind", ["127.0.0.1", "[::1]", "::1", "localhost", "/run/handbell.sock"])
def test_listening_on_this_machine_alone_is_fine(bind: str) -> None:
    assert bind_warning(bind) is None


@pytest.mark.parametrize("bind", ["0.0.0.0", "[::]", "203.0.113.7"])  # noqa: S104
def test_listening_for_other_machines_is_not_encrypted(bind: str) -> None:
    assert bind_warning(bind) == Fact("bind", "not_encrypted", {"bind": bind})
