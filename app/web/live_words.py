"""Facts of a conversation in the words of the customer's page: for its script, and for pages without one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.core.kept_file import written_size
from app.core.live import FILE, Kind, Line, Refusal
from app.core.live_file import LiveFile
from app.core.moment import iso
from app.core.staff import Staff
from app.web.words import _

_SPOKEN = (Kind.SAY, FILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A line as the page shows it without script. `words` is a fact's sentence, empty for what somebody said; `name`
    is None for the customer's own. `clock` is hours and minutes in UTC."""

    id: int
    at: str | None
    clock: str
    mine: bool
    name: str | None
    body: str
    words: str
    file: LiveFile | None = None
    size: str = ""  # of the file


def fact_words() -> dict[str, str]:
    """Sentences by the name of their fact, as widget/src/live/log.ts makes it; `my-` for the customer's own facts.
    `{name}` is who did it."""
    return {
        "asked": _("{name} asks to see your screen."),
        "my-screen-shared-monitor": _("You show your whole screen."),
        "my-screen-shared-window": _("You show one window."),
        "my-screen-shared-browser": _("You show one tab of your browser."),
        "my-screen-shared-camera": _("You show your camera."),
        "my-screen-stopped": _("You no longer show anything."),
        "screen-ended": _("{name} stopped viewing. Nothing is shown any more."),
        "my-screen-refused": _("You did not show your screen."),
        "my-mark-here-on-computer": _("You opened this page on another device."),
        "my-end-customer": _("You ended the session."),
        "my-end-cancelled": _("You cancelled your request."),
        "end-closed": _("{name} ended the session."),
        "end-released": _("{name} had to go. You are in line again, and another technician joins you here."),
        "end-passed-on": _("{name} passed your request on. A colleague joins you here."),
        "end-taken-over": _("{name} takes over."),
        "mark-claimed": _("{name} is here to help you."),
        "mark-joined": _("{name} joins the conversation."),
        "mark-left": _("{name} has left the conversation."),
    }


def file_problems() -> dict[str, str]:
    """Why a file was not taken, in words, by the server's code; FIELD for any other reason."""
    return {
        Refusal.TOO_LARGE: _("This file is too large: 25 MB is the most."),
        Refusal.EMPTY: _("There is nothing in this file."),
        Refusal.FULL: _("This conversation has as many files as it can take, 100 MB together."),
        Refusal.NO_ROOM: _("There is no room for more files here at the moment."),
        Refusal.PICTURE: _("This picture cannot be read. Please send another one, or a screenshot of it."),
        Refusal.HEIC: _("Browsers cannot show HEIC pictures. Please send it as JPEG, or a screenshot of it."),
        Refusal.FIELD: _("This file could not be sent."),
    }


def source_words() -> dict[str, str]:
    """What a technician's picture of the screen is, beside it."""
    return {"snapshot": _("Picture of what you showed"), "drawing": _("Picture of what you showed, with marks")}


def written(lines: Iterable[Line], files: Mapping[str, LiveFile], staff: Staff) -> list[Written]:
    """The lines for a page without script; facts without words are left out."""
    return [
        _written(line, files.get(line.file or ""), _name(line, staff))
        for line in lines
        if line.kind in _SPOKEN or _sentence(line)
    ]


def _written(line: Line, file: LiveFile | None, name: str | None) -> Written:
    return Written(
        id=line.id,
        at=iso(line.at),
        clock=f"{line.at:%H:%M} UTC",
        mine=line.is_customers,
        name=name,
        body=line.body,
        words="" if line.kind in _SPOKEN else _sentence(line).replace("{name}", name or _("Your technician")),
        file=file,
        size=written_size(file.size) if file else "",
    )


def _name(line: Line, staff: Staff) -> str | None:
    technician = staff.technician(int(line.who)) if line.who.isdecimal() else None
    return technician.name if technician else None


def _sentence(line: Line) -> str:
    fact = "-".join(filter(None, (line.kind, *line.body.replace("_", "-").split(":"))))
    return fact_words().get(f"my-{fact}" if line.is_customers else fact, "")
