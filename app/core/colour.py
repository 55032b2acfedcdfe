"""A site's colour on our pages: whether it is readable, the nearest readable one, and its shades.

Source: WCAG 2.2, 1.4.3 Contrast (Minimum) and its definitions of relative luminance and contrast ratio.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

OUR_COLOUR = "#0b5c68"  # of pages and widgets of a site without one
ENOUGH = 4.5  # to 1, for text of any size
_COMFORTABLE = 6.0  # to 1, for shades that we choose
_SEEN = 3.0  # to 1, for a focus ring (WCAG 2.2, 1.4.11 and 2.4.13)
_WHITE, _BLACK = "#ffffff", "#000000"
# static/handbell.css: the page, a card, and the ground of a problem
_PAGE, _BAD = "#f4f3ef", "#fcefed"
_DARK_PAGE, _DARK_CARD, _DARK_BAD = "#11161b", "#192027", "#351f1f"
_STEPS = 256


@dataclass(frozen=True, slots=True)
class Shades:
    """A page's colours, each `#rrggbb`: buttons and links, the same under the pointer, the text on a button, tinted
    backgrounds, and the ring around what has the focus."""

    accent: str
    press: str
    on_accent: str
    tint: str
    ring: str


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`: 0 is black, 1 is white."""
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def least_contrast(colour: str) -> float:
    """The lowest contrast of this colour on our pages: as background of white text on a button, and as a link's
    text."""
    return min(contrast(colour, ground) for ground in (_WHITE, _PAGE, _tint(colour, _WHITE)))


def readable(colour: str) -> bool:
    """Whether text in or on this colour has enough contrast."""
    return least_contrast(colour) >= ENOUGH


@lru_cache(maxsize=256)
def nearest_readable(colour: str) -> str:
    """The colour itself, or the lightest darker shade of it that is readable."""
    shades = (mixed(colour, _BLACK, step / _STEPS) for step in range(_STEPS + 1))
    return next(shade for shade in shades if readable(shade))


def mixed(colour: str, other: str, share: float) -> str:
    """The colour mixed with a share, 0 to 1, of another one."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def light_shades(colour: str) -> Shades:
    """Shades for light pages, from any colour."""
    accent = nearest_readable(colour)
    tint = _tint(accent, _WHITE)
    return Shades(accent, mixed(accent, _BLACK, 0.2), _WHITE, tint, _ring(accent, (_WHITE, _PAGE, tint, _BAD)))


def dark_shades(colour: str) -> Shades:
    """Shades for dark pages: the same hue, light enough to be readable there."""
    lighter = (mixed(colour, _WHITE, step / _STEPS) for step in range(_STEPS + 1))
    accent = next(shade for shade in lighter if _reads_on_dark(shade))
    tint = _tint(accent, _DARK_CARD)
    ring = _ring(accent, (_DARK_CARD, _DARK_PAGE, tint, _DARK_BAD))
    return Shades(accent, mixed(accent, _WHITE, 0.3), _DARK_PAGE, tint, ring)


@lru_cache(maxsize=256)
def stylesheet(colour: str) -> str:
    """A stylesheet that sets the colours' names in static/handbell.css, for light and dark pages."""
    light, dark = light_shades(colour), dark_shades(colour)
    names = {"accent": "accent", "press": "press", "on-accent": "on_accent", "tint": "tint", "ring": "ring"}
    plain = " ".join(f"--{name}: {getattr(light, of)};" for name, of in names.items())
    both = " ".join(f"--{name}: light-dark({getattr(light, of)}, {getattr(dark, of)});" for name, of in names.items())
    return f":root {{ {plain} }}\n@supports (color: light-dark(#000, #fff)) {{ :root {{ {both} }} }}\n"


@lru_cache(maxsize=256)
def stylesheet_digest(colour: str) -> str:
    """A digest of the stylesheet: 16 hexadecimal digits."""
    return hashlib.sha256(stylesheet(colour).encode()).hexdigest()[:16]


def _reads_on_dark(colour: str) -> bool:
    return min(contrast(colour, on) for on in (_DARK_PAGE, _DARK_CARD, _tint(colour, _DARK_CARD))) >= _COMFORTABLE


def _ring(accent: str, grounds: tuple[str, ...]) -> str:
    """The accent, softened towards the first ground as far as the ring is still seen on all of them."""
    softer = (mixed(accent, grounds[0], share / _STEPS) for share in range(_STEPS, -1, -1))
    seen = (shade for shade in softer if min(contrast(shade, ground) for ground in grounds) >= _SEEN)
    return next(seen, accent)


def _tint(colour: str, ground: str) -> str:
    return mixed(ground, colour, 0.08)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
