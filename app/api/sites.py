"""Site data for the widget, readable by pages at the site's own origins."""

from typing import Any

from flask import Blueprint, Response, request

from app.api.from_pages import (
    PageRefused,
    answer,
    answering,
    is_preflight,
    let_read_refusal,
    own_origin,
    preflight_answer,
    register_cors,
    site_of,
)
from app.api.opening import opening_of
from app.core.customer import FIELDS, CustomerField
from app.core.customer_info import AskPolicy
from app.core.outlook import Outlook
from app.core.site import Site
from app.core.texts import texts_for
from app.edge.access import Who, open_to
from app.edge.customer_words import customer_words
from app.edge.intake import new_check
from app.edge.this_app import running
from app.process.configuration import Desk

api = Blueprint("sites", __name__, url_prefix="/api/v1")
register_cors(api)


@api.route("/sites/<slug>", methods=["GET", "OPTIONS"], provide_automatic_options=False)
@open_to(Who.SITE_PAGES)
@answering
def site(slug: str) -> Response:
    """Fields, departments, texts, look, and a form token for this site and the calling page's origin."""
    try:
        found = site_of(slug)
        origin = own_origin(found)
    except PageRefused:
        if not is_preflight():
            let_read_refusal()
        raise
    if is_preflight():
        return preflight_answer("GET")
    here = running()
    return answer(_told(here.desk, found, origin))


def _told(desk: Desk, site: Site, origin: str) -> dict[str, Any]:
    here = running()
    language = _language(site)
    return {
        "site": site.slug,
        "name": site.name,
        "language": language,
        "languages": [tag.replace("_", "-") for tag in site.languages],
        "fields": [_field(site, each, language) for each in FIELDS if each.name in site.fields],
        "departments": _departments(desk, site),
        "texts": {**_texts_of_ours(site, language), **texts_for(site.texts, language)},
        "theme": {"colour": site.colour, "logo": site.logo_path},
        "contact": contact(site),
        "show_check_details": site.ask_customer_info is AskPolicy.CUSTOMER,
        "form_token": here.links.form_token(site.slug, origin),
        "request_url": f"{here.settings.base_url}/s/{site.slug}",
        "check": new_check(site),
        "opening": _opening(here.outlooks.of_site(desk, site), site, language),
    }


def _opening(outlook: Outlook, site: Site, language: str) -> dict[str, Any]:
    """Whether somebody is there, when it opens, how many minutes it usually takes, and a sentence about it, in which
    `{time}` stands for the opening."""
    return {**opening_of(outlook), "words": customer_words().opening(outlook, site, language)}


def _field(site: Site, field: CustomerField, language: str) -> dict[str, Any]:
    """A field of the form. The widget knows the four elements; for other fields this says how to show them."""
    told = {"name": field.name, "required": field.name in site.required, "limit": field.limit}
    if field.element:
        return told
    label = customer_words().field(field.name, site, language)
    known = dict(field.input)
    kind, fill = known.get("inputmode", "text"), known.get("autocomplete", "off")
    return {**told, "label": label, "input": {"id": field.attribute, "dir": "auto", "type": kind, "autocomplete": fill}}


def _texts_of_ours(site: Site, language: str) -> dict[str, str]:
    """Texts that replace those of the widget that do not fit this site."""
    return {"trust": customer_words().about_reference(site, language)} if site.at_vendor else {}


def contact(site: Site) -> dict[str, str | None]:
    """Other ways to reach the site."""
    return {"phone": site.phone, "mail": site.mail}


def _departments(desk: Desk, site: Site) -> list[dict[str, Any]]:
    known = desk.staff.departments
    offered = [known[number] for number in site.offer_departments if number in known]
    return [{"id": d.id, "name": d.name} for d in offered if not d.disabled]


def _language(site: Site) -> str:
    """The language that the page asks for, as a tag, or the site's best match; the widget has its own texts."""
    asked = request.args.get("lang", "")[:35]
    if site.languages:
        return customer_words().language(site, asked)
    plain = asked.replace("-", "").replace("_", "")
    return asked.replace("_", "-") if plain.isascii() and plain.isalnum() else "en"
