"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import figures, login, queue, request_export, requests, ticket

BLUEPRINTS: tuple[Blueprint, ...] = (
    figures.pages,
    login.pages,
    queue.pages,
    request_export.pages,
    requests.pages,
    ticket.pages,
)
