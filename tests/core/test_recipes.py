"""The code of the Embed page, to the letter. `tests/browser/test_recipes.py` runs it in its frameworks."""

import re
from pathlib import Path

import pytest

from app.core.embed import BUTTON, INLINE, LINK, PLACES, Embed, Script
from app.core.recipes import RECIPES, Page, Recipe

WRITTEN = Path(__file__).with_name("written_recipes.txt")
_HOSTILE = 'Ring "us" </script> {{ 7 }} [x] é'


def page(place: str, **chosen: object) -> Page:
    embed = Embed(place=place, **chosen)  # type: ignore[arg-type]
    script = Script("/widget.js", None if place == LINK else "sha384-abc")
    return Page(embed=embed, base_url="https://support.example.com", slug="help", script=script, title="Get support")


def pages() -> dict[str, Page]:
    bare = {place: page(place) for place in PLACES}
    chosen = {
        f"{place}, all chosen": page(
            place,
            text=_HOSTILE,
            position="start",
            colour="#0b5fff",
            department="20",
            language="pt-BR",
            prefill={"name": 'Zoë "Q" </script>'},
        )
        for place in PLACES
    }
    return bare | chosen


def test_every_recipe_is_written_to_the_letter() -> None:
    """To change one on purpose: `python -m tests.core.test_recipes` writes the file anew. Read its difference."""
    assert written() == WRITTEN.read_text("utf-8")


def written() -> str:
    parts = [
        f"{recipe.id}: {recipe.name} {recipe.file}, {of}\n{recipe.make(each)}"
        for recipe in RECIPES
        for of, each in pages().items()
    ]
    return "\n\n==== ".join(["Written by tests/core/test_recipes.py", *parts]) + "\n"


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.id for recipe in RECIPES])
def test_no_text_ends_a_script_element(recipe: Recipe) -> None:
    for place, each in pages().items():
        code = recipe.make(each)
        if "<script" in code:
            assert len(re.findall("</script>", code)) == len(re.findall("<script[ >]", code)), place


def test_the_text_and_the_link_are_those_chosen_or_the_site_s() -> None:
    assert page(LINK).text == "Get support"
    assert page(BUTTON, text="Help").text == "Help"
    assert page(INLINE).link == "https://support.example.com/s/help"
    assert page(INLINE, language="pt-BR").link == "https://support.example.com/s/help?lang=pt-BR"


if __name__ == "__main__":
    WRITTEN.write_text(written(), "utf-8")
