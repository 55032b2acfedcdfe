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
    embed,
    invitation,
    login,
    presence,
    queue,
    start_api,
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
    embed.pages,
    invitation.pages,
    login.pages,
    presence.pages,
    queue.pages,
    start_api.pages,
    team.pages,
    technicians.pages,
    ticket.pages,
    work.pages,
)
