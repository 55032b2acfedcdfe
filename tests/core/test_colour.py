"""A site's colour: measured as in WCAG, refused or made readable."""

import re

import pytest

from app.core.colour import (
    ENOUGH,
    contrast,
    dark_shades,
    least_contrast,
    light_shades,
    luminance,
    mixed,
    nearest_readable,
    readable,
    stylesheet,
    stylesheet_digest,
)
from app.files.resources import resource

COLOURS = [f"#{r:02x}{g:02x}{b:02x}" for r in range(0, 256, 51) for g in range(0, 256, 51) for b in range(0, 256, 51)]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # the well-known grey that narrowly fails
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)


def test_luminance_goes_from_black_to_white() -> None:
    assert (luminance("#000000"), luminance("#ffffff")) == (0, pytest.approx(1))


def test_our_own_colour_is_readable() -> None:
    assert readable("#0b5c68")
    assert nearest_readable("#0b5c68") == "#0b5c68"


@pytest.mark.parametrize("colour", ["#ffff00", "#ffffff", "#ff8800", "#777777", "#ff0000", "#1e90ff"])
def test_a_pale_colour_has_a_darker_neighbour_that_is_readable(colour: str) -> None:
    assert not readable(colour)
    nearest = nearest_readable(colour)
    assert readable(nearest)
    assert least_contrast(nearest) < ENOUGH + 0.25, "no darker than it must be"


@pytest.mark.slow
def test_every_colour_gives_pages_that_can_be_read_in_light_and_in_dark() -> None:
    for colour in COLOURS:
        light, dark = light_shades(colour), dark_shades(colour)
        for shades, grounds in ((light, ("#ffffff", "#f4f3ef")), (dark, ("#11161b", "#192027"))):
            for text in (shades.accent, shades.press):
                assert min(contrast(text, ground) for ground in (*grounds, shades.tint, shades.on_accent)) >= ENOUGH


@pytest.mark.slow
def test_the_focus_ring_is_soft_and_seen_on_every_ground() -> None:
    grounds = (("#ffffff", "#f4f3ef", "#fcefed"), ("#11161b", "#192027", "#351f1f"))
    for colour in COLOURS:
        for shades, grounds_of in zip((light_shades(colour), dark_shades(colour)), grounds, strict=True):
            seen = min(contrast(shades.ring, ground) for ground in (*grounds_of, shades.tint))
            assert 3 <= seen < 3.2, "seen, and no harder than it must be"


def test_our_own_focus_ring_is_that_of_the_pages() -> None:
    written = resource("static/handbell.css").read_text("utf-8")
    light, dark = re.search(r"--ring: light-dark\((#\w+), (#\w+)\)", written).groups()  # type: ignore[union-attr]
    assert min(contrast(light, ground) for ground in ("#ffffff", "#f4f3ef", "#e7f1f2", "#fcefed")) >= 3
    assert min(contrast(dark, ground) for ground in ("#11161b", "#192027", "#1b3238", "#351f1f")) >= 3


def test_the_hue_is_kept() -> None:
    assert nearest_readable("#ff0000").endswith("0000")
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"


def test_the_stylesheet_sets_colours_and_nothing_else() -> None:
    text = stylesheet("#7a1f5c")
    assert "--accent: #7a1f5c;" in text
    assert "light-dark(#7a1f5c, " in text
    assert not set(text) & set("<>\"'\\/@") - {"@"}
    assert stylesheet_digest("#7a1f5c") != stylesheet_digest("#7a1f5d")


def test_the_darkest_colours_have_a_luminance_too() -> None:
    """WCAG's straight part of the curve: 10 / 255 / 12.92."""
    assert luminance("#0a0a0a") == pytest.approx(0.003035, abs=1e-6)


@pytest.mark.parametrize("colour", ["#000000", "#7a1f5c", "#0b5c68", "#ff0000"])
def test_a_dark_page_s_colour_is_no_lighter_than_it_must_be(colour: str) -> None:
    shades = dark_shades(colour)
    least = min(contrast(shades.accent, ground) for ground in ("#11161b", "#192027", shades.tint))
    assert 6 <= least < 6.25
