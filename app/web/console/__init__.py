"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import (
    login,
    queue,
    site_backend,
    site_check,
    site_fields,
    site_general,
    site_look,
    site_texts,
    site_websites,
    sites,
    ticket,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    login.pages,
    queue.pages,
    site_backend.pages,
    site_check.pages,
    site_fields.pages,
    site_general.pages,
    site_look.pages,
    site_texts.pages,
    site_websites.pages,
    sites.pages,
    ticket.pages,
)
