"""The built widget: its files as served, their addresses, and the HTML for a page."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from pathlib import Path

from app.files.resources import resource

_OUR_COLOUR = "var(--hb,#0b5c68)"
# The words of widget/src/embed/texts.ts as the build writes them; a word is a string in any quotes.
_FIRST_TEXTS = ("title", "name", "email", "number", "problem", "close", "page", "sending", "failed")
_WORD = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"""
_WORDS = re.compile("{" + ",".join(f"{name}:(?P<{name}>{_WORD})" for name in _FIRST_TEXTS) + "}")


@dataclass(frozen=True, slots=True)
class WidgetFile:
    """One built script: its bytes by content encoding, and `integrity` as written in a page."""

    name: str
    digest: str
    integrity: str
    encoded: dict[str, bytes]

    @property
    def path(self) -> str:
        """Its address, which changes with its content."""
        return f"/widget/{self.digest}/{self.name}"


@cache
def widget_files() -> dict[str, WidgetFile]:
    """All files of the widget by name (`handbell.de.js`)."""
    return {path.name: _read(path) for path in sorted(resource("static/widget").glob("*.js"))}


def widget_script(language: str) -> WidgetFile:
    """The widget script for a page in this language (`pt-BR`), or in English where there is none."""
    files = widget_files()
    return files.get(f"handbell.{language}.js") or files["handbell.en.js"]


def dressed(file: WidgetFile, colour: str | None, words: Mapping[str, str]) -> WidgetFile:
    """A widget script that shows a site's colour (`#rrggbb`) and words from its first paint on.

    `words` are by the widget's names; those that the script does not show first are left out. Without anything to set
    it is the file itself."""
    first = tuple((name, words[name]) for name in _FIRST_TEXTS if name in words)
    return _dressed(file.name, file.digest, colour, first) if colour or first else file


@lru_cache(maxsize=256)
def _dressed(name: str, _digest: str, colour: str | None, words: tuple[tuple[str, str], ...]) -> WidgetFile:
    script = widget_files()[name].encoded["identity"].decode()
    if colour:
        script = script.replace(_OUR_COLOUR, f"var(--hb,{colour})")
    if words and (found := _WORDS.search(script)):
        own = {name: json.dumps(text, ensure_ascii=False) for name, text in words}
        literal = ",".join(f"{name}:{own.get(name, found[name])}" for name in _FIRST_TEXTS)
        script = f"{script[: found.start()]}{{{literal}}}{script[found.end() :]}"
    plain = script.encode()
    return _file(name, {"identity": plain, "gzip": gzip.compress(plain, 9, mtime=0)})


def snippet(base_url: str, slug: str) -> dict[str, str]:
    """The HTML for a page of a site: for the newest widget, and pinned to the current one."""
    site, host = escape(slug), escape(base_url)
    script = widget_script("en")
    return {
        "snippet": f'<a href="{host}/s/{site}" data-handbell>Get support</a>\n'
        f'<script async src="{host}/widget.js?site={site}" data-site="{site}"></script>',
        "pinned_script": f'<script async src="{host}{script.path}" data-site="{site}"'
        f' integrity="{script.integrity}" crossorigin="anonymous"></script>',
    }


def _read(path: Path) -> WidgetFile:
    packed = {"br": path.with_name(f"{path.name}.br"), "gzip": path.with_name(f"{path.name}.gz")}
    encoded = {"identity": path.read_bytes(), **{name: each.read_bytes() for name, each in packed.items()}}
    return _file(path.name, encoded)


def _file(name: str, encoded: dict[str, bytes]) -> WidgetFile:
    plain = encoded["identity"]
    return WidgetFile(
        name=name,
        digest=hashlib.sha256(plain).hexdigest()[:12],
        integrity=f"sha384-{base64.b64encode(hashlib.sha384(plain).digest()).decode('ascii')}",
        encoded=encoded,
    )
