"""Settings: an invalid value is refused at start, by its name."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from app.settings import BadSettings, Settings, load_settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove all settings from the environment, and any handbell.env."""
    for name in os.environ:
        if name.startswith("HANDBELL_") or name == "PORT":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_everything_is_on_this_machine(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.database == f"sqlite:///{tmp_path / 'instance' / 'handbell.sqlite3'}"
    assert settings.keys_path == Path("instance/keys")
    assert not settings.https
    assert settings.retention_days == 30


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HANDBELL_PORT", "0"),
        ("HANDBELL_PORT", "65536"),
        ("HANDBELL_PORT", "http"),
        ("HANDBELL_PROCESSES", "0"),
        ("HANDBELL_THREADS", "65"),
        ("HANDBELL_LOG_LEVEL", "loud"),
        ("HANDBELL_DEMO", "perhaps"),
        ("HANDBELL_RETENTION_DAYS", "91"),
        ("HANDBELL_RETENTION_DAYS", "0"),
        ("HANDBELL_DATABASE_URL", "mysql://somewhere"),
        ("HANDBELL_DATABASE_URL", "postgresql://somewhere"),
        ("HANDBELL_REDIS_URL", "http://somewhere"),
        ("HANDBELL_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("HANDBELL_TRUSTED_PROXIES", "proxy.example.com"),
        ("HANDBELL_TRUSTED_NETWORKS", "10.0.0.0/8, x"),
        ("HANDBELL_PRIVATE_TARGETS", "10.0.0.1/8"),
        ("HANDBELL_PRIVATE_TARGETS", "inside.example.com"),
        ("HANDBELL_METRICS_TOKEN", "short"),
        ("HANDBELL_METRICS_TOKEN", "nineteen-characters"),
        ("HANDBELL_METRICS_TOKEN", "more-than-twenty-but-ünprintable"),
        ("HANDBELL_PUBLIC_URL", "support.example.com"),
        ("HANDBELL_PUBLIC_URL", "ftp://support.example.com"),
        ("HANDBELL_PUBLIC_URL", "https://"),
        ("HANDBELL_PUBLIC_URL", "https://support.example.com/help"),
        ("HANDBELL_PUBLIC_URL", "https://support.example.com/?a=b"),
        ("HANDBELL_PUBLIC_URL", "https://support.example.com/#a"),
        ("HANDBELL_PUBLIC_URL", "https://me@support.example.com"),
        ("HANDBELL_PUBLIC_URL", "https://:pw@support.example.com"),
        ("HANDBELL_PUBLIC_URL", "https://support.example.com:99999"),
        ("HANDBELL_PUBLIC_URL", "https://support.example.com:https"),
        ("HANDBELL_PUBLIC_URL", "https://support example.com"),
        ("HANDBELL_PUBLIC_URL", "http://support.example.com"),
        ("HANDBELL_PUBLIC_URL", "http://10.0.0.1:8000"),
        ("HANDBELL_PUBLIC_URL", "https://[::1"),
        ("HANDBELL_PUBLIC_URL", "https://support.example.com."),
        ("HANDBELL_PUBLIC_URL", "https://support.example.com:0"),
        ("HANDBELL_PUBLIC_URL", "https://support.example.com:"),
        ("HANDBELL_PUBLIC_URL", "https://support.example.com?"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as refused:
        load_settings()
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{name}: ")


def test_every_bad_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBELL_THREADS", "none")
    monkeypatch.setenv("HANDBELL_LOG_LEVEL", "loud")
    with pytest.raises(BadSettings) as refused:
        load_settings()
    assert {line.partition(":")[0] for line in str(refused.value).splitlines()} == {
        "HANDBELL_THREADS",
        "HANDBELL_LOG_LEVEL",
    }


def test_a_misspelled_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBELL_PUBLIC_ULR", "https://support.example.com")
    with pytest.raises(BadSettings, match="HANDBELL_PUBLIC_ULR is not a setting"):
        load_settings()


def test_names_of_the_tests_and_empty_values_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBELL_TEST_CHROMIUM", "/usr/bin/chromium")
    monkeypatch.setenv("HANDBELL_PORT", "")
    monkeypatch.setenv("HANDBELL_PUBLIC_URL", " ")
    assert load_settings().base_url == "http://127.0.0.1:8000"


def test_port_is_read_under_both_names_ours_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    assert load_settings().port == 9000
    monkeypatch.setenv("HANDBELL_PORT", "9001")
    assert load_settings().port == 9001


def test_a_bad_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    with pytest.raises(BadSettings, match="PORT: "):
        load_settings()


def test_settings_stand_in_a_file_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "handbell.env").write_text('HANDBELL_THREADS=3\nHANDBELL_LOG_LEVEL="error"\n# a comment\n')
    monkeypatch.setenv("HANDBELL_THREADS", "5")
    settings = load_settings()
    assert (settings.threads, settings.log_level) == (5, "error")


def test_a_misspelled_setting_in_the_file_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "handbell.env").write_text("HANDBELL_THRAEDS=3\n")
    with pytest.raises(BadSettings, match=r"(?i)HANDBELL_THRAEDS"):
        load_settings()


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "METRICS_TOKEN"])
def test_a_secret_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    value = {
        "DATABASE_URL": "postgresql+psycopg://u:p@db/handbell",
        "REDIS_URL": "redis://:p@redis/0",
        "METRICS_TOKEN": "a-token-of-twenty-characters-or-more",
    }[name]
    (tmp_path / "secret").write_text(f"{value}\n")
    monkeypatch.setenv(f"HANDBELL_{name}_FILE", str(tmp_path / "secret"))
    assert getattr(load_settings(), name.lower()) == value
    monkeypatch.setenv(f"HANDBELL_{name}", value)
    with pytest.raises(BadSettings, match=f"HANDBELL_{name} and its _FILE are both set"):
        load_settings()


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"mysql://x"])
def test_a_secret_s_file_that_is_missing_empty_or_unreadable_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("HANDBELL_DATABASE_URL_FILE", str(tmp_path / "secret"))
    with pytest.raises(BadSettings, match="HANDBELL_DATABASE_URL"):
        load_settings()


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://Support.Example.com", "https://support.example.com"),
        ("https://support.example.com/", "https://support.example.com"),
        ("https://support.example.com:8443", "https://support.example.com:8443"),
        ("HTTPS://support.example.com:0443//", "https://support.example.com:443"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://desk.localhost", "http://desk.localhost"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_links_begin_with_the_public_address(url: str, base: str) -> None:
    assert load_settings(public_url=url).base_url == base


def test_only_the_public_host_is_ours_in_production() -> None:
    assert load_settings(public_url="https://support.example.com").hosts == {
        "support.example.com",
        "support.example.com:443",
    }
    assert load_settings(public_url="https://support.example.com:8443").hosts == {"support.example.com:8443"}


def test_every_name_of_this_machine_is_ours_on_loopback() -> None:
    names = ("127.0.0.1", "localhost", "[::1]")
    assert load_settings(port=8000).hosts == {f"{name}:8000" for name in names}
    assert {"localhost", "localhost:80", "127.0.0.1:8000"} <= load_settings(
        public_url="http://localhost", port=8000
    ).hosts


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        ("https://support.example.com", True),
        ("https://support.example.com:443", True),
        ("http://support.example.com", False),
        ("https://support.example.com/", False),
        ("https://support.example.com.evil.example", False),
        ("https://x@support.example.com", False),
        ("//support.example.com", False),
        ("https://[", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_is_ours_when_scheme_and_host_are(origin: str, ours: bool) -> None:
    assert load_settings(public_url="https://support.example.com").is_ours(origin) is ours


def test_networks_are_read_from_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBELL_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7 ,2001:db8::/32,")
    expected = (ip_network("10.0.0.0/8"), ip_network("192.0.2.7/32"), ip_network("2001:db8::/32"))
    assert load_settings().trusted_proxies == expected


@pytest.mark.parametrize(
    ("written", "expected"), [("", 2 * 1024**3), ("0", 0), ("500M", 500 * 1024**2), ("1048576", 1024**2)]
)
def test_room_for_files(monkeypatch: pytest.MonkeyPatch, written: str, expected: int) -> None:
    monkeypatch.setenv("HANDBELL_FILES_MAX", written)
    assert load_settings().files_max == expected


def test_room_for_files_that_is_no_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBELL_FILES_MAX", "lots")
    with pytest.raises(BadSettings, match=r"^HANDBELL_FILES_MAX: must be a number of bytes, or one with K, M or G"):
        load_settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


def test_files_are_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert settings.applets_dir == tmp_path / "applets"
    assert settings.keys_path == tmp_path / "keys"
    assert Settings(data_dir=tmp_path, keys_file=tmp_path / "elsewhere").keys_path == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    ("public_url", "demo", "expected"),
    [
        ("", None, True),
        ("http://127.0.0.1:8000", None, True),
        ("https://support.example.org", None, False),
        ("https://support.example.org", True, True),
        ("", False, False),
    ],
)
def test_example_people_are_not_made_where_customers_come(public_url: str, demo: bool | None, expected: bool) -> None:
    assert Settings(public_url=public_url, demo=demo).makes_demo_desk is expected


@pytest.mark.parametrize(
    ("public_url", "listed", "expected"),
    [
        ("", "", [True, True, True]),
        ("http://localhost:8000", "10.0.0.0/8", [True, True, True]),
        ("https://support.example.org", "", [False, False, True]),
        ("https://localhost", "", [False, False, True]),
        ("https://support.example.org", "10.0.0.0/8, ::1", [False, True, True]),
        ("https://support.example.org", "127.0.0.1", [True, False, True]),
    ],
)
def test_where_customers_come_only_public_and_listed_addresses_are_called(
    monkeypatch: pytest.MonkeyPatch, public_url: str, listed: str, expected: list[bool]
) -> None:
    monkeypatch.setenv("HANDBELL_PUBLIC_URL", public_url)
    monkeypatch.setenv("HANDBELL_PRIVATE_TARGETS", listed)
    targets = load_settings().targets
    assert [targets.permit(address) for address in ("127.0.0.1", "10.2.3.4", "1.1.1.1")] == expected


def test_mail_needs_a_server_and_a_sender(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings().mailing is None
    with pytest.raises(BadSettings, match="HANDBELL_SMTP_URL needs HANDBELL_MAIL_FROM"):
        load_settings(smtp_url="smtps://mail.example.com")
    with pytest.raises(BadSettings, match="this machine only") as refused:
        load_settings(smtp_url="smtp://u:s3cret@mail.example.com", mail_from="help@example.com")
    assert "s3cret" not in str(refused.value)
    secret = tmp_path / "smtp"
    secret.write_text("smtps://u:s3cret@mail.example.com\n")
    found = load_settings(smtp_url_file=secret, mail_from="Help <help@example.com>")
    assert found.mailing
    assert (found.mailing.server.password, found.mailing.sender) == ("s3cret", "Help <help@example.com>")
    assert "s3cret" not in repr(found)
