"""General options of a site: its name, whether it is open, its links, its relay, and its contact for customers in
trouble."""

from flask import Response

from app.core.site import LONGEST_NAME, Site
from app.core.site_options import LONGEST_MAIL, LONGEST_PHONE
from app.edge.this_app import running
from app.web.console.frame import administrators_only, console_pages
from app.web.console.sites.forms import (
    SiteForm,
    Typed,
    Values,
    read_typed,
    saved,
    show_site,
    site_of,
    ticked,
    typed_text,
)
from app.web.words import _

pages = console_pages("site_general")


def _general_labels() -> dict[str, str]:
    return {
        "name": _("Name"),
        "disabled": _("Closed"),
        "one_time_links": _("One-time links"),
        "relay_only": _("Relay only"),
        "mail_customers": _("Mails to customers"),
        "call_backs": _("Call-backs"),
    }


def _contact_labels() -> dict[str, str]:
    return {"phone": _("Phone"), "mail": _("E-mail")}


GENERAL = SiteForm(
    "general",
    ("name", "disabled", "one_time_links", "relay_only", "mail_customers", "call_backs"),
    _general_labels,
    lambda site: {
        "name": site.name,
        "disabled": site.disabled,
        "one_time_links": site.one_time_links,
        "relay_only": site.relay_only,
        "mail_customers": site.mail_customers,
        "call_backs": site.call_backs,
    },
)
CONTACT = SiteForm(
    "contact",
    ("phone", "mail"),
    _contact_labels,
    lambda site: {"phone": site.phone or "", "mail": site.mail or ""},
)


@pages.get("/sites/<slug>")
@administrators_only
def general(slug: str) -> Response:
    """The page for name, state, links and contact."""
    return _page(site_of(slug), None)


@pages.post("/sites/<slug>")
@administrators_only
def save_general(slug: str) -> Response:
    """Save name, state, links, whether screen and voice go through the relay alone, and whether customers get mails
    and call-backs."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    values: Values = {
        "name": typed_text("name", LONGEST_NAME, problems),
        "disabled": ticked("disabled"),
        "one_time_links": ticked("one_time_links"),
        "relay_only": ticked("relay_only"),
        "mail_customers": ticked("mail_customers"),
        "call_backs": ticked("call_backs"),
    }
    if problems:
        return _page(site, Typed("general", values, problems))
    return saved(GENERAL, slug, _page, "", values, values)


@pages.post("/sites/<slug>/contact")
@administrators_only
def save_contact(slug: str) -> Response:
    """Save phone and mail address for customers in trouble."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    values: Values = {
        "phone": typed_text("phone", LONGEST_PHONE, problems),
        "mail": typed_text("mail", LONGEST_MAIL, problems),
    }
    options = read_typed(values, problems)
    if problems:
        return _page(site, Typed("contact", values, problems))
    return saved(CONTACT, slug, _page, "", options, values)


def _page(site: Site, typed: Typed | None) -> Response:
    has_relay = bool(running().settings.turn)
    return show_site("console/sites/general.html", site, "general", (GENERAL, CONTACT), typed, has_relay=has_relay)
