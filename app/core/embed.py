"""The HTML that embeds the widget in a website's page, built from a few choices; each is checked and escaped."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Literal, Self
from urllib.parse import urlencode

from app.core.colour import ENOUGH, contrast
from app.core.customer import FIELDS
from app.core.new_session import LIMITS
from app.core.site import COLOUR
from app.core.text import normal_newlines, text_fault

LINK, BUTTON, INLINE = "link", "button", "inline"
PLACES = (LINK, BUTTON, INLINE)
ENDS = ("end", "start")
LONGEST_TEXT = 60  # characters of the button
_WHITE = "#ffffff"  # the text on the widget's buttons
PREFILL = {each.attribute: each.name for each in FIELDS}

Wrong = Literal["too_long", "control", "colour", "pale", "department", "language", "place"]
_FEED = re.compile("[\n\t]")


@dataclass(frozen=True, slots=True)
class Script:
    """The widget's script: its path, and with `integrity` the hash of its exact content."""

    path: str
    integrity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed:
    """The choices for one page. An empty one means the default of the site, the widget or the visitor's browser.

    `text` is that of the button or link; `position` the side of the floating button; `colour` is `#rrggbb`;
    `department` the id of one that the site offers; `language` a tag such as `pt-BR`; `prefill` uses the widget's
    names.
    """

    place: str = LINK
    text: str = ""
    position: str = "end"
    colour: str = ""
    department: str = ""
    language: str = ""
    prefill: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def chosen(
        cls, given: Mapping[str, str], departments: frozenset[str], languages: frozenset[str]
    ) -> tuple[Self, dict[str, Wrong]]:
        """The choices from a form, and the faults by field; a faulty choice is left out."""
        taken = {name: normal_newlines(given.get(name, "")).strip() for name in ("text", *PREFILL)}
        taken |= {name: given.get(name, "").strip() for name in ("place", "position", "department", "language")}
        taken["colour"] = given.get("colour", "").strip().lower()
        taken = {name: value for name, value in taken.items() if value}
        wrong = _problems(taken, departments, languages)
        good = {name: value for name, value in taken.items() if name not in wrong}
        prefill = {name: good.pop(name) for name in PREFILL if name in good}
        return cls(prefill=prefill, **good), wrong

    def in_colour(self, colour: str) -> Self:
        """Set this colour for a floating button that has none, if white text is readable on it."""
        fits = self.place == BUTTON and not self.colour and not _colour_fault(colour or None)
        return replace(self, colour=colour) if fits else self

    def query(self) -> str:
        """The choices as a query string, which `chosen` can read."""
        names = ("place", "text", "position", "colour", "department", "language")
        chosen = [(name, getattr(self, name)) for name in names if getattr(self, name)]
        return urlencode([*chosen, *self.prefill.items()])


def snippet(embed: Embed, base_url: str, slug: str, script: Script, *, title: str) -> str:
    """The HTML. `title` is the link's text where none is chosen; without script it is a plain link."""
    link = f'<a href="{escape(plain_link(embed, base_url, slug))}"'
    text = escape(embed.text or title)
    tag = _script_tag(embed, base_url, slug, script)
    if embed.place == LINK:
        return f"{link} data-handbell>{text}</a>\n{tag}"
    return f"{tag}\n<noscript>{link}>{text}</a></noscript>"


def plain_link(embed: Embed, base_url: str, slug: str) -> str:
    """The address of the hosted page, for a menu or a mail."""
    query = f"?{urlencode({'lang': embed.language})}" if embed.language else ""
    return f"{base_url}/s/{slug}{query}"


def policy_lines(base_url: str) -> str:
    """The Content-Security-Policy lines that the widget needs."""
    return f"script-src {base_url}; connect-src {base_url}; form-action 'self' {base_url}"


def script_attributes(embed: Embed, base_url: str, slug: str, script: Script) -> list[tuple[str, str]]:
    """The script's attributes and their values, but for `async`."""
    pairs = [("src", f"{base_url}{script.path}"), ("data-site", slug), ("data-mode", embed.place)]
    if embed.place == BUTTON:
        pairs += [("data-text", embed.text), ("data-position", embed.position if embed.position != "end" else "")]
    pairs += [("data-colour", embed.colour), ("data-department", embed.department)]
    if embed.prefill:
        pairs.append(("data-prefill", json.dumps(dict(embed.prefill), ensure_ascii=False)))
    if script.integrity:
        pairs += [("integrity", script.integrity), ("crossorigin", "anonymous")]
    return [(name, value) for name, value in pairs if value]


def _script_tag(embed: Embed, base_url: str, slug: str, script: Script) -> str:
    attributes = script_attributes(embed, base_url, slug, script)
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes)
    return f"<script async{written}></script>"


def _problems(taken: Mapping[str, str], departments: frozenset[str], languages: frozenset[str]) -> dict[str, Wrong]:
    limits = {"text": LONGEST_TEXT, **{name: LIMITS[element] for name, element in PREFILL.items()}}
    found = {name: _text_fault(name, taken[name], limits[name]) for name in limits if name in taken}
    found["colour"] = _colour_fault(taken.get("colour"))
    offered: dict[str, tuple[Wrong, Collection[str]]] = {
        "place": ("place", PLACES),
        "position": ("place", ENDS),
        "department": ("department", departments),
        "language": ("language", languages),
    }
    for name, (fault, choices) in offered.items():
        found[name] = fault if name in taken and taken[name] not in choices else None
    return {name: fault for name, fault in found.items() if fault}


def _text_fault(name: str, value: str, limit: int) -> Wrong | None:
    if fault := text_fault(value, limit):
        return fault
    return "control" if name != "problem" and _FEED.search(value) else None


def _colour_fault(colour: str | None) -> Wrong | None:
    if colour is None:
        return None
    if not COLOUR.fullmatch(colour):
        return "colour"
    return "pale" if contrast(colour, _WHITE) < ENOUGH else None
