"""A site's request page as an installable app: its manifest."""

import json

from flask import Blueprint, Response, request

from app.core.colour import OUR_COLOUR
from app.edge.access import Who, open_to
from app.edge.headers import with_headers
from app.edge.this_app import running
from app.files.assets import asset_url
from app.web.enabled_site import enabled_site
from app.web.language import page_language, text_direction
from app.web.words import speak_for

pages = Blueprint("web_app", __name__)
_ICON_SIZES = (192, 512)  # pixels
_HEADERS = [
    ("Cache-Control", "public, max-age=3600"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("Vary", "Accept-Language"),
]


@pages.get("/s/<slug>/app.webmanifest")
@open_to(Who.EVERYONE)
def manifest(slug: str) -> Response:
    """The manifest, in the visitor's language. The installed app opens the site's request page.

    Its scope is all of our pages, as status and applet follow the request.
    """
    site = enabled_site(running().desk, slug)
    speak_for(site)
    language = page_language()
    start = f"/s/{site.slug}"
    told = {
        "id": start,
        "name": site.name,
        "short_name": site.name,
        "lang": language.replace("_", "-"),
        "dir": text_direction(language),
        "start_url": start,
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f3ef",
        "theme_color": site.colour or OUR_COLOUR,
        "icons": [
            {"src": asset_url(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size in _ICON_SIZES
            for purpose in ("any", "maskable")
        ],
    }
    response = Response(json.dumps(told, ensure_ascii=False), content_type="application/manifest+json; charset=utf-8")
    response.add_etag()
    response.make_conditional(request)  # changes the response in place
    return with_headers(response, _HEADERS)
