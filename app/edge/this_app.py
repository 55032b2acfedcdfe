"""Shared objects of the current request's app."""

from typing import cast

from flask import current_app

from app.process.running import Running


def running() -> Running:
    """Shared objects of the current request's app."""
    return cast(Running, current_app.extensions["handbell"])
