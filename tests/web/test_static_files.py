"""Stylesheets and scripts under addresses that change with their content."""

import gzip

import pytest

from app.files.assets import asset_url, assets, squeezed
from tests.page_client import PageClient

NAMES = ("console.css", "handbell.css", "pages.js")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_kept_for_a_year_and_comes_compressed(client: PageClient, name: str) -> None:
    plain = client.get(asset_url(name))
    zipped = client.get(asset_url(name), headers={"Accept-Encoding": "br, gzip"})
    assert plain.status == zipped.status == 200
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert {plain.headers["Vary"], zipped.headers["Vary"]} == {"Accept-Encoding"}
    assert gzip.decompress(zipped.body) == plain.body == assets()[name].plain
    expected = "text/css; charset=utf-8" if name.endswith(".css") else "text/javascript; charset=utf-8"
    assert plain.headers["Content-Type"] == expected
    assert "Set-Cookie" not in plain.headers


def test_every_file_that_a_page_names_is_there(client: PageClient) -> None:
    for path in ("/", "/console/login", "/nothing-here"):
        page = client.get(path).page
        named = [element.get("src") or element["href"] for element in page.select("script[src], link[rel=stylesheet]")]
        assert named
        for address in named:
            assert client.get(str(address)).status == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "/static/000000000000/handbell.css",
        "/static/handbell.css",
        f"{asset_url('handbell.css')}x",
        f"/static/{assets()['handbell.css'].digest}/pages.js",
        f"/static/{assets()['handbell.css'].digest}/../../pyproject.toml",
        f"/static/{assets()['handbell.css'].digest}/%2e%2e%2fpyproject.toml",
        "/static/",
        "/static",
        "/widget/",
        "/.git/config",
        "/.git/",
        "/.env",
        "/handbell.env",
        "/instance/keys",
        "/instance/handbell.sqlite3",
        "/app/factory.py",
    ],
)
def test_another_digest_or_name_is_not_found(client: PageClient, path: str) -> None:
    assert client.get(path).status == 404


def test_a_template_cannot_name_a_file_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        asset_url("missing.css")


def test_stylesheets_are_sent_without_what_browsers_do_not_need() -> None:
    css = "/* A\n   comment. */\na:hover, b > :last-child {\n  color: red; margin: calc(1px + 2px);\n}\n"
    css += "@media (x: y) { c { d: e; } }\n"
    small = "a:hover,b > :last-child{color:red;margin:calc(1px + 2px)}@media (x:y){c{d:e}}"
    assert squeezed(css) == small
    assert sum(len(assets()[name].gzipped) for name in ("handbell.css", "live.css")) <= 5_100
