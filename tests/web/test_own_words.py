"""A site's own words on its pages: always as plain text, in the right language, on error pages too."""

from collections.abc import Callable

from app.core.site import Site
from tests.page_client import PageClient

ChangeSite = Callable[..., Site]
GERMAN = {"Accept-Language": "de"}


def test_on_the_request_page(client: PageClient, change_site: ChangeSite) -> None:
    change_site(texts={"Get support": "Ask <b>IT</b> & Co, 100 %", "de:Get support": "IT fragen"})
    assert client.get("/").select("h1").get_text() == "Ask <b>IT</b> & Co, 100 %"
    assert client.get("/", headers=GERMAN).select("h1").get_text() == "IT fragen"
    change_site(texts={})
    assert client.get("/").select("h1").get_text() == "Get support"


def test_errors_and_the_status_page_too(client: PageClient, change_site: ChangeSite) -> None:
    change_site(
        required=("customer_name",),
        texts={
            "Please fill this in.": "We need this.",
            "Your session is ready": "Here we go",
            "This is %(length)s characters long; please shorten it to %(limit)s.": "Cut %(length)s to %(limit)s, 9 %!",
            "This link has expired": "Too late",
        },
    )
    refused = client.submit(customer_number="1" * 33)
    assert refused.select("#customer_name-problem").get_text() == "We need this."
    assert refused.select("#customer_number-problem").get_text() == "Cut 33 to 32, 9 %!"
    sent = client.submit(customer_name="Zoë")
    assert client.get(sent.location).select("h1").get_text() == "Here we go"


def test_another_sites_pages_keep_theirs(client: PageClient, change_site: ChangeSite) -> None:
    change_site(texts={"There is nothing here": "x", "Log in": "x"})
    assert client.get("/nothing-here").select("h1").get_text() == "There is nothing here"
    assert client.get("/console/login").select("h1").get_text() == "Log in"
