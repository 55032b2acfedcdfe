"""`/demo`: a page of a fictitious company, with the widget in each of its modes and an intranet's form."""

import json

import jwt
from flask import Blueprint, Response, abort, make_response, render_template, request

from app.actions.sealing import site_identity_secret
from app.core.links import new_link_id
from app.core.site import Site
from app.edge.access import Who, open_to
from app.edge.this_app import running
from app.keys.seal import Unsealable
from app.web.language import page_language

pages = Blueprint("demo", __name__)
MODES = {"link": "A link of the page's own", "button": "Floating button", "inline": "In the page"}
CUSTOMERS = {"": "Nobody yet", "prefill": "Filled in by the page", "identity": "Vouched for by the company"}
_CUSTOMER = {"name": "Robin Sample", "email": "robin@example.com", "number": "C-1042"}


@pages.get("/demo")
@open_to(Who.EVERYONE)
def demo() -> Response:
    """The page; `?mode=` and `?customer=` select its variants. 404 when it is off."""
    here = running()
    site = here.desk.site("default")
    if site is None or not here.settings.shows_demo_page:
        abort(404)
    mode, customer = request.args.get("mode", "link"), request.args.get("customer", "")
    html = render_template(
        "demo.html",
        site=site,
        modes=MODES,
        mode=mode if mode in MODES else "link",
        customers=CUSTOMERS,
        customer=customer if customer in CUSTOMERS else "",
        prefill=json.dumps({**_CUSTOMER, "problem": "My order is late."}),
        identity=_identity(site) if customer == "identity" else None,
        language=page_language().replace("_", "-"),
    )
    return make_response(html)


def _identity(site: Site) -> str | None:
    """A token as the company's own server would sign it; None when the site has no usable identity secret."""
    here = running()
    if site.sealed_identity_secret is None:
        return None
    try:
        secret = site_identity_secret(site, here.keys)
    except Unsealable:
        return None
    made = int(here.clock().timestamp())
    claims = {"sub": "customer-1042", "iat": made, "exp": made + 600, "jti": new_link_id()}
    return jwt.encode({**claims, **_CUSTOMER}, secret, algorithm="HS256")
