"""The built widget: its files as served, their addresses, and the HTML for a page."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from app.files.resources import resource


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


def snippet(base_url: str, slug: str) -> dict[str, str]:
    """The HTML for a page of a site: for the newest widget, and pinned to the current one."""
    site, host = escape(slug), escape(base_url)
    script = widget_script("en")
    return {
        "snippet": f'<a href="{host}/s/{site}" data-handbell>Get support</a>\n'
        f'<script async src="{host}/widget.js" data-site="{site}"></script>',
        "pinned_script": f'<script async src="{host}{script.path}" data-site="{site}"'
        f' integrity="{script.integrity}" crossorigin="anonymous"></script>',
    }


def _read(path: Path) -> WidgetFile:
    plain = path.read_bytes()
    encoded = {"br": path.with_name(f"{path.name}.br"), "gzip": path.with_name(f"{path.name}.gz")}
    integrity = base64.b64encode(hashlib.sha384(plain).digest()).decode("ascii")
    return WidgetFile(
        name=path.name,
        digest=hashlib.sha256(plain).hexdigest()[:12],
        integrity=f"sha384-{integrity}",
        encoded={"identity": plain, **{name: packed.read_bytes() for name, packed in encoded.items()}},
    )
