"""`handbell site set` for an account at the vendor, and how its key is stored."""

import base64
import itertools
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import text

from app.actions.sealing import site_webhook_secret, vendor_key_of
from app.actions.signing_keys import ring_sealer
from app.core.site import DEFAULT_APPLET_HOSTS, Site
from app.keys.seal import Sealer
from app.keys.signing_key import Key
from app.store.sites import change_site, load_sites
from tests.cli.command import Handbell
from tests.keys_in_use import keys_at

KEY = "0d1f4c2e+6a3b/4d0e=9f57|2b8f6f0c1a77"
DOMAIN = "https://api.us0.swi-rc.com"
TODAY = datetime.now(UTC).date()
LOOPBACK = "http://127.0.0.1:8001"


def site_set(handbell: Handbell, *options: str, stdin: str = "") -> tuple[str, str]:
    """The output and warnings of a successful `handbell site set default …`, which must not contain the key."""
    done = handbell.run("site", "set", "default", *options, stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert not tells(done.stdout + done.stderr, KEY)
    return done.stdout, done.stderr


def shown(handbell: Handbell) -> dict[str, object]:
    """The site `default` as shown; checks that no secret is shown, encrypted or not."""
    printed = "".join(handbell.says("site", *how) for how in (("show", "default"), ("list",), ("list", "--json")))
    site = handbell.json("site", "show", "default")
    stored = the_site(handbell)
    for secret in (KEY, stored.sealed_key, stored.sealed_webhook_secret):
        assert secret is None or not tells(printed + str(site), secret)
    assert "sealed" not in printed + str(site)
    return dict(site)


def the_site(handbell: Handbell) -> Site:
    with handbell.database() as database, database.read() as connection:
        return load_sites(connection)[0]


def keys(handbell: Handbell) -> list[Key]:
    return keys_at(f"sqlite:///{handbell.data / 'handbell.sqlite3'}", handbell.data / "keys")


def sealer(handbell: Handbell) -> Sealer:
    return ring_sealer(keys(handbell))


def spellings(secret: str) -> Iterator[str]:
    """The secret as it is, percent-encoded, and in base64 at each of its three alignments."""
    yield from (secret, quote(secret, safe=""), quote(secret))
    for skipped, encode in itertools.product(range(3), (base64.b64encode, base64.urlsafe_b64encode)):
        whole = secret.encode()[skipped:]
        yield encode(whole[: len(whole) // 3 * 3]).decode()


def tells(text: str, secret: str) -> bool:
    return any(spelling in text for spelling in spellings(secret))


def in_the_files(handbell: Handbell, secret: str) -> bool:
    """Whether the database's files or any other file in the data folder contain the secret."""
    files = [path for path in handbell.data.rglob("*") if path.is_file()]
    assert {"handbell.sqlite3", "handbell.sqlite3-wal", "keys"} <= {path.name for path in files}
    return any(tells(path.read_bytes().decode("latin-1"), secret) for path in files)


@pytest.mark.slow
def test_an_account_is_set_at_once_and_shown_without_its_key(filled: Handbell) -> None:
    (filled.folder / "key").write_text(f"  {KEY}\r\n")
    printed, warned = site_set(
        filled,
        *("--backend", "take-control-rest", "--api-domain", " API.us0.swi-rc.com/rest/ ", "--key-file", "key"),
        *("--key-made", TODAY.isoformat(), "--applet-host", "Example.COM", "--applet-host", "*.example.com"),
        *("--applet-host", "example.com", "--show-waiting-queue", "--rate", "5"),
    )
    assert (warned, printed) == (
        "",
        "changed site default: api_domain, applet_hosts, backend, key, key_made, rate, show_waiting_queue\n",
    )
    expected = {
        "backend": "take-control-rest",
        "api_domain": DOMAIN,
        "has_key": True,
        "key_ending": "1a77",
        "key_made": TODAY.isoformat(),
        "applet_hosts": ["example.com", "*.example.com"],
        "show_waiting_queue": True,
        "rate": 5,
        "unreadable": False,
    }
    site = shown(filled)
    assert {name: site[name] for name in expected} == expected
    assert (date.fromisoformat(str(site["key_ends"])) - TODAY).days in (365, 366)
    assert vendor_key_of(the_site(filled), sealer(filled)) == KEY
    site_set(filled, "--applet-host", "default", "--no-show-waiting-queue")
    site = shown(filled)
    assert (site["applet_hosts"], site["show_waiting_queue"]) == (list(DEFAULT_APPLET_HOSTS), False)
    assert (site["key_ending"], site["rate"]) == ("1a77", 5)


@pytest.mark.slow
def test_a_key_comes_from_standard_input_or_the_command_line(filled: Handbell) -> None:
    site_set(filled, "--key-file", "-", stdin=f"\ufeff{KEY}\n")
    assert vendor_key_of(the_site(filled), sealer(filled)) == KEY
    site_set(filled, "--key", " short key ")
    assert vendor_key_of(the_site(filled), sealer(filled)) == "short key"
    assert (shown(filled)["has_key"], shown(filled)["key_ending"]) == (True, None)
    site_set(filled, "--key", "")
    assert (shown(filled)["has_key"], shown(filled)["key_ending"]) == (False, None)


@pytest.mark.parametrize("content", [b"", b" \n", b"one\ntwo", b"k" * 513, "schlüssel".encode(), b"\xff\xfe", b"k\0y"])
def test_a_file_without_a_key_changes_nothing(filled: Handbell, content: bytes) -> None:
    site_set(filled, "--key", KEY)
    (filled.folder / "key").write_bytes(content)
    said = filled.fails("site", "set", "default", "--key-file", "key")
    assert said.startswith("handbell: --key-file")
    assert vendor_key_of(the_site(filled), sealer(filled)) == KEY


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--key", "a", "--key-file", "-"), "--key and --key-file are both given"),
        (("--key", "schlüssel"), "--key a key is 1 to 512 printable ASCII characters"),
        (("--key-file", "missing"), "missing"),
        (("--api-domain", "http://api.us0.swi-rc.com"), "--api-domain must be https"),
        (("--api-domain", "https://user@api.us0.swi-rc.com"), "--api-domain must be"),
        (("--applet-host", "*"), "--applet-host * must be"),
        (("--applet-host", "*.com"), "--applet-host *.com must be"),
        (("--applet-host", "127.0.0.1"), "--applet-host 127.0.0.1 is for an --api-domain on this machine only"),
        (("--rate", "0"), "--rate"),
        (("--rate", "1001"), "--rate"),
        (("--key-made", "2026-02-30"), "--key-made must be a day"),
        (("--key", KEY, "--key-made", (TODAY + timedelta(days=2)).isoformat()), "is in the future"),
        (("--key-made", "2026-01-31"), "--key-made goes with a key"),
        (("--webhook", "http://example.com/"), "--webhook must be https"),
        (("--new-webhook-secret",), "the site has no webhook"),
        (("--backend", "take-control"), "needs the account's --api-domain"),
        (("--backend", "take-control-rest", "--api-domain", DOMAIN), "needs the account's key (--key-file)"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(filled: Handbell, options: tuple[str, ...], said: str) -> None:
    before = the_site(filled)
    line = filled.fails("site", "set", "default", *options)
    assert said in line
    assert "schlüssel" not in line
    assert the_site(filled) == before


@pytest.mark.slow
def test_a_key_is_not_taken_along_to_another_domain(filled: Handbell) -> None:
    account = ("--backend", "take-control", "--api-domain", DOMAIN, "--key", KEY, "--key-made", "2026-01-31")
    site_set(filled, *account)
    assert site_set(filled, "--api-domain", f"{DOMAIN}/rest")[1] == ""
    assert shown(filled)["key_ending"] == "1a77"
    (warning,) = site_set(filled, "--api-domain", "https://api.eu1.swi-rc.com")[1].splitlines()
    assert warning.startswith("handbell: warning: the stored key was for another API domain and is removed")
    site = shown(filled)
    assert (site["has_key"], site["key_made"], site["api_domain"]) == (False, None, "https://api.eu1.swi-rc.com")
    checked = filled.run("check")
    assert "site       default: --backend take-control needs the account's key (--key-file), take" in checked.stdout
    assert checked.returncode == 1
    assert site_set(filled, "--api-domain", DOMAIN, "--key", KEY)[1] == ""
    assert filled.says("check")


def test_an_account_may_lose_its_key_with_a_warning(filled: Handbell) -> None:
    site_set(filled, "--backend", "take-control", "--api-domain", DOMAIN, "--key", KEY)
    (warning,) = site_set(filled, "--key", "")[1].splitlines()
    assert warning == "handbell: warning: site default: --backend take-control needs the account's key (--key-file)"
    assert site_set(filled, "--phone", "+1 555 0101")[1] == ""


def test_a_vendor_on_this_machine_is_taken_with_a_warning(filled: Handbell) -> None:
    options = ("--backend", "take-control", "--api-domain", LOOPBACK, "--key", KEY, "--applet-host", "127.0.0.1")
    (warning,) = site_set(filled, *options)[1].splitlines()
    assert warning.startswith(f"handbell: warning: site default: its API domain {LOOPBACK} is on this machine")
    checked = filled.says("check")
    assert f"warning    default: its API domain {LOOPBACK} is on this machine" in checked
    said = filled.fails("site", "set", "default", "--api-domain", DOMAIN, "--key", KEY)
    assert "--applet-host 127.0.0.1 is for an --api-domain on this machine only" in said


@pytest.mark.slow
def test_choosing_the_backend_again_is_a_new_try_to_read_the_vendor(filled: Handbell) -> None:
    site_set(filled, "--backend", "take-control", "--api-domain", DOMAIN, "--key", KEY)
    with filled.database() as database:
        flagged = replace(the_site(filled), unreadable=True)
        database.write(lambda connection: change_site(connection, flagged))
    assert shown(filled)["unreadable"] is True
    assert "handbell site set default --backend take-control" in filled.says("check")
    site_set(filled, "--backend", "take-control")
    assert shown(filled)["unreadable"] is False
    assert "warning" not in filled.says("check")


@pytest.mark.slow
def test_a_webhook_s_secret_is_made_shown_once_and_sealed(filled: Handbell) -> None:
    def secret_in(printed: str) -> str:
        (secret,) = re.findall(r"whsec_[A-Za-z0-9+/]+=*", printed)
        assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 32
        assert site_webhook_secret(the_site(filled), sealer(filled)) == secret
        assert not tells(str(shown(filled)), secret)
        return str(secret)

    first = secret_in(site_set(filled, "--webhook", "https://Example.com/hook")[0])
    assert shown(filled)["webhook"] == "https://example.com/hook"
    assert "whsec_" not in site_set(filled, "--webhook", "https://example.com/hook", "--phone", "1")[0]
    assert site_webhook_secret(the_site(filled), sealer(filled)) == first
    renewed = secret_in(site_set(filled, "--new-webhook-secret")[0])
    moved = secret_in(site_set(filled, "--webhook", "https://other.example/")[0])
    assert len({first, renewed, moved}) == 3
    assert "whsec_" not in site_set(filled, "--webhook", "")[0]
    assert the_site(filled).sealed_webhook_secret is None


@pytest.mark.slow
def test_check_tells_of_a_key_s_end_a_month_before_and_fails_when_it_has_come(filled: Handbell) -> None:
    account = ("--backend", "take-control", "--api-domain", DOMAIN, "--key", KEY)
    site_set(filled, *account, "--key-made", (TODAY - timedelta(days=300)).isoformat())
    assert "warning" not in filled.says("check")
    _, warned = site_set(filled, "--key-made", (TODAY - timedelta(days=350)).isoformat())
    assert "its key at the vendor ends in 1" in warned
    assert "warning    default: its key at the vendor ends in 1" in filled.says("check")
    site_set(filled, "--key-made", (TODAY - timedelta(days=366)).isoformat())
    checked = filled.run("check")
    assert "site       default: its key at the vendor ended on" in checked.stdout
    assert checked.returncode == 1


# Signing keys


def age(handbell: Handbell, hours: int) -> None:
    """Make every replacement of a key this many hours older."""
    earlier = text("UPDATE signing_keys SET replaced_at = replaced_at - :ago").bindparams(ago=hours * 3_600_000_000)
    with handbell.database() as database:
        database.write(lambda connection: connection.execute(earlier))


@pytest.mark.slow
def test_a_stored_key_outlives_every_rotation_and_revocation_and_is_never_readable(filled: Handbell) -> None:
    with filled.database() as database, database.read() as connection:
        load_sites(connection)  # while a reader is open, SQLite keeps its log
        site_set(
            filled, "--backend", "take-control", "--api-domain", DOMAIN, "--key", KEY, "--webhook", "https://a.example"
        )
        secret = site_webhook_secret(the_site(filled), sealer(filled))
        sealed = {the_site(filled).sealed_key}
        steps: list[tuple[str, list[int]]] = [("rotate", []), ("rotate", []), ("revoke", [-1]), ("revoke", [0])]
        steps += [("revoke", [0]), ("rotate", [])]
        for what, which in steps:
            kids = [str(key["kid"]) for key in filled.json("keys", "list")]
            done = filled.run("keys", what, *(kids[n] for n in which))
            assert done.returncode == 0
            site = the_site(filled)
            newest = ring_sealer(keys(filled)[:1])
            assert (vendor_key_of(site, newest), site_webhook_secret(site, newest)) == (KEY, secret), (what, which)
            assert not tells(done.stdout + done.stderr, KEY)
            for hidden in (KEY, secret, secret.removeprefix("whsec_")):
                assert not in_the_files(filled, hidden)
            sealed.add(site.sealed_key)
            if which:
                assert kids[which[0]] not in [key.kid for key in keys(filled)]
            assert "good, take-control" in filled.says("check")
            age(filled, 25)
        assert len(sealed) == len(steps), "all but the revocation of an old key sealed anew"


def test_the_last_key_is_revoked_without_losing_what_it_sealed(filled: Handbell) -> None:
    site_set(filled, "--key", KEY)
    (only,) = filled.json("keys", "list")
    done = filled.run("keys", "revoke", only["kid"])
    assert (done.returncode, done.stdout) == (0, f"revoked {only['kid']}\n")
    assert f"{only['kid']} is also a line of the keys file" in done.stderr
    (fresh,) = filled.json("keys", "list")
    assert fresh["kid"] != only["kid"]
    assert vendor_key_of(the_site(filled), sealer(filled)) == KEY


@pytest.mark.slow
def test_a_secret_that_no_key_opens_is_named_and_nothing_stops_for_it(filled: Handbell) -> None:
    site_set(filled, "--backend", "take-control", "--api-domain", DOMAIN, "--key", KEY)
    (filled.data / "keys").unlink()
    done = filled.run("keys", "reset", "--yes")
    assert (done.returncode, done.stdout) == (0, f"all keys are new, sealed by the keys file {filled.data / 'keys'}\n")
    assert done.stderr.startswith("handbell: warning: site default: its key at the vendor cannot be read")
    site_set(filled, "--webhook", "https://a.example")
    checked = filled.run("check")
    assert "handbell site set default --key-file FILE" in checked.stdout
    assert "webhook secret" not in checked.stdout
    assert (checked.returncode, checked.stderr) == (1, "")
    for command in (("rotate",), ("revoke", filled.json("keys", "list")[0]["kid"])):
        done = filled.run("keys", *command)
        assert done.returncode == 0
        warning = done.stderr.splitlines()[0]
        assert warning.startswith("handbell: warning: site default: its key at the vendor cannot be read")
    site_set(filled, "--key", KEY)
    assert filled.says("check")


def test_a_rotation_does_not_begin_without_the_database(filled: Handbell) -> None:
    said = filled.run("keys", "rotate", HANDBELL_DATABASE_URL="sqlite:////dev/null/x").stderr
    assert said.startswith("handbell: cannot open the database")


@pytest.mark.slow
def test_a_database_that_fails_on_the_way_costs_no_key(filled: Handbell) -> None:
    def rename(old: str, new: str) -> None:
        with sqlite3.connect(filled.data / "handbell.sqlite3") as raw:
            raw.execute(f"ALTER TABLE {old} RENAME TO {new}")
        raw.close()

    site_set(filled, "--key", KEY)
    (first,) = (row["kid"] for row in filled.json("keys", "list"))
    rename("sites", "away")
    for command in (("rotate",), ("revoke", first)):
        said = filled.fails("keys", *command)
        assert "the database failed (OperationalError)" in said
        assert said.endswith("run this once more if nothing is changed")
        assert [row["kid"] for row in filled.json("keys", "list")] == [first]
    rename("away", "sites")
    assert vendor_key_of(the_site(filled), sealer(filled)) == KEY
    filled.run("keys", "revoke", first)
    assert vendor_key_of(the_site(filled), sealer(filled)) == KEY
