"""Administration of sites: one file per tab; `forms` is what the tabs share."""

from flask import Blueprint

from app.web.console.sites import backend, check, fields, general, listing, look, texts, website_check, websites

BLUEPRINTS: tuple[Blueprint, ...] = (
    backend.pages,
    check.pages,
    fields.pages,
    general.pages,
    listing.pages,
    look.pages,
    texts.pages,
    website_check.pages,
    websites.pages,
)
