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
    figures,
    invitation,
    login,
    presence,
    queue,
    request_export,
    requests,
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
    figures.pages,
    invitation.pages,
    login.pages,
    presence.pages,
    queue.pages,
    request_export.pages,
    requests.pages,
    team.pages,
    technicians.pages,
    ticket.pages,
    work.pages,
)
