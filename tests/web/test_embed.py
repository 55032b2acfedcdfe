"""The Embed page: the HTML it builds, the preview page, and who may frame that."""

import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from flask import Flask

from app.core.site import Site
from app.edge.headers import PAGE_CSP
from app.files.widget_files import widget_script
from app.process.running import Running
from app.store import sites as site_store
from tests.page_client import Answer, PageClient, check_html
from tests.web.console_client import log_in
from tests.web.markup_texts import TEXTS

DORA = "dora@example.com"
PATH = "/console/sites/default/embed"
BASE = "http://127.0.0.1:8000"
CHOSEN = {
    "place": "button",
    "text": "Ring \"us\" & 'them'",
    "position": "start",
    "colour": "#7A1F5C",
    "department": "20",
    "language": "de",
    "name": "Zoë",
    "problem": "</script><script>alert(1)</script>",
}


@pytest.fixture
def dora(client: PageClient) -> PageClient:
    """A logged-in administrator."""
    log_in(client, DORA)
    return client


def page(client: PageClient, path: str = PATH, **chosen: str) -> Answer:
    answer = client.get(f"{path}?{urlencode(chosen)}", check=False)
    if answer.status in (200, 422):
        check_html(answer)
    return answer


@pytest.mark.parametrize("email", ["", "anna@example.com", "sven@example.com"])
def test_it_is_for_administrators_alone(client: PageClient, email: str) -> None:
    if email:
        log_in(client, email)
    for path in (PATH, f"{PATH}/preview"):
        answer = client.get(path)
        assert answer.status == (403 if email else 303)
        assert answer.location.split("?")[0] == ("" if email else "/console/login")


def test_a_site_that_is_not_there_is_not_found(dora: PageClient) -> None:
    for key in ("nowhere", "x" * 300, "%00"):
        assert dora.get(f"/console/sites/{key}/embed").status == 404
        assert dora.get(f"/console/sites/{key}/embed/preview").status == 404


@pytest.mark.slow
def test_without_choices_it_is_the_snippet_of_the_docs(dora: PageClient) -> None:
    answer = page(dora)
    assert answer.select("#snippet").get_text() == (
        f'<a href="{BASE}/s/default" data-handbell>Get support</a>\n'
        f'<script async src="{BASE}/widget.js?site=default" data-site="default" data-mode="link"></script>'
    )
    pinned = widget_script("en")
    assert f'{BASE}{pinned.path}" data-site="default"' in answer.select("#pinned").get_text()
    assert f'integrity="{pinned.integrity}" crossorigin="anonymous"' in answer.select("#pinned").get_text()
    assert answer.select("#policy").get_text() == f"script-src {BASE}; connect-src {BASE}; form-action 'self' {BASE}"
    assert answer.select("#plain-link").get_text() == f"{BASE}/s/default"
    assert f'action="{BASE}/s/default/submit"' in answer.select("#page-form").get_text()


@pytest.mark.slow
def test_choices_are_in_the_snippet_the_form_and_the_preview(dora: PageClient) -> None:
    answer = page(dora, **CHOSEN)
    assert answer.status == 200
    snippet = answer.select("#snippet").get_text()
    assert "<script>alert" not in snippet
    shown = dora.get(str(answer.select("iframe")["src"]), check=False)
    check_html(shown)
    assert snippet.replace(BASE, "") in shown.text
    (script,) = shown.page.select("script")
    assert script["src"] == "/widget.js?site=default&lang=de"
    assert script["data-text"] == CHOSEN["text"]
    assert script["data-colour"] == "#7a1f5c"
    assert json.loads(str(script["data-prefill"])) == {"name": "Zoë", "problem": CHOSEN["problem"]}
    assert shown.select("html")["lang"] == "de"
    assert widget_script("de").integrity in answer.select("#pinned").get_text()
    assert answer.select("#plain-link").get_text() == f"{BASE}/s/default?lang=de"
    form = answer.select("#page-form").get_text()
    assert "Ihr Name" in form
    assert 'name="department" value="20"' in form
    assert 'value="Zoë"' in form
    assert answer.select("#text")["value"] == CHOSEN["text"]
    assert answer.select("#place-button").has_attr("checked")
    assert answer.select("#department option[selected]")["value"] == "20"


@pytest.mark.slow
def test_a_button_without_its_own_colour_has_the_site_s(dora: PageClient, change_site: Callable[..., Site]) -> None:
    change_site(colour="#8a1c5a")
    answer = page(dora, place="button")
    assert 'data-colour="#8a1c5a"' in answer.select("#pinned").get_text()
    assert "data-colour" not in answer.select("#snippet").get_text()
    assert answer.select("#colour")["value"] == ""
    shown = dora.get(str(answer.select("iframe")["src"]), check=False)
    script = client_script(dora, str(shown.page.select("script")[0]["src"]))
    assert "var(--hb,#8a1c5a)" in script


