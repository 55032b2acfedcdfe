"""The stream that tells a page to reload its content."""

from flask import Response

from app.edge.stream import stream
from app.web.console.frame import console_pages, listener, technicians_only

pages = console_pages("changes")


@pages.get("/changes")
@technicians_only
def changes() -> Response:
    """Server-sent events: `changed` whenever something has, and `ticket` with a number when that ticket's conversation
    has news for this technician."""
    return stream(listener(), retry=3000)
