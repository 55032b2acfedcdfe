"""The page that shows a new secret, only once."""

from flask import Response

from app.core.site import Site
from app.web.console.frame import console_page


def show_secret(site: Site, current: str, title: str, secret: str) -> Response:
    """The page with the secret; `current` is the tab that it belongs to."""
    return console_page(
        "console/sites/secret.html",
        site=site,
        current=current,
        title=title,
        secret=secret,
        back_to=f"/console/sites/{site.slug}/{current}",
    )
