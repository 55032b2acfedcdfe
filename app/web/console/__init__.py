"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import departments, invitation, login, queue, team, technicians, ticket

BLUEPRINTS: tuple[Blueprint, ...] = (
    departments.pages,
    invitation.pages,
    login.pages,
    queue.pages,
    team.pages,
    technicians.pages,
    ticket.pages,
)
