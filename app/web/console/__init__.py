"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import login, presence, queue, ticket, work

BLUEPRINTS: tuple[Blueprint, ...] = (
    login.pages,
    presence.pages,
    queue.pages,
    ticket.pages,
    work.pages,
)
