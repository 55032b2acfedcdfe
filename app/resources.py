"""Where the files that come with Handbell are: in the checkout, or inside the installed package."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The folder or file `name` (`templates`, `static`, `gunicorn.conf.py`)."""
    installed = _PACKAGE / name
    return installed if installed.exists() else _PACKAGE.parent / name
