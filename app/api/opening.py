"""What a customer may expect now, as JSON."""

from typing import Any

from app.core.moment import iso
from app.core.outlook import Outlook


def opening_of(outlook: Outlook) -> dict[str, Any]:
    """Whether somebody is there, when it opens, and how many minutes it usually takes, the least and the most."""
    wait = outlook.wait
    minutes = [wait.low, wait.high] if wait else None
    return {"cover": outlook.cover, "opens_at": iso(outlook.opens), "usual_minutes": minutes}
