"""An HTML page as the answer: find its link to the applet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from app.core.vendor_address import VendorAddresses

if TYPE_CHECKING:
    from bs4 import Tag

MOST_HTML = 1_000_000  # bytes that are searched
_MOST_TAGS = 1000
_LONGEST_TAG = 8192  # characters

# html.parser takes seconds for 30 kB of `<a <a <a …`, so it gets single tags that were found in linear time: each of
# these patterns stops at the next `<`, and no group backtracks.
_TAG = re.compile(r"""<(meta|base|a|form)(?=[\s/])(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>""", re.IGNORECASE)
_UNSEEN = re.compile(r"<!--|<(script|style|template|textarea|title)(?=[\s/>])", re.IGNORECASE)
_UNSEEN_ENDS = {
    name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "template", "textarea", "title")
}
_COMMENT_END = re.compile("-->")
_REFRESH = re.compile(
    r"\s*[0-9.]*\s*[;,]?\s*(?:url\s*=\s*)?(?:'([^']*)|\"([^\"]*)|(?=[^0-9])(.*))", re.IGNORECASE | re.DOTALL
)
_FILE = re.compile(
    r"\.(?:exe|msi|dmg|m?pkg|app|zip|tgz|tar|gz|xz|bz2|deb|rpm|apk|appimage|run|sh|bin|jar|jnlp|iso)", re.IGNORECASE
)
_HINT = re.compile(r"applet|connect|download|install|join|launch|session|support|start", re.IGNORECASE)


def page_link(body: bytes, media_type: str | None, vendor: VendorAddresses, called: str) -> str | None:
    """The page's link to the applet, allowed and absolute, or None. At most 1 MB is searched.

    A page that redirects by itself names it. Otherwise it is a link or form to a file; else a link marked as a
    download; else a link whose address suggests an applet; else the only link. If several are equally likely, none is
    taken.
    """
    if media_type not in (None, "text/html", "application/xhtml+xml"):
        return None
    tags = _tags(body[:MOST_HTML].decode("utf-8", "replace"))
    base = next((_href(tag, "href") for tag in tags if tag.name == "base"), None)
    base = (vendor.link(base, called) if base else None) or called
    refresh = next((found for tag in tags if tag.name == "meta" and (found := _refresh(tag))), None)
    if refresh:
        link = vendor.link(refresh, base)
        return link if link != called else None  # not a page that only reloads itself
    links = {link: tag for tag in tags for link in _links(tag, vendor, base, called)}
    return _chosen(links)


def _chosen(links: dict[str, Tag]) -> str | None:
    if file := next((link for link in links if _is_file(link)), None):
        return file
    if offered := next((link for link, tag in links.items() if tag.has_attr("download")), None):
        return offered
    # The vendor's pages also link to its home page, terms and the like.
    other = [link for link, tag in links.items() if _leads_on(link, tag)]
    hinted = [link for link in other if _HINT.search(link.split("/", 3)[3])]
    likely = hinted or other
    return likely[0] if len(likely) == 1 else None


def _links(tag: Tag, vendor: VendorAddresses, base: str, called: str) -> Iterator[str]:
    written = _href(tag, "action" if tag.name == "form" else "href") if tag.name in ("a", "form") else None
    link = vendor.link(written, base) if written and not written.startswith("#") else None
    if link and link.partition("#")[0] != called:
        yield link


def _leads_on(link: str, tag: Tag) -> bool:
    """Whether following the link can lead to the applet; not for a form that posts, as its fields would be lost."""
    if tag.name == "form" and _text(tag, "method").strip().lower() == "post":
        return False
    return urlsplit(link).path != "/" or bool(urlsplit(link).query)


def _is_file(link: str) -> bool:
    name = unquote(urlsplit(link).path.rpartition("/")[2])
    return bool(_FILE.fullmatch(f".{name.rpartition('.')[2]}")) and "." in name


def _refresh(tag: Tag) -> str | None:
    if _text(tag, "http-equiv").strip().lower() != "refresh":
        return None
    found = _REFRESH.match(_text(tag, "content"))
    return next((group.strip() for group in found.groups() if group), None) if found else None


def _href(tag: Tag, name: str) -> str:
    return _text(tag, name).strip()


def _text(tag: Tag, name: str) -> str:
    value = tag.get(name)
    return value if isinstance(value, str) else ""


def _tags(html: str) -> list[Tag]:
    """The first meta, base, a and form tags outside comments and scripts, in document order."""
    from bs4 import BeautifulSoup

    matches = (match for text in _seen(html) for match in _TAG.finditer(text) if len(match[0]) <= _LONGEST_TAG)
    markup = "".join(f"{match[0]}</{match[1]}>" for match in islice(matches, _MOST_TAGS))
    soup = BeautifulSoup(markup, "html.parser", on_duplicate_attribute="ignore", multi_valued_attributes=None)
    return list(soup.find_all(["meta", "base", "a", "form"]))


def _seen(html: str) -> Iterator[str]:
    """The parts that a browser reads as tags and text; an unclosed comment or script hides the rest."""
    at = 0
    while hidden := _UNSEEN.search(html, at):
        yield html[at : hidden.start()]
        ending = _UNSEEN_ENDS[hidden[1].lower()] if hidden[1] else _COMMENT_END
        closed = ending.search(html, hidden.end())
        if not closed:
            return
        at = closed.end()
    yield html[at:]
