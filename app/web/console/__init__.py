"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import account, login, queue, ticket

BLUEPRINTS: tuple[Blueprint, ...] = (
    account.pages,
    login.pages,
    queue.pages,
    ticket.pages,
)
