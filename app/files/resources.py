"""Paths of the files that come with Handbell: in the checkout, or inside the installed package."""

from functools import lru_cache
from pathlib import Path

DEFAULT_LANGUAGE = "en"
_PACKAGE = Path(__file__).resolve().parents[1]


def resource(name: str) -> Path:
    """The path of the folder or file `name` (`templates`, `static`, `gunicorn.conf.py`)."""
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parent / name


TRANSLATIONS = resource("translations")


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages of the pages, as tags (`de`, `pt_BR`), English first."""
    found = sorted(path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo"))
    return (DEFAULT_LANGUAGE, *(tag for tag in found if tag != DEFAULT_LANGUAGE))
