"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import audit, codes, data, desk, login, queue, ticket

BLUEPRINTS: tuple[Blueprint, ...] = (
    audit.pages,
    codes.pages,
    data.pages,
    desk.pages,
    login.pages,
    queue.pages,
    ticket.pages,
)
