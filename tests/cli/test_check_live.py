"""`handbell check --live`: one real session for each site."""

import json
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from app.actions.signing_keys import ring_sealer
from app.core.site import Site
from app.store.sites import add_site, change_site, load_sites
from tests.backends.loopback import Loopback, http, loopback
from tests.cli.command import Handbell
from tests.keys_in_use import keys_of
from tests.store.rows import NOW

KEY = "Zm9v+YmFy/YmF6="


def set_vendor(handbell: Handbell, server: Loopback, key: str | None = KEY, backend: str = "take-control") -> None:
    """Let the site `default` open its sessions at this server."""
    with handbell.database() as database:
        sealed = key and ring_sealer(keys_of(database, handbell.data / "keys")).seal(key)
        with database.read() as connection:
            (site,) = load_sites(connection)
        changed = replace(site, backend=backend, api_domain=server.address, sealed_key=sealed, department="10")
        database.write(lambda connection: change_site(connection, changed))


def test_a_session_at_the_vendor(filled: Handbell) -> None:
    with loopback(http(302, Location=f"https://startcontrol.com/?{KEY}")) as server:
        set_vendor(filled, server)
        told = filled.says("check", "--live")
    assert "live       default: good, take-control\n" in told
    assert "choose       --backend take-control\n" in told
    assert KEY not in told
    assert "[key]" in told
    (received,) = server.received
    form = parse_qs(received.body.decode())
    assert form["uid"] == [KEY]
    assert form["customer_name"] == ["Handbell check"]
    assert "test" in form["problem_description"][0]
    assert form["department"] == ["10"]
    assert list(filled.data.glob(".check-*")) == []


def test_the_rest_flavour(filled: Handbell) -> None:
    with loopback(http(200, b'{"details": {"link": "https://startcontrol.com/1"}}')) as server:
        set_vendor(filled, server, backend="take-control-rest")
        told = filled.says("check", "--live", "--site", "default")
    assert "choose       --backend take-control-rest\n" in told
    assert json.loads(server.received[0].body)["customer_name"] == "Handbell check"


def test_an_applet_that_came_is_not_kept(filled: Handbell) -> None:
    before = {path.name for path in filled.data.iterdir()}
    with loopback(http(200, b"MZ", Content_Type="application/octet-stream")) as server:
        set_vendor(filled, server)
        assert "understood   the applet itself\n" in filled.says("check", "--live")
    assert {path.name for path in filled.data.iterdir()} - before <= {"keys", "handbell.sqlite3.lock"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (http(403), "the account key is wrong, disabled or expired"),
        (http(404), "check the API domain"),
        (http(503), "try          again later; nothing was sent"),
        (b"", "the session may exist all the same"),
    ],
)
def test_a_failure_is_exit_status_1(raw: bytes, says: str, filled: Handbell) -> None:
    with loopback(raw) as server:
        set_vendor(filled, server)
        finished = filled.run("check", "--live")
    assert (finished.returncode, finished.stderr) == (1, "")
    assert "live       default: not good, take-control\n" in finished.stdout
    assert says in finished.stdout


def test_a_site_that_lacks_something_calls_nobody(filled: Handbell) -> None:
    with loopback(http(200)) as server:
        set_vendor(filled, server, key=None)
        assert "missing      --backend take-control needs the account's key" in filled.run("check", "--live").stdout
        set_vendor(filled, server)
        (filled.data / "keys").unlink()
        assert filled.run("keys", "reset", "--yes").returncode == 0
        finished = filled.run("check", "--live")
    assert "cannot be read, as its key is gone" in finished.stdout
    assert finished.returncode == 1
    assert server.connections == 0


def test_the_embedded_desk_opens_a_ticket_and_cancels_it(filled: Handbell) -> None:
    assert "live       default: good, embedded\n" in filled.says("check", "--live")
    (ticket,) = filled.json("ticket", "list")
    assert (ticket["customer_name"], ticket["state"]) == ("Handbell check", "cancelled")


def test_only_the_site_that_was_named_and_none_that_is_disabled(filled: Handbell) -> None:
    with filled.database() as database:
        off = Site(slug="off", name="Off", uid="o", disabled=True)
        database.write(lambda connection: add_site(connection, off, NOW))
        database.write(lambda connection: add_site(connection, replace(off, slug="on", uid="n", disabled=False), NOW))

    def lives(*arguments: str) -> list[str]:
        told = filled.says("check", "--live", *arguments)
        return [line.split()[1] for line in told.splitlines() if line.startswith("live")]

    assert lives() == ["default:", "on:"]
    assert lives("--site", "on") == ["on:"]
    assert lives("--site", "off") == ["off:"]


def test_mistakes_are_one_line(filled: Handbell) -> None:
    assert filled.fails("check", "--site", "default") == "handbell: --site goes with --live"
    finished = filled.run("check", "--live", "--site", "nobody")
    assert finished.returncode == 1
    assert finished.stderr == "handbell: there is no site nobody; see: handbell site list\n"


def test_without_live_nobody_is_called(filled: Handbell) -> None:
    with loopback(http(200)) as server:
        set_vendor(filled, server)
        assert "live  " not in filled.says("check")
    assert server.connections == 0


HTTPS = {"HANDBELL_PUBLIC_URL": "https://support.example.org"}
SAID = "127.0.0.1 is not a public address; change it, or list its network in HANDBELL_PRIVATE_TARGETS"


def test_over_https_a_vendor_inside_is_not_called_unless_it_is_listed(filled: Handbell) -> None:
    with loopback(http(302, Location="https://startcontrol.com/1")) as server:
        set_vendor(filled, server)
        checked = filled.run("check", "--live", **HTTPS)
        assert (checked.returncode, server.connections) == (1, 0)
        assert f"site       default: --api-domain {SAID}, take-control\n" in checked.stdout
        assert f"           refused      {SAID}\n" in checked.stdout
        listed = filled.run("check", "--live", HANDBELL_PRIVATE_TARGETS="127.0.0.0/8", **HTTPS)
        assert (listed.returncode, server.connections) == (0, 1)


def test_over_https_check_resolves_a_webhook_s_name(filled: Handbell) -> None:
    filled.says("site", "set", "default", "--webhook", "https://localhost/hook")
    assert filled.run("check").returncode == 0
    checked = filled.run("check", **HTTPS)
    assert checked.returncode == 1
    assert f"site       default: --webhook {SAID.replace('127.0.0.1', 'localhost')}, embedded\n" in checked.stdout


def test_over_https_an_address_inside_is_not_set(filled: Handbell) -> None:
    for host in ("127.0.0.1", "[::1]", "169.254.169.254"):
        refused = filled.fails("site", "set", "default", "--webhook", f"https://{host}/hook", **HTTPS)
        assert refused == f"handbell: --webhook {SAID.replace('127.0.0.1', host)}"
    assert filled.run("site", "set", "default", "--webhook", "https://1.1.1.1/hook", **HTTPS).returncode == 0
