"""`handbell check` warns of ways to other hosts that are not encrypted, or not to a verified server."""

import pytest

from app.cli.transport_words import _WORDS
from app.core import transport
from app.core.fact import Fact
from tests.cli.command import Handbell

REDIS = "warning    the connection to Redis on cache.example.com is not encrypted: use rediss:// in HANDBELL_REDIS_URL"

UNVERIFIED = (
    "warning    the connection to Redis on cache.example.com is encrypted, but the server is not verified: remove "
    "ssl_cert_reqs and ssl_check_hostname from HANDBELL_REDIS_URL"
)


def warnings(handbell: Handbell, **environment: str) -> list[str]:
    checked = handbell.run("check", **environment)
    assert (checked.returncode, checked.stderr) == (0, ""), "a warning changes no exit status"
    assert "hush" not in checked.stdout
    return [line for line in checked.stdout.splitlines() if line.startswith("warning") and "connection" in line]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", []),
        ("redis://127.0.0.1:6379", []),
        ("redis://[::1]:6379", []),
        ("redis://", []),
        ("redis://[::1", []),
        ("unix:///run/redis.sock?db=1", []),
        ("redis://:hush@cache.example.com/0", [REDIS]),
        ("redis://user:hush%40@cache.example.com:6379/0?protocol=3", [REDIS]),
        ("rediss://:hush@cache.example.com/0", []),
        ("rediss://:hush@cache.example.com/0?ssl_check_hostname=true", []),
        ("rediss://:hush@cache.example.com/0?ssl_cert_reqs=none", [UNVERIFIED]),
        ("rediss://:hush@cache.example.com/0?db=1&ssl_check_hostname=no", [UNVERIFIED]),
    ],
    ids=range(12),  # an address would be in the name of the folder, which is printed
)
def test_of_redis(filled: Handbell, url: str, expected: list[str]) -> None:
    assert warnings(filled, HANDBELL_REDIS_URL=url) == expected


def test_of_a_proxy_on_another_host(filled: Handbell) -> None:
    https = {"HANDBELL_PUBLIC_URL": "https://support.example.com", "HANDBELL_DEMO": "true"}
    (line,) = warnings(filled, **https, HANDBELL_BIND="10.0.0.8")
    assert line.startswith("warning    HANDBELL_BIND is 10.0.0.8, and connections from other hosts are not encrypted")
    assert warnings(filled, **https, HANDBELL_BIND="127.0.0.1") == warnings(filled, **https) == []
    assert warnings(filled, HANDBELL_BIND="10.0.0.8") == [], "customers come without https too"


@pytest.mark.postgres
@pytest.mark.parametrize("mode", ["", "disable", "allow", "prefer"])
def test_of_postgresql(handbell: Handbell, migrated_postgresql_url: str, mode: str) -> None:
    """libpq knows the server as db.example.com, and connects to the one here."""
    environment = {"PGSSLMODE": mode} if mode else {}
    assert warnings(handbell, HANDBELL_DATABASE_URL=migrated_postgresql_url, **environment) == []
    elsewhere = migrated_postgresql_url.replace("@127.0.0.1:", "@db.example.com:") + "?hostaddr=127.0.0.1"
    (line,) = warnings(handbell, HANDBELL_DATABASE_URL=elsewhere, **environment)
    assert line.startswith("warning    the connection to PostgreSQL on db.example.com may be unencrypted")
    assert f"(sslmode={mode or 'prefer'})" in line
    if mode:
        assert warnings(handbell, HANDBELL_DATABASE_URL=f"{elsewhere}&sslmode={mode}") == [line]


def test_each_fact_has_words() -> None:
    facts = [
        transport.database_warning("db.example.com", "prefer", has_root=False),
        transport.database_warning("db.example.com", "require", has_root=False),
        transport.redis_warning("cache.example.com", encrypted=False, verified=True),
        transport.redis_warning("cache.example.com", encrypted=True, verified=False),
        transport.bind_warning("::"),
    ]
    assert {(fact.field, fact.code) for fact in facts if isinstance(fact, Fact)} == set(_WORDS)
