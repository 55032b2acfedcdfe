"""Availability: technicians set themselves available or away, from every page of the console."""

from flask import Response, flash, request

from app.core.way_back import HOME, way_back
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.store.staff import set_away
from app.web.console.frame import console_pages, me, technicians_only
from app.web.words import _

pages = console_pages("presence")


@pages.post("/presence")
@technicians_only
def presence() -> Response:
    """Set `away` to 1 or 0; repeating it changes nothing. Redirects to the page in `back`."""
    away = request.form.get("away") == "1"
    technician_id = me().id
    running().database.write(lambda connection: set_away(connection, technician_id, away))
    flash(_("You are away. Your departments see your tickets too.") if away else _("You are available again."))
    return see_other(way_back(request.form.get("back", HOME)))
