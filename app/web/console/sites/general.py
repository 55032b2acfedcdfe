"""A site in general: its name, whether it is open, how its links work, and whom customers in trouble may call."""

from flask import Response

from app.core.site import Site
from app.core.text import looks_like_email
from app.web.console.frame import administrators_only, console_pages
from app.web.console.sites.forms import SiteForm, Typed, Values, saved, show_site, site_of, ticked, typed_text
from app.web.words import _

pages = console_pages("site_general")
_LONGEST_PHONE, _LONGEST_MAIL = 40, 254


def _general_labels() -> dict[str, str]:
    return {"name": _("Name"), "disabled": _("Closed"), "one_time_links": _("One-time links")}


def _contact_labels() -> dict[str, str]:
    return {"phone": _("Phone"), "mail": _("E-mail")}


GENERAL = SiteForm(
    "general",
    ("name", "disabled", "one_time_links"),
    _general_labels,
    lambda site: {"name": site.name, "disabled": site.disabled, "one_time_links": site.one_time_links},
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
    """Name, state, links, contact."""
    return _page(site_of(slug), None)


@pages.post("/sites/<slug>")
@administrators_only
def save_general(slug: str) -> Response:
    """Name, state, links."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    values: Values = {
        "name": typed_text("name", 80, problems),
        "disabled": ticked("disabled"),
        "one_time_links": ticked("one_time_links"),
    }
    if not values["name"]:
        problems["name"] = _("Please fill this in.")
    if problems:
        return _page(site, Typed("general", values, problems))
    return saved(GENERAL, slug, _page, "", values, values)


@pages.post("/sites/<slug>/contact")
@administrators_only
def save_contact(slug: str) -> Response:
    """Phone and mail for customers in trouble."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    values: Values = {
        "phone": typed_text("phone", _LONGEST_PHONE, problems),
        "mail": typed_text("mail", _LONGEST_MAIL, problems),
    }
    if values["phone"] and not any(c.isdigit() for c in values["phone"]):
        problems["phone"] = _("There is no number in it.")
    if values["mail"] and not looks_like_email(values["mail"]):
        problems["mail"] = _("This does not look like an e-mail address. Please check it, or leave it empty.")
    if problems:
        return _page(site, Typed("contact", values, problems))
    return saved(CONTACT, slug, _page, "", {name: text or None for name, text in values.items()}, values)


def _page(site: Site, typed: Typed | None) -> Response:
    return show_site("console/sites/general.html", site, "general", (GENERAL, CONTACT), typed)
