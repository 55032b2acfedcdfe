"""The code of the Embed page, as it is: in apps made with React, Vue and Angular, and as tag managers put it in."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.embed import BUTTON, INLINE, LINK, PLACES, Embed, Script
from app.core.recipes import RECIPES
from app.core.recipes import Page as Made
from tests.browser.host_page import Served, company
from tests.frameworks.installed import FOLDER, node_modules
from tests.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.full]
_MAKE = {recipe.id: recipe for recipe in RECIPES}
_PAGE, _APP = "<!doctype html><html lang=en><title>Page</title>", '<script type=module src="/app.js"></script>'
_HOSTILE = 'Ring "us" </script><script>window.ran = 1</script> \' `${7}` {{ 7 * 7 }} {7}'


@pytest.fixture(scope="module")
def served(live: LiveServer) -> Iterator[Served]:
    with company() as server:
        live.run("site", "set", "default", "--origin", server.url)
        yield server


@pytest.fixture
def shown(browser: Browser) -> Iterator[Page]:
    """A page whose errors fail the test."""
    complaints: list[str] = []
    with browser.new_context(locale="en-US") as context:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert page.evaluate("window.ran") is None
    assert complaints == []


def made(live: LiveServer, recipe: str, place: str, text: str) -> str:
    embed = Embed(place=place, text=text, department="20", prefill={"name": 'Zoë "Q" </script>'})
    return _MAKE[recipe].make(
        Made(embed=embed, base_url=live.base_url, slug="default", script=Script("/widget.js"), title="Get support")
    )


def put(served: Served, live: LiveServer, framework: str, place: str, folder: Path) -> None:
    """An app with the component, at `/`."""
    node_modules()
    component, bundle = folder / _MAKE[framework].file, folder / "app.js"
    component.write_text(made(live, framework, place, _HOSTILE[:60]), "utf-8")
    subprocess.run(["node", FOLDER / "build.mjs", framework, component, bundle], check=True, timeout=120)
    served.pages["/app.js"] = bundle.read_text("utf-8")
    served.pages["/"] = (
        '<!doctype html><html lang=en><title>App</title><div id=app></div><script type=module src="/app.js"></script>'
    )


@pytest.mark.parametrize("framework", ["react", "vue", "angular"])
@pytest.mark.parametrize("place", PLACES)
def test_a_component_comes_and_goes(
    served: Served, live: LiveServer, shown: Page, tmp_path: Path, framework: str, place: str
) -> None:
    put(served, live, framework, place, tmp_path)
    shown.goto(served.url)
    toggle = shown.get_by_role("button", name="Toggle")
    for _time in range(2):
        if place == LINK:
            link = shown.get_by_role("link", name=_HOSTILE[:60])
            expect(link).to_have_attribute("href", f"{live.base_url}/s/default")
            expect(shown.locator("script[data-site]")).to_have_count(1)
            opened(shown, link)
        elif place == BUTTON:
            opened(shown, shown.locator("[part~=launcher]"))
        else:
            expect(shown.locator("#handbell-form").get_by_label("Your name")).to_have_value('Zoë "Q" </script>')
        toggle.click()
        expect(shown.locator("a[data-handbell], #handbell-form")).to_have_count(0)
        expect(shown.get_by_label("Your name")).to_have_count(0 if place == INLINE else 1)
        toggle.click()


def opened(page: Page, opener: object) -> None:
    """Open the form by this element, see that it is filled in, and close it."""
    opener.click()  # type: ignore[attr-defined]
    expect(page.get_by_label("Your name")).to_have_value('Zoë "Q" </script>')
    expect(page.locator("select")).to_have_value("20")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Your name")).to_be_hidden()


@pytest.mark.parametrize("place", PLACES)
def test_a_tag_manager_puts_its_tag_into_the_page(served: Served, live: LiveServer, shown: Page, place: str) -> None:
    """Tag managers make the script element anew from its text, as here."""
    tag = made(live, "tag-manager", place, _HOSTILE[:60])
    served.pages["/"] = f"{_PAGE}<a href='/s' data-handbell>Help</a>"
    shown.goto(served.url)
    shown.evaluate(
        """tag => { const made = document.createElement("div"); made.innerHTML = tag;
           const script = document.createElement("script"); script.text = made.querySelector("script").text;
           document.body.append(script); }""",
        tag,
    )
    expect(shown.locator("section")).to_have_count(0 if place == LINK else 1)
    expect(shown.locator("script[data-site]")).to_have_count(1)
    if place != LINK:
        expect(shown.locator("[part~=launcher]")).to_have_text(_HOSTILE[:60])
    opened(shown, shown.get_by_role("link", name="Help"))


@pytest.mark.parametrize("place", [LINK, BUTTON, INLINE])
def test_sharepoint_s_customizer_runs(
    served: Served, live: LiveServer, shown: Page, place: str, tmp_path: Path
) -> None:
    """SharePoint itself is not on npm: its base class is replaced by an empty one."""
    node_modules()
    source, bundle = tmp_path / "GetSupport.ts", tmp_path / "out.js"
    base = "class BaseApplicationCustomizer<T> { of?: T; }"
    text = made(live, "sharepoint", place, "Ring us").replace(
        'import { BaseApplicationCustomizer } from "@microsoft/sp-application-base";', base
    )
    assert base in text
    source.write_text(f"{text}\nvoid new GetSupport().onInit();\n", "utf-8")
    esbuild = FOLDER / "node_modules" / ".bin" / "esbuild"
    subprocess.run(
        [esbuild, source, f"--outfile={bundle}", "--format=esm"], check=True, timeout=60, capture_output=True
    )
    served.pages["/app.js"] = bundle.read_text("utf-8")
    served.pages["/"] = _PAGE + _APP
    shown.goto(served.url)
    opened(shown, shown.get_by_role("button", name="Ring us"))
