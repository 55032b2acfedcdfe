"""`/demo`: the page of a made-up company, with the widget in each of its modes and an intranet's form."""

from flask import Blueprint, Response, abort, make_response, render_template, request

from app.access import Who, open_to
from app.web.language import page_language
from app.wiring import running

pages = Blueprint("demo", __name__)
MODES = {"link": "A link of the page's own", "button": "Floating button", "inline": "In the page"}
CUSTOMERS = {"": "Nobody yet", "prefill": "Filled in by the page", "identity": "Vouched for by the company"}
_PREFILL = '{"name": "Robin Sample", "email": "robin@example.com", "number": "C-1042", "problem": "My order is late."}'


@pages.get("/demo")
@open_to(Who.EVERYONE)
def demo() -> Response:
    """The page; `?mode=` and `?customer=` are its switches. 404 where it is off."""
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
        prefill=_PREFILL,
        identity=_identity() if customer == "identity" else None,
        language=page_language().replace("_", "-"),
    )
    return make_response(html)


def _identity() -> str | None:
    """A token as the company's own server would sign one; None where the site has no identity secret."""
    return None
