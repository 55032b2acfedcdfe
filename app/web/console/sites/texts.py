"""A site's own words, edited beside ours, for one language or for all."""

from collections.abc import Collection

from flask import Response, abort, request
from flask_babel import force_locale

from app.core.fact import Fact
from app.core.role import Role
from app.core.site import Site
from app.core.texts import no_such_texts, split_key, text_problems
from app.files.catalogue_texts import catalogue_texts
from app.files.resources import DEFAULT_LANGUAGE, languages
from app.web.console.frame import administrators_only, console_pages, only
from app.web.console.sites.forms import SiteForm, Typed, Values, saved, show_site, site_of, typed_text
from app.web.console.sites.look import language_names
from app.web.console.sites.words import worded
from app.web.words import _

pages = console_pages("site_texts")
ON_PAGES = (
    "Get support",
    "A technician will go through it with you. This is what happens:",
    "A technician will help you on your own screen. This is what happens:",
    "Tell us what is wrong",
    "A few words are enough.",
    "Start your session",
    "The next page does it with you.",
    "A technician joins you",
    "They see your screen only if you show it.",
    "You see what they do, and can end it at any time.",
    "Your name",
    "Your e-mail",
    "Customer number",
    "Problem",
    "What did you want to do, and what happened? Please leave out passwords.",
    "Who should help?",
    "Not sure – anyone can help",
    "Let me check these details again before the session",
    "Prefer to talk?",
    "We have your request",
    "Your session is ready",
    "Sorry, this takes longer than it should",
    "Your request is safe with us, and our team has been told. You can try again now.",
    "Your request is safe with us. You can try again now.",
)
IN_THE_WIDGET = {  # as in widget/src/embed/texts.ts and later-texts.ts
    "title": "Get support",
    "name": "Your name",
    "email": "Your e-mail",
    "number": "Customer number",
    "problem": "Problem",
    "hint": "What did you want to do, and what happened? Please leave out passwords.",
    "department": "Who should help?",
    "anyone": "Not sure – anyone can help",
    "check": "Let me check these details again before the session",
    "talk": "Prefer to talk?",
    "trust": "Our technician sees the same reference. Ask for it, and you know that it is us.",
}
_FIELDS = {f"page{n}": key for n, key in enumerate(ON_PAGES)} | {f"widget_{key}": key for key in IN_THE_WIDGET}
_LONGEST_OTHERS = 40_000  # characters
_LARGEST = 500_000  # bytes: a Chinese character takes nine
_LONG = 60  # characters; for a longer text of ours, the field has more lines


@pages.get("/sites/<slug>/texts")
@administrators_only
def texts(slug: str) -> Response:
    """The texts for all languages, or with `?of=de` for one."""
    return _page(site_of(slug), None, _asked(request.args.get("of", "")))


@pages.post("/sites/<slug>/texts")
@only(Role.ADMINISTRATOR, largest=_LARGEST)
def save_texts(slug: str) -> Response:
    """Save the site's own words in this language; an empty field restores ours."""
    site = site_of(slug)
    tag = _asked(request.form.get("of", ""))
    problems: dict[str, str] = {}
    values: Values = {name: typed_text(name, 2_000, problems) for name in _FIELDS}
    values["others"] = typed_text("others", _LONGEST_OTHERS, problems)
    wanted = {_FIELDS[name]: values[name] for name in _FIELDS if values[name]}
    for name, text in wanted.items():
        for problem in text_problems({name: text}):
            problems.setdefault(_field(name), worded(problem))
    others = _others(values["others"], {split_key(key)[1] for key in site.texts} | catalogue_texts(), problems)
    kept = {name: text for name, text in site.texts.items() if split_key(name)[0] != _tag(tag)}
    prefix = f"{_tag(tag)}:" if tag else ""
    kept |= {f"{prefix}{name}": text for name, text in (others | wanted).items()}
    form = _form(tag)
    if problems:
        return _page(site, Typed("texts", values, problems), tag)
    query = f"/texts?of={tag}" if tag else "/texts"
    return saved(form, slug, lambda site, typed: _page(site, typed, tag), query, {"texts": kept}, values)


def _form(tag: str) -> SiteForm:
    return SiteForm("texts", ("texts",), lambda: _labels(tag), lambda site: _values(site, tag))


def _labels(tag: str) -> dict[str, str]:
    ours = _ours(tag)
    return {name: ours[name] for name in _FIELDS} | {"others": _("Other texts")}


def _values(site: Site, tag: str) -> Values:
    own = {split_key(key)[1]: text for key, text in site.texts.items() if split_key(key)[0] == _tag(tag)}
    values: Values = {name: own.pop(key, "") for name, key in _FIELDS.items()}
    return {**values, "others": "\n".join(f"{key}={text}" for key, text in own.items())}


def _ours(tag: str) -> dict[str, str]:
    """Our own words by field, in this language."""
    with force_locale(tag or DEFAULT_LANGUAGE):
        return {name: _(IN_THE_WIDGET.get(key, key)) for name, key in _FIELDS.items()}


def _others(text: str, known: Collection[str], problems: dict[str, str]) -> dict[str, str]:
    """Own texts from lines of `KEY=VALUE`, each for one of the known texts; faults are added to `problems`."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        key, equals, own = (part.strip() for part in line.partition("="))
        wrong = text_problems({key: own}) or no_such_texts([key], known)
        if not (equals and key and own) or split_key(key)[0]:
            problems.setdefault("others", worded(Fact("texts", "text_key", {"key": line[:80]})))
        elif wrong:
            problems.setdefault("others", f"{key[:80]}: {worded(wrong[0])}")
        else:
            found[key] = own
    return found


def _field(key: str) -> str:
    return next(name for name, text in _FIELDS.items() if text == key)


def _asked(tag: str) -> str:
    """The language to edit, empty for all; 404 for an unknown one."""
    return tag if tag in ("", *languages()) else abort(404)


def _tag(tag: str) -> str:
    """The language as it is written in keys of texts."""
    return tag.lower().replace("_", "-")


def _page(site: Site, typed: Typed | None, tag: str) -> Response:
    ours = _ours(tag)
    own = {split_key(key)[0] for key in site.texts}
    return show_site(
        "console/sites/texts.html",
        site,
        "look",
        (_form(tag),),
        typed,
        of=tag,
        choices=[("", _("All languages"), "" in own), *((t, name, _tag(t) in own) for t, name in language_names())],
        on_pages=[(name, ours[name], len(ours[name]) > _LONG) for name in _FIELDS if name.startswith("page")],
        in_widget=[(name, ours[name], len(ours[name]) > _LONG) for name in _FIELDS if name.startswith("widget")],
    )
