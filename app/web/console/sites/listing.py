"""The list of sites, and a form for a new one."""

from flask import Response, flash, request

from app.actions.sites import NotGood, SlugTaken, add_site
from app.core.declaration import declared
from app.core.site import LONGEST_NAME, Site
from app.core.vendor_account import account_problems, account_warnings
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.web.console.frame import administrators_only, console_page, console_pages, me
from app.web.console.sites.forms import typed_text
from app.web.console.sites.words import by_input
from app.web.words import _

pages = console_pages("sites")
_PAGE = 100


@pages.get("/sites")
@administrators_only
def sites() -> Response:
    """The list, sorted by slug, and a form for a new site."""
    return _page({}, {})


@pages.post("/sites")
@administrators_only
def add() -> Response:
    """Add a site; 303 to its page, or 422 with the typed values."""
    here = running()
    problems: dict[str, str] = {}
    values = {"key": typed_text("key", 60, problems).lower(), "name": typed_text("name", LONGEST_NAME, problems)}
    if problems:
        return _page(values, problems)
    try:
        add_site(here.database, values["key"], values["name"], by=me().id, now=here.clock())
    except SlugTaken:
        return _page(values, {"key": _("There is a site with this key already.")})
    except NotGood as bad:
        return _page(values, by_input(bad.problems))
    flash(_("The site is there. Now say how it looks, and who helps its customers."))
    return see_other(f"/console/sites/{values['key']}")


def _page(values: dict[str, str], problems: dict[str, str]) -> Response:
    everything = sorted(running().desk.sites.values(), key=lambda site: site.slug)
    after = request.args.get("after", "")
    found = [site for site in everything if site.slug > after][: _PAGE + 1]
    return console_page(
        "console/sites/listing.html",
        status=422 if problems else 200,
        rows=[_row(site) for site in found[:_PAGE]],
        next_url=f"/console/sites?after={found[_PAGE - 1].slug}" if len(found) > _PAGE else None,
        values=values,
        problems=problems,
        labels={"name": _("Name"), "key": _("Key")},
    )


def _row(site: Site) -> dict[str, object]:
    today = running().clock().date()
    trouble = site.problems() + account_problems(site, today)
    return {
        "key": site.slug,
        "name": site.name,
        "url": f"/console/sites/{site.slug}",
        "disabled": site.disabled,
        "backend": backend_names().get(site.backend, site.backend),
        "trouble": bool(trouble),
        "warned": bool(account_warnings(site, today)),
    }


def backend_names() -> dict[str, str]:
    """The backends' labels by name."""
    return {known.name: _(known.label) for known in declared()}
