"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import embed, login, queue, start_api, ticket

BLUEPRINTS: tuple[Blueprint, ...] = (
    embed.pages,
    login.pages,
    queue.pages,
    start_api.pages,
    ticket.pages,
)
