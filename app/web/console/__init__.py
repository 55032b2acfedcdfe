"""The console: each page has one view file; `frame` is what they share."""

from flask import Blueprint

from app.web.console import (
    account,
    audit,
    changes,
    codes,
    data,
    departments,
    desk,
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
    audit.pages,
    changes.pages,
    codes.pages,
    data.pages,
    departments.pages,
    desk.pages,
    invitation.pages,
    login.pages,
    presence.pages,
    queue.pages,
    team.pages,
    technicians.pages,
    ticket.pages,
    work.pages,
)