def client_script(client: PageClient, src: str) -> str:
    return client.get(src, headers={"Accept-Encoding": "identity"}).body.decode()


@pytest.mark.slow
def test_what_is_wrong_is_named_kept_and_left_out(dora: PageClient) -> None:
    answer = page(dora, colour="#ffee00", department="30", text="x" * 61, language="xx")
    assert answer.status == 422
    assert {link["href"] for link in answer.page.select("#left-out a")} == {
        "#colour",
        "#department",
        "#text",
        "#language",
    }
    assert answer.select("#colour")["value"] == "#ffee00"
    assert answer.select("#colour")["aria-invalid"] == "true"
    assert answer.select("#snippet").get_text() == page(dora).select("#snippet").get_text()


@pytest.mark.slow
@pytest.mark.parametrize("place", ["link", "button", "inline"])
def test_hostile_texts_are_only_text(dora: PageClient, place: str) -> None:
    expected = page(dora, place=place, text="x", problem="x")
    shown = dora.get(f"{PATH}/preview?{urlencode({'place': place, 'text': 'x', 'problem': 'x'})}", check=False)
    for text in TEXTS:
        chosen = {"place": place, "text": text, "problem": text}
        answer = page(dora, **chosen)
        scripts = [len(one.page.select("script, iframe, form")) for one in (expected, answer)]
        assert scripts[0] == scripts[1], text
        preview = dora.get(f"{PATH}/preview?{urlencode(chosen)}", check=False)
        check_html(preview)
        assert [t.name for t in preview.page.find_all(True)] == [t.name for t in shown.page.find_all(True)], text
        assert json.loads(str(preview.select("script")["data-prefill"]))["problem"] == text.strip()


@pytest.mark.slow
def test_bad_bytes_in_the_address_are_never_our_fault(dora: PageClient) -> None:
    for query in ("text=%ff", "text=%00", "text=%ed%a0%80", "place[]=x", "&&&", "=", "text=" + "%41" * 5000):
        for path in (PATH, f"{PATH}/preview"):
            assert dora.get(f"{path}?{query}", check=False).status in (200, 422)


def test_our_pages_may_frame_the_preview_and_nobody_else(dora: PageClient) -> None:
    framing = page(dora).headers
    assert framing["Content-Security-Policy"] == f"{PAGE_CSP}; frame-src 'self'"
    assert framing["X-Frame-Options"] == "DENY"
    framed = dora.get(f"{PATH}/preview", check=False).headers
    assert framed["Content-Security-Policy"] == PAGE_CSP.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    for headers in (framing, framed):
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert len(headers.getlist("Content-Security-Policy")) == 1


@pytest.mark.slow
def test_it_says_when_the_site_lists_no_website(dora: PageClient, change_site: object) -> None:
    assert page(dora).select(".notice a")["href"] == "/console/sites/default/websites"
    change_site(origins=("https://www.example.com",))  # type: ignore[operator]
    assert not page(dora).page.select(".notice")
    change_site(disabled=True)  # type: ignore[operator]
    assert "disabled" in page(dora).select(".notice").get_text()


@pytest.mark.slow
def test_the_site_s_own_words_stand_on_the_link(dora: PageClient, change_site: object) -> None:
    change_site(texts={"Get support": "Ring <us>", "de:title": "Hilfe holen"})  # type: ignore[operator]
    assert ">Ring &lt;us&gt;</a>" in page(dora).select("#snippet").get_text()
    assert ">Hilfe holen</a>" in page(dora, language="de").select("#snippet").get_text()


@pytest.mark.slow
def test_it_knows_the_site_s_own_languages_and_fields(dora: PageClient, change_site: object) -> None:
    change_site(languages=("de", "pt_BR"), fields=("problem_description",))  # type: ignore[operator]
    answer = page(dora, language="pt-BR")
    assert [option["value"] for option in answer.page.select("#language option")] == ["", "de", "pt-BR"]
    assert "customer_name" not in answer.select("#page-form").get_text()
    assert f'src="{BASE}/widget.js?site=default"' in page(dora).select("#snippet").get_text()
    assert widget_script("de").integrity in page(dora).select("#pinned").get_text()
    assert page(dora, language="fr").status == 422


@pytest.mark.slow
def test_another_site_s_departments_are_not_offered(app: Flask, here: Running, dora: PageClient) -> None:
    other = Site(slug="other", name="Other", uid="u", offer_departments=(20,))
    here.database.write(lambda connection: site_store.add_site(connection, other, here.clock()))
    offered = page(dora, path="/console/sites/other/embed")
    assert [option["value"] for option in offered.page.select("#department option")] == ["", "20"]
    assert page(dora, path="/console/sites/other/embed", department="10").status == 422
    assert 'data-site="other"' in offered.select("#snippet").get_text()
