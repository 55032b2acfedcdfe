"""Every relative link and anchor in the documentation leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"`[^`\n]*`", "`", _FENCED.sub("", page.read_text("utf-8")))


def links(page: Path) -> Iterator[str]:
    """The page's links, except those to other sites."""
    for found in _LINK.finditer(prose(page)):
        target = found[1] or found[2]
        if not re.match(r"[a-z][a-z+.-]*:", target):
            yield target


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes from the page's headings, and the ids in its HTML."""
    text = _FENCED.sub("", page.read_text("utf-8"))
    made: dict[str, int] = {}
    found = set(re.findall(r"\b(?:id|name)=\"([^\"]+)\"", text))
    for heading in _HEADING.findall(text):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        times = made[slug] = made.get(slug, -1) + 1
        found.add(f"{slug}-{times}" if times else slug)
    return found


def leads_nowhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    there = (page.parent / path).resolve() if path else page
    if not there.exists() or not there.is_relative_to(ROOT):
        return True
    return bool(anchor) and there.suffix == ".md" and anchor not in anchors(there)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [target for target in links(page) if leads_nowhere(page, target)] == []


def test_the_pages_do_link_to_each_other() -> None:
    assert {"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} <= {page.name for page in PAGES}
    every = [target for page in PAGES for target in links(page)]
    assert len(every) > 20
    assert [target for target in every if "#" in target], "no link has an anchor: this test has lost half its point"
    assert leads_nowhere(ROOT / "README.md", "docs/nowhere.md")
    assert leads_nowhere(ROOT / "README.md", "docs/settings.md#no-such-heading")
