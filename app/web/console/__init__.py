"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import login, queue, ticket

BLUEPRINTS: tuple[Blueprint, ...] = (
    login.pages,
    queue.pages,
    ticket.pages,
)
