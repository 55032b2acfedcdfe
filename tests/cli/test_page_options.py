"""`handbell site set` for a site's own pages and servers."""

import hashlib

import pytest

from app.actions.logo import as_logo
from app.store.audit import acts
from app.store.database import Database
from app.store.logos import find_logo
from app.store.sites import load_sites
from tests.cli.command import Handbell
from tests.keys_in_use import sealer_at
from tests.pictures import picture


@pytest.fixture
def handbell_with_site(handbell: Handbell) -> Handbell:
    handbell.says("site", "add", "help", "--name", "Help")
    return handbell


@pytest.mark.slow
def test_pages_words_and_look(handbell_with_site: Handbell) -> None:
    handbell = handbell_with_site
    handbell.says(
        *("site", "set", "help", "--origin", "https://WWW.example.com:443", "--origin", "http://localhost:3000"),
        *("--browser-routing", "--foreign-forms", "deny", "--colour", "#0B5C68"),
        *("--server-network", "203.0.113.0/24", "--server-network", "2001:DB8:7::1/128"),
        *("--text", "title=Ask IT", "--text", "de:Get support=Hilfe = jetzt"),
    )
    shown = handbell.json("site", "show", "help")
    assert shown["origins"] == ["https://www.example.com", "http://localhost:3000"]
    assert shown["server_networks"] == ["203.0.113.0/24", "2001:db8:7::1"]
    assert (shown["browser_routing"], shown["foreign_forms"], shown["colour"]) == (True, "deny", "#0b5c68")
    assert shown["texts"] == {"title": "Ask IT", "de:Get support": "Hilfe = jetzt"}
    handbell.says(
        *("site", "set", "help", "--origin", "none", "--text", "none", "--colour", "", "--no-browser-routing"),
        *("--foreign-forms", "confirm", "--server-network", "none"),
    )
    shown = handbell.json("site", "show", "help")
    assert (shown["origins"], shown["server_networks"]) == ([], [])
    assert (shown["texts"], shown["colour"]) == ({}, None)
    assert (shown["browser_routing"], shown["foreign_forms"]) == (False, "confirm")


@pytest.mark.slow
def test_languages_fields_and_logo(handbell_with_site: Handbell) -> None:
    handbell = handbell_with_site
    logo = handbell.folder / "logo.webp"
    logo.write_bytes(picture(form="WEBP"))
    handbell.says(
        *("site", "set", "help", "--language", "pt-br", "--language", "de", "--logo", str(logo)),
        *("--field", "problem_description", "--field", "customer_name"),
    )
    shown = handbell.json("site", "show", "help")
    assert (shown["languages"], shown["fields"]) == (["pt_BR", "de"], ["customer_name", "problem_description"])
    with handbell.database() as database, database.read() as connection:
        assert find_logo(connection, "help", shown["logo"]) == as_logo(picture(form="WEBP"))
        act = acts(connection)[0]
    assert (act.who, act.act, sorted(act.detail)) == (None, "site.changed", ["fields", "languages", "logo"])
    handbell.says("site", "set", "help", "--language", "all", "--field", "all", "--logo", "/dev/null")
    shown = handbell.json("site", "show", "help")
    assert (shown["languages"], len(shown["fields"]), shown["logo"]) == ([], 5, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--origin", "http://www.example.com"), "must be https"),
        (("--origin", "https://www.example.com/help"), "its origin is https://www.example.com"),
        (("--origin", "*"), "must be an origin"),
        (("--server-network", "203.0.113.7/24"), "an address or a network such as 203.0.113.0/24"),
        (("--server-network", "0.0.0.0/0"), "too wide"),
        (("--text", "no value"), "KEY=VALUE"),
        (("--text", "=x"), "needs a key"),
        (("--text", "title="), "1 to 600"),
        (("--text", "titel=Help"), "did you mean: title"),
        (("--text", "de:Quux=Help"), "Handbell has no such text"),
        (("--colour", "red"), "#rrggbb"),
        (("--foreign-forms", "allow"), "confirm"),
        (("--colour", "#ff8800"), "contrast of 2.2 to 1"),
        (("--language", "xx"), "there are en, ar, de"),
        (("--field", "shoe_size"), "customer_name"),
        (("--field", "customer_name", "--require", "customer_email"), "does not show it"),
        (("--logo", __file__), "PNG, JPEG or WebP"),
        (("--logo", "/nowhere/logo.png"), "/nowhere/logo.png"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(
    handbell_with_site: Handbell, options: tuple[str, ...], says: str
) -> None:
    before = handbell_with_site.json("site", "show", "help")
    failed = handbell_with_site.run("site", "set", "help", *options)
    assert failed.returncode == 1
    assert says in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    assert handbell_with_site.json("site", "show", "help") == before


@pytest.mark.slow
def test_secrets_are_shown_once_and_kept_as_a_hash_or_sealed(handbell_with_site: Handbell) -> None:
    handbell = handbell_with_site
    said = handbell.says("site", "set", "help", "--new-secret", "--new-identity-secret")
    shown_once = dict(line.split("  ")[:2] for line in said.splitlines() if line.endswith("(shown this once)"))
    secret, identity_secret = shown_once["secret"], shown_once["identity secret"]
    assert secret.startswith("hbsk_")
    assert len(identity_secret) >= 32
    listed = handbell.json("site", "show", "help")
    assert (listed["has_secret"], listed["has_identity_secret"]) == (True, True)
    for output in (handbell.says("site", "show", "help"), str(listed), str(handbell.json("site", "list"))):
        assert secret not in output
        assert identity_secret not in output
        assert "secret_hash" not in output
        assert "sealed" not in output
    data = handbell.data
    database = Database(f"sqlite:///{data / 'handbell.sqlite3'}")
    with database.read() as connection:
        site = next(site for site in load_sites(connection) if site.slug == "help")
    database.close()
    assert site.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    sealer = sealer_at(f"sqlite:///{data / 'handbell.sqlite3'}", data / "keys")
    assert sealer.unseal(site.sealed_identity_secret or "") == identity_secret
    again = handbell.says("site", "set", "help", "--new-secret")
    assert secret not in again
