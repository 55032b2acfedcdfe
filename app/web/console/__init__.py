"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import (
    account,
    changes,
    departments,
    invitation,
    login,
    presence,
    queue,
    team,
    technicians,
    ticket,
    work,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    account.pages,
    changes.pages,
    departments.pages,
    invitation.pages,
    login.pages,
    presence.pages,
    queue.pages,
    team.pages,
    technicians.pages,
    ticket.pages,
    work.pages,
)
