"""The Embed page: the HTML with which a website's page gets the widget, and a preview."""

from babel import Locale
from flask import Response, abort, make_response, render_template, request

from app.core.embed import PREFILL, Embed, Script, Wrong, plain_link, policy_lines
from app.core.examples import Facts, intranet_form
from app.core.recipes import RECIPES, Page, in_html
from app.core.site import Site
from app.core.texts import texts_for
from app.edge.headers import FRAMED, FRAMING, with_headers
from app.edge.this_app import running
from app.files.resources import languages
from app.files.widget_files import widget_script
from app.web.console.form_labels import form_labels
from app.web.console.frame import administrators_only, console_page, console_pages
from app.web.language import text_direction
from app.web.request_form import offered_departments
from app.web.words import _

pages = console_pages("embed")


@pages.get("/sites/<slug>/embed")
@administrators_only
def embed(slug: str) -> Response:
    """The choices, taken from the address, and the resulting HTML."""
    site = _site(slug)
    here = running()
    chosen, wrong = _chosen(site)
    base = here.settings.base_url
    labels = _labels(chosen)
    path = f"/console/sites/{site.slug}/embed"
    recipe = next((each for each in RECIPES if each.id == request.args.get("for")), RECIPES[0])
    pinned = widget_script(chosen.language or _languages(site)[0][0])
    response = console_page(
        "console/embed.html",
        status=422 if wrong else 200,
        site=site,
        path=path,
        base_url=base,
        values=_values(chosen, wrong),
        problems={name: _sentence(fault) for name, fault in wrong.items()},
        departments=[(d.id, d.name) for d in offered_departments(here.desk, site)],
        languages=_languages(site),
        recipe=recipe,
        recipes=[(each, f"{path}?{chosen.query()}&for={each.id}") for each in RECIPES],
        snippet=recipe.make(_page(chosen, base, site)),
        pinned=in_html(_page(chosen, base, site, Script(pinned.path, pinned.integrity))),
        link=plain_link(chosen, base, site.slug),
        page_form=_page_form(chosen, base, site, labels),
        policy=policy_lines(base),
        preview=f"{path}/preview?{chosen.query()}",
        prefills=bool(chosen.prefill),
        prefill_names=list(PREFILL),
        shown=chosen.place,
    )
    return with_headers(response, FRAMING)


@pages.get("/sites/<slug>/embed/preview")
@administrators_only
def preview(slug: str) -> Response:
    """A page with exactly this snippet; only our own pages may frame it."""
    site = _site(slug)
    chosen, _wrong = _chosen(site)
    language = chosen.language.replace("-", "_")
    html = render_template(
        "console/embed_preview.html",
        site=site,
        place=chosen.place,
        snippet=in_html(_page(chosen, "", site)),
        page_lang=chosen.language,
        page_dir=text_direction(language) if language else None,
    )
    return with_headers(make_response(html), FRAMED)


def _site(slug: str) -> Site:
    return running().desk.sites.get(slug) or abort(404)


def _chosen(site: Site) -> tuple[Embed, dict[str, Wrong]]:
    offered = frozenset(str(department.id) for department in offered_departments(running().desk, site))
    tags = frozenset(tag for tag, _name in _languages(site))
    return Embed.chosen(request.args, offered, tags)


def _page(chosen: Embed, base_url: str, site: Site, script: Script | None = None) -> Page:
    """The page with this script, else with the current one, which has the site's colour and words. A floating button of
    another script has the colour from the page, as it appears before the widget has asked for it."""
    query = f"?site={site.slug}" + (f"&lang={chosen.language}" if chosen.language else "")
    return Page(
        embed=chosen.in_colour(site.colour or "") if script else chosen,
        base_url=base_url,
        slug=site.slug,
        script=script or Script(f"/widget.js{query}"),
        title=_title(chosen, site),
    )


def _labels(chosen: Embed) -> dict[str, str]:
    return form_labels(chosen.language.replace("-", "_") or None)


def _title(chosen: Embed, site: Site) -> str:
    """The text of the link or button, in the site's own words where it has some."""
    own = texts_for(site.texts, chosen.language or "en")
    said = _labels(chosen)["send"]
    return own.get("title") or own.get("Get support") or said


def _page_form(chosen: Embed, base_url: str, site: Site, labels: dict[str, str]) -> str:
    facts = Facts(base_url=base_url, slug=site.slug, site_name=site.name)
    offered = [(d.id, d.name) for d in offered_departments(running().desk, site)]
    given = {PREFILL[name]: value for name, value in chosen.prefill.items()}
    if chosen.department:
        given["department"] = chosen.department
    return intranet_form(facts, labels, offered, given, site.fields)


def _values(chosen: Embed, wrong: dict[str, Wrong]) -> dict[str, str]:
    """The form's values: the choices, and the typed text for an invalid one."""
    names = ("place", "text", "position", "colour", "department", "language")
    values = {**{name: getattr(chosen, name) for name in names}, **chosen.prefill}
    return {**values, **{name: request.args.get(name, "") for name in wrong}}


def _languages(site: Site) -> list[tuple[str, str]]:
    """The site's languages: tags as pages write them, and each language's own name."""
    offered = [tag for tag in languages() if tag in site.languages] or languages()
    return [(tag.replace("_", "-"), own_name(tag)) for tag in offered]


def own_name(tag: str) -> str:
    """The name of a language (`pt_BR`) in that language."""
    locale = Locale.parse(tag)
    return str(locale.get_display_name(locale) or tag)


def _sentence(fault: Wrong) -> str:
    match fault:
        case "too_long":
            return _("This is too long.")
        case "control":
            return _("There is a character in here that cannot be used.")
        case "colour":
            return _("Please write the colour as #rrggbb, such as #0b5c68.")
        case "pale":
            return _("White text is hard to read on this colour. Please choose a darker one.")
        case "department":
            return _("The site does not offer this department.")
        case "language" | "place":
            return _("Please choose one of these.")
