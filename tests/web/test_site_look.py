"""The look of a site for its customers: colour, logo, fields, languages."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from app.actions.logo import as_logo
from app.actions.sites import Wanted, change_site
from app.core.colour import nearest_readable
from app.core.customer import ELEMENTS
from app.core.site import Site
from app.core.targets import ANYWHERE
from app.process.running import Running
from app.store.tickets import list_tickets
from tests.conftest import StandingClock
from tests.page_client import PageClient
from tests.pictures import picture

ChangeSite = Callable[..., Site]


def look_of(client: PageClient) -> str | None:
    links = [str(link["href"]) for link in client.get("/s/default").page.select("link[rel=stylesheet]")]
    return next((link for link in links if "/look/" in link), None)


def test_the_colour_is_on_the_pages_as_a_stylesheet_of_its_own(client: PageClient, change_site: ChangeSite) -> None:
    assert look_of(client) is None
    change_site(colour="#7a1f5c")
    address = look_of(client)
    assert address
    answer = client.get(address)
    assert "--accent: #7a1f5c;" in answer.text
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert look_of(client) == address
    change_site(colour="#111111")
    assert look_of(client) != address
    assert client.get(address).status == 404


def test_a_colour_from_before_the_rule_is_made_readable(client: PageClient, change_site: ChangeSite) -> None:
    change_site(colour="#ffcc00")
    assert f"--accent: {nearest_readable('#ffcc00')};" in client.get(look_of(client) or "").text


def test_a_refused_form_and_the_status_page_wear_it_too(client: PageClient, change_site: ChangeSite) -> None:
    change_site(colour="#7a1f5c", required=("customer_name",))
    refused = client.submit(customer_name="")
    assert refused.status == 422
    status = client.get(client.submit(customer_name="Zoë").location)
    for page in (refused, status):
        assert any("/look/" in link["href"] for link in page.page.select("link[rel=stylesheet]"))


@pytest.mark.parametrize(
    "path",
    [
        "/s/default/look/0000000000000000.css",
        "/s/nobody/look/0000000000000000.css",
        "/s/default/look/.css",
        "/s/default/look/../../x.css",
        "/s/default/logo/0",
        "/s/default/logo/None",
        "/s/nobody/logo/None",
        "/s/default/logo/..%2f..%2fetc%2fpasswd",
    ],
)
def test_what_is_not_todays_is_not_found(client: PageClient, path: str) -> None:
    assert client.get(path).status == 404


def test_a_logo_stands_in_for_bell_and_name_everywhere(app_on_both: Flask, clock: StandingClock) -> None:
    here: Running = app_on_both.extensions["handbell"]
    client = PageClient(app_on_both)
    logo = as_logo(picture())
    change_site(
        here.database,
        "default",
        Wanted(options={"logo": logo.digest, "origins": ("https://www.example.com",)}, logo=logo),
        by=None,
        now=clock(),
        targets=ANYWHERE,
    )
    status = client.get(client.submit(customer_name="Zoë").location)
    applet = client.get(client.get(str(status.page.select_one("a[data-start]")["href"])).location)  # type: ignore[index]
    for page in (client.get("/s/default"), status, applet):
        assert page.select("header img")["alt"] == "Example Help"
        assert not page.page.select("header svg, header span")
    answer = client.get(f"/s/default/logo/{logo.digest}")
    assert answer.body == logo.content
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"  # the widget shows it in other pages
    told = client.get("/api/v1/sites/default", headers={"Origin": "https://www.example.com"}).json
    assert told["theme"]["logo"] == f"/s/default/logo/{logo.digest}"
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(f"/s/default/logo/{logo.digest}x").status == 404


def test_another_sites_logo_is_not_under_this_sites_address(client: PageClient, here: Running) -> None:
    from app.actions.sites import add_site

    logo = as_logo(picture())
    add_site(here.database, "other", "Other", by=None, now=here.clock())
    change_site(
        here.database,
        "other",
        Wanted(options={"logo": logo.digest}, logo=logo),
        by=None,
        now=here.clock(),
        targets=ANYWHERE,
    )
    assert client.get(f"/s/other/logo/{logo.digest}").status == 200
    assert client.get(f"/s/default/logo/{logo.digest}").status == 404


def shown(client: PageClient, site: str = "default") -> list[str]:
    return [name for name in ELEMENTS if client.get(f"/s/{site}").page.select(f"#{name}")]


@pytest.mark.slow
@pytest.mark.parametrize("fields", [ELEMENTS, ELEMENTS[:1], ELEMENTS[1:2], ELEMENTS[3:], ELEMENTS[::3]])
def test_only_the_fields_that_are_shown_are_there(
    client: PageClient, change_site: ChangeSite, fields: tuple[str, ...]
) -> None:
    change_site(fields=fields)
    assert shown(client) == list(fields)
    filled = {"customer_email": "zoe@example.com"} if "customer_email" in fields else {fields[0]: "Zoë"}
    assert client.submit(**filled).status == 303


def test_what_comes_in_a_hidden_field_is_kept_and_shown_when_it_is_wrong(
    client: PageClient, change_site: ChangeSite, here: Running
) -> None:
    change_site(fields=("customer_name",), origins=("https://www.example.com",))
    page = {"Origin": "https://www.example.com"}
    sent = {"customer_name": "Zoë", "customer_number": "C-1", "problem_description": "It broke."}
    assert client.post("/s/default/submit", sent, headers=page).status == 303
    with here.database.read() as connection:
        ticket = list_tickets(connection)[0]
    assert (ticket.customer.number, ticket.customer.problem) == ("C-1", "It broke.")
    refused = client.post("/s/default/submit", {**sent, "customer_email": "no mail"}, headers=page)
    assert refused.status == 422
    assert refused.select("#customer_email")["value"] == "no mail"
    assert refused.select("#customer_number")["value"] == "C-1"
    assert "It broke." in refused.select("#problem_description").get_text()


def language_of(client: PageClient, path: str, accepts: str = "") -> str:
    return str(client.get(path, headers={"Accept-Language": accepts}).select("html")["lang"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "accepts", "spoken"),
    [
        ("", "", "fr"),
        ("", "de", "de"),
        ("", "de-AT,en", "de"),
        ("", "ja,en;q=0.9", "fr"),
        ("", "ja,de;q=0.1", "de"),
        ("", "de;q=0,ja", "fr"),
        ("?lang=de", "fr", "de"),
        ("?lang=en", "de", "de"),
        ("?lang=ja", "", "fr"),
        ("?lang=pt-BR", "", "pt"),
        ("?lang=zh-TW", "", "fr"),
        ("?lang=xx", "", "fr"),
        ("?lang=%00", "", "fr"),
    ],
)
def test_customers_get_one_of_the_sites_languages(
    client: PageClient, change_site: ChangeSite, query: str, accepts: str, spoken: str
) -> None:
    change_site(languages=("fr", "de", "pt"))
    assert language_of(client, f"/s/default{query}", accepts) == spoken
    assert (
        client.get(f"/s/default{query}", headers={"Accept-Language": accepts}).select("h1").get_text()
        == {
            "fr": "Obtenir de l’aide",
            "de": "Hilfe anfordern",
            "pt": client.get("/s/default?lang=pt").select("h1").get_text(),
        }[spoken]
    )


def test_the_next_site_is_not_limited(client: PageClient, change_site: ChangeSite, here: Running) -> None:
    from app.actions.sites import add_site

    change_site(languages=("fr",))
    add_site(here.database, "other", "Other", by=None, now=here.clock())
    assert language_of(client, "/s/default", "de") == "fr"
    assert language_of(client, "/s/other", "de") == "de"


def test_a_language_that_is_gone_is_passed_over(client: PageClient, change_site: ChangeSite) -> None:
    change_site(languages=("xx", "de"))
    assert language_of(client, "/s/default", "fr") == "de"
    change_site(languages=("xx",))
    assert language_of(client, "/s/default", "fr") == "fr"


def test_status_page_and_request_follow_too(client: PageClient, change_site: ChangeSite, here: Running) -> None:
    change_site(languages=("fr", "de"))
    answer = client.submit(customer_name="Zoë")
    assert language_of(client, answer.location, "ja") == "fr"
    with here.database.read() as connection:
        assert list_tickets(connection)[0].language == "fr"


def test_the_widget_and_the_api_follow(client: PageClient, change_site: ChangeSite) -> None:
    changed = change_site(
        languages=("pt_BR", "de"), fields=("customer_name", "problem_description"), origins=("https://a.example",)
    )
    assert replace(changed, slug="x").languages == ("pt_BR", "de")
    page = {"Origin": "https://a.example"}
    told = client.get("/api/v1/sites/default?lang=ja", headers=page).json
    assert (told["language"], told["languages"]) == ("pt-BR", ["pt-BR", "de"])
    assert client.get("/api/v1/sites/default?lang=de", headers=page).json["language"] == "de"
    assert [field["name"] for field in told["fields"]] == ["customer_name", "problem_description"]
    in_german = client.get("/widget.js?lang=de").body
    assert client.get("/widget.js?site=default&lang=de").body == in_german
    assert (
        client.get("/widget.js?site=default", headers={"Accept-Language": "ja"}).body
        == client.get("/widget.js?lang=pt-BR").body
    )
    assert client.get("/widget.js?site=nobody&lang=de").body == in_german
