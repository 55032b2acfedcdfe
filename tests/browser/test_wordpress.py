"""integrations/wordpress in a real WordPress: settings, shortcode, block, and the form of the real Handbell."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live_server import LiveServer
from tests.wordpress import PASSWORD, USER, WordPress, wordpress

pytestmark = [pytest.mark.browser, pytest.mark.full]
_HOSTILE = ("</a><script>window.ran = 1</script>", '" onmouseover="window.ran = 1', "{{7*7}} &lt;b&gt; 'x'")
_SERVER = "https://support.example.com"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPress]:
    with wordpress(tmp_path_factory.mktemp("blog")) as running:
        yield running


@pytest.fixture
def admin(browser: Browser, there: WordPress) -> Iterator[Page]:
    """An administrator's page, logged in."""
    with browser.new_context(base_url=there.url, viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto("/wp-login.php")
        page.get_by_label("Username or Email Address").fill(USER)
        page.locator("#user_pass").fill(PASSWORD)
        page.get_by_role("button", name="Log In").click()
        expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
        yield page


@pytest.fixture(autouse=True)
def no_complaints(there: WordPress) -> Iterator[None]:
    """PHP's warnings about the plugin fail a test."""
    yield
    said = there.log.read_text("utf-8") if there.log.exists() else ""
    assert [line for line in said.splitlines() if "plugins/handbell" in line] == []


def test_settings_are_checked_and_keep_what_was_typed(there: WordPress, admin: Page) -> None:
    there.set(server=_SERVER, site="default", text="", everywhere=False, prefill=False)
    admin.goto("/wp-admin/options-general.php?page=handbell")
    admin.get_by_label("Address of Handbell").fill("http://support.example.com")
    admin.get_by_label("Site", exact=True).fill("Not A Site")
    admin.get_by_label("Text of the button or link").fill("Ring us")
    admin.get_by_label("Show a floating button on every page").check()
    admin.get_by_role("button", name="Save Changes").click()
    expect(admin.get_by_text("write https:// and the host")).to_be_visible()
    expect(admin.get_by_text("write its name as in Handbell")).to_be_visible()
    expect(admin.get_by_label("Address of Handbell")).to_have_value("http://support.example.com")
    expect(admin.get_by_label("Text of the button or link")).to_have_value("Ring us")
    assert json.loads(there.run("echo json_encode(get_option('handbell'));"))["server"] == _SERVER

    admin.get_by_label("Address of Handbell").fill("https://Help.Example.com:8443/s/brand?x=1")
    admin.get_by_label("Site", exact=True).fill("brand")
    admin.get_by_role("button", name="Save Changes").click()
    expect(admin.get_by_text("Settings saved.")).to_be_visible()
    expect(admin.get_by_text(f"handbell site set brand --origin {there.url}")).to_be_visible()
    assert json.loads(there.run("echo json_encode(get_option('handbell'));")) == {
        "server": "https://help.example.com:8443",
        "site": "brand",
        "text": "Ring us",
        "everywhere": True,
        "prefill": False,
    }


def test_a_page_has_the_link_and_one_script(there: WordPress) -> None:
    there.set(server=_SERVER, site="brand", text="Ring us", everywhere=False, prefill=True)
    page = there.get(
        there.post(
            '[handbell department="3"] [handbell text="Second"]\n<!-- wp:handbell/support {"text":"In a block"} /-->'
        )
    )
    links = page.select("a[data-handbell]")
    assert [link.get_text() for link in links] == ["Ring us", "Second", "In a block"]
    assert {link["href"] for link in links} == {f"{_SERVER}/s/brand"}
    assert [link.get("data-department") for link in links] == ["3", None, None]
    (script,) = page.select(f"script[src^='{_SERVER}']")
    assert script.has_attr("async")
    assert (script["src"], script["data-site"], script["data-mode"]) == (
        f"{_SERVER}/widget.js?site=brand",
        "brand",
        "link",
    )
    assert not script.has_attr("data-prefill")  # a visitor who is not logged in


def test_a_page_without_it_has_nothing_of_it(there: WordPress) -> None:
    there.set(server=_SERVER, site="default", text="", everywhere=False, prefill=False)
    assert _SERVER not in str(there.get(there.post("Nothing here.")))
    there.set(server=_SERVER, site="default", text="", everywhere=True, prefill=False)
    (script,) = there.get(there.post("Nothing here.")).select(f"script[src^='{_SERVER}']")
    assert script["data-mode"] == "button"


def test_without_settings_visitors_see_nothing_and_administrators_what_to_do(there: WordPress, admin: Page) -> None:
    there.run("delete_option('handbell');")
    address = there.post("[handbell]")
    assert "Handbell" not in there.get(address).select_one("main, .entry-content, body").get_text()  # type: ignore[union-attr]
    admin.goto(address)
    expect(admin.get_by_text("Only administrators see this line")).to_be_visible()


@pytest.mark.parametrize("hostile", _HOSTILE)
def test_texts_and_departments_are_only_text(there: WordPress, admin: Page, hostile: str) -> None:
    there.set(server=_SERVER, site="default", text=hostile, everywhere=True, prefill=True)
    block = json.dumps({"text": hostile, "department": hostile}).replace("<", "\\u003c").replace(">", "\\u003e")
    address = there.post(f"<!-- wp:handbell/support {block} /-->[handbell]")
    there.run("wp_update_user(['ID' => 1, 'display_name' => 'Zoë \"</script><b>']);")
    admin.route(f"{_SERVER}/**", lambda route: route.abort())
    admin.goto(address)
    expect(admin.locator("a[data-handbell]")).to_have_count(2)
    assert admin.locator("a[data-handbell] *").count() == 0
    assert admin.locator("a[data-department]").count() == 0
    script = admin.locator("script[data-prefill]")
    assert script.get_attribute("data-text")
    assert json.loads(script.get_attribute("data-prefill") or "")["name"].startswith('Zoë "')
    admin.locator("a[data-handbell]").first.hover()
    assert admin.evaluate("window.ran") is None


def test_the_block_is_in_the_editor(there: WordPress, admin: Page) -> None:
    there.set(server=_SERVER, site="default", text="", everywhere=False, prefill=False)
    admin.goto("/wp-admin/post-new.php?post_type=page")
    admin.evaluate("wp.data.dispatch('core/edit-post').toggleFeature('welcomeGuide')")
    admin.evaluate("wp.data.dispatch('core/block-editor').insertBlocks(wp.blocks.createBlock('handbell/support'))")
    admin.get_by_label("Text", exact=True).fill("Ring the team")
    expect(admin.get_by_role("document", name="Block: Get support").get_by_text("Ring the team")).to_be_visible()
    content = admin.evaluate("wp.data.select('core/editor').getEditedPostContent()")
    assert '<!-- wp:handbell/support {"text":"Ring the team"} /-->' in content


def test_a_visitor_asks_for_help_from_a_page_of_wordpress(there: WordPress, live: LiveServer, browser: Browser) -> None:
    there.set(server=live.base_url, site="default", text="", everywhere=False, prefill=False)
    live.run("site", "set", "default", "--origin", there.url)
    address = there.post('[handbell text="Ring us"]')
    with browser.new_context(locale="en-US") as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_role("link", name="Ring us").click()
        page.get_by_label("Name").fill("Ada Lane")
        page.get_by_label("Problem").fill("The printer is on fire")
        page.locator("[part=submit]").click()
        expect(page.locator("[part=result]")).to_be_visible()
    assert live.run_json("request", "list")[0]["customer_name"] == "Ada Lane"


def test_removed_it_leaves_nothing(there: WordPress) -> None:
    there.set(server=_SERVER, site="default", text="", everywhere=False, prefill=False)
    there.run("define('WP_UNINSTALL_PLUGIN', 'handbell'); require WP_PLUGIN_DIR . '/handbell/uninstall.php';")
    assert there.run("echo get_option('handbell') === false ? 'gone' : 'there';") == "gone"
