"""Pages for people; each file of views holds one behaviour."""

from flask import Blueprint, Flask

from app.web import (
    applet,
    by_reference,
    console,
    demo,
    errors,
    field_words,
    form_pictures,
    go,
    health,
    intranet,
    live,
    metrics_page,
    pin,
    request_page,
    site_look,
    static_files,
    status_page,
    typed,
    web_app,
    widget,
    words,
)
from app.web.customer_words import CustomerWords

__all__ = ["BLUEPRINTS", "CustomerWords", "register"]

BLUEPRINTS: tuple[Blueprint, ...] = (
    request_page.pages,
    form_pictures.pages,
    site_look.pages,
    web_app.pages,
    intranet.pages,
    pin.pages,
    by_reference.pages,
    status_page.pages,
    go.pages,
    applet.pages,
    live.pages,
    *console.BLUEPRINTS,
    health.pages,
    metrics_page.pages,
    static_files.pages,
    widget.pages,
    demo.pages,
)


def register(app: Flask) -> None:
    """Register all pages."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    errors.register(app)
    static_files.register(app)
    site_look.register(app)
    words.register(app)
    field_words.register(app)
    typed.register(app)
