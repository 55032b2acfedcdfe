"""What the app of the current request shares."""

from typing import cast

from flask import current_app

from app.process.running import Running


def running() -> Running:
    """What the app of the current request shares."""
    return cast(Running, current_app.extensions["handbell"])
