"""All that is kept of a ticket's conversation."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.live import Line, Session, Signal
from app.core.live_file import LiveFile
from app.core.live_pages import Page


@dataclass(frozen=True, slots=True)
class Conversation:
    """Lines, files, signals and open pages, and what the conversation has beside them."""

    session: Session
    lines: Sequence[Line]
    files: Sequence[LiveFile]
    signals: Sequence[Signal]
    pages: Sequence[Page]
