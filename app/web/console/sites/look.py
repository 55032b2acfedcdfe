"""The look of a site for its customers: colour, logo, languages; its own words have a separate page."""

from babel import Locale
from flask import Response, request
from flask_babel import get_locale

from app.actions.logo import HIGHEST, MOST_BYTES, MOST_PIXELS_A_SIDE, WIDEST, NotALogo, as_logo
from app.core.colour import dark_shades, nearest_readable
from app.core.role import Role
from app.core.site import COLOUR, Site
from app.files.resources import languages
from app.web.console.frame import administrators_only, console_pages, only
from app.web.console.sites.forms import SiteForm, Typed, Values, read_typed, saved, show_site, site_of, typed_text
from app.web.words import _

pages = console_pages("site_look")
_LARGEST_UPLOAD = 2 * 1024 * 1024  # bytes: up to this size, a file that is too large gets a message beside its field


LOOK = SiteForm(
    "look",
    ("colour",),
    lambda: {"colour": _("Colour of buttons and links")},
    lambda site: {"colour": site.colour or ""},
)
LOGO = SiteForm("logo", ("logo",), lambda: {"logo": _("Logo")}, lambda site: {})
LANGUAGES = SiteForm(
    "languages",
    ("languages",),
    lambda: {"languages": _("Languages"), "first": _("First language")},
    lambda site: {"languages": list(site.languages), "first": site.languages[0] if site.languages else ""},
)


@pages.get("/sites/<slug>/look")
@administrators_only
def look(slug: str) -> Response:
    """The page for colour, logo and languages."""
    return _page(site_of(slug), None)


@pages.post("/sites/<slug>/look")
@administrators_only
def save_look(slug: str) -> Response:
    """Save the colour; an unreadable one is refused, naming the nearest readable one."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    values: Values = {"colour": typed_text("colour", 20, problems).lower()}
    options = read_typed(values, problems)
    if problems:
        return _page(site, Typed("look", values, problems))
    return saved(LOOK, slug, _page, "/look", options, values)


@pages.post("/sites/<slug>/logo")
@only(Role.ADMINISTRATOR, largest=_LARGEST_UPLOAD)
def save_logo(slug: str) -> Response:
    """Save a logo: the picture is checked and re-encoded."""
    site = site_of(slug)
    file = request.files.get("logo")
    try:
        logo = as_logo(file.stream.read(MOST_BYTES + 1) if file else b"")
    except NotALogo as bad:
        return _page(site, Typed("logo", {}, {"logo": _reason(bad.why)}))
    return saved(LOGO, slug, _page, "/look", {"logo": logo.digest}, {}, logo=logo)


@pages.post("/sites/<slug>/logo/remove")
@administrators_only
def remove_logo(slug: str) -> Response:
    """Remove the logo, which leaves our bell and the site's name."""
    site_of(slug)
    return saved(LOGO, slug, _page, "/look", {"logo": None}, {})


@pages.post("/sites/<slug>/languages")
@administrators_only
def save_languages(slug: str) -> Response:
    """Save the languages for customers; the first one is used when none fits."""
    site = site_of(slug)
    chosen = [tag for tag in languages() if tag in request.form.getlist("languages")]
    first = request.form.get("first", "")
    values: Values = {"languages": chosen, "first": first}
    if first and first not in chosen:
        problem = {"first": _("Choose one of those that are ticked.")}
        return _page(site, Typed("languages", values, problem))
    ordered = (first, *(tag for tag in chosen if tag != first)) if first else tuple(chosen)
    return saved(LANGUAGES, slug, _page, "/look", {"languages": ordered}, values)


def _page(site: Site, typed: Typed | None) -> Response:
    nearest = None
    if typed and "colour" in typed.problems:
        written = f"#{typed.values['colour'].removeprefix('#')}"
        nearest = nearest_readable(written) if COLOUR.fullmatch(written) else None
    return show_site(
        "console/sites/look.html",
        site,
        "look",
        (LOOK, LOGO, LANGUAGES),
        typed,
        nearest=nearest,
        in_dark=dark_shades(site.colour).accent if site.colour else None,
        logo_url=site.logo_path,
        known_languages=language_names(),
        limits={"kib": MOST_BYTES // 1024, "pixels": MOST_PIXELS_A_SIDE, "width": WIDEST, "height": HIGHEST},
    )


def language_names() -> list[tuple[str, str]]:
    """All languages: tag, and name in the page's language."""
    here = get_locale() or Locale("en")
    return [(tag, Locale.parse(tag).get_display_name(here) or tag) for tag in languages()]


def _reason(why: str) -> str:
    return {
        "empty": _("Please choose a file with a picture."),
        "large": _("A logo may have %(n)s KiB at the most.", n=MOST_BYTES // 1024),
        "svg": _("An SVG file can hold scripts and is not taken. Please save it as a PNG."),
        "kind": _("This is not a PNG, JPEG or WebP picture."),
        "pixels": _("A logo may have %(n)s pixels on each side at the most.", n=MOST_PIXELS_A_SIDE),
        "moves": _("This picture is animated. Please save it as a still one."),
        "broken": _("This picture cannot be read: it is damaged or incomplete."),
    }[why]
