"""Quiet hours: until when a notice for somebody is held back."""

from datetime import datetime

from app.core.hours import DAY, Hours, Span


def quiet_until(span: Span, zone: str, now: datetime) -> datetime | None:
    """When the quiet time of this moment ends; None outside of it. `span` is of every day, on this zone's clock."""
    if span.end - span.begin >= DAY:
        return None
    return Hours(zone=zone, week=((span,),) * 7).next_closing(now)
