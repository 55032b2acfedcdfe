"""The request page as an app that browsers install."""

import json
import struct

from tests.page_client import PageClient
from tests.web.changed_site import ChangeSite

MANIFEST = "/s/default/app.webmanifest"


def test_the_request_page_names_its_manifest_and_lets_it_load(client: PageClient) -> None:
    page = client.get("/")
    assert page.select("link[rel=manifest]")["href"] == MANIFEST
    assert "manifest-src 'self';" in page.headers["Content-Security-Policy"]


def test_the_manifest_is_the_site_s_in_the_visitor_s_language(client: PageClient, change_site: ChangeSite) -> None:
    change_site(name='Hilfe "Nord"', colour="#7a1f5c", languages=("ar", "de"))
    answer = client.get(MANIFEST, headers={"Accept-Language": "ar"})
    assert answer.headers["Content-Type"] == "application/manifest+json; charset=utf-8"
    told = json.loads(answer.body)
    assert (told["name"], told["theme_color"], told["lang"], told["dir"]) == ('Hilfe "Nord"', "#7a1f5c", "ar", "rtl")
    assert (told["start_url"], told["scope"], told["display"]) == ("/s/default", "/", "standalone")
    again = client.get(MANIFEST, headers={"Accept-Language": "ar", "If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    change_site(disabled=True)
    assert client.get(MANIFEST).status == 410


def test_its_icons_are_pictures_of_the_sizes_that_it_says(client: PageClient) -> None:
    icons = json.loads(client.get(MANIFEST).body)["icons"]
    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
    for icon in icons:
        picture = client.get(icon["src"])
        assert picture.headers["Content-Type"] == icon["type"] == "image/png"
        width, height = struct.unpack(">II", picture.body[16:24])
        assert f"{width}x{height}" == icon["sizes"]
