"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import changes, login, queue, ticket

BLUEPRINTS: tuple[Blueprint, ...] = (
    changes.pages,
    login.pages,
    queue.pages,
    ticket.pages,
)
