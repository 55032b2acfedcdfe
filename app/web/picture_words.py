"""Why a picture of a request is not taken, in the reader's language, and the words of the script that adds pictures."""

from app.core.picture import MOST_PICTURES, NoPicture
from app.web.words import _


def why_not(why: NoPicture) -> str:
    """One sentence that tells what to do."""
    return {
        NoPicture.UNREADABLE: _("This picture cannot be read. Please send another one, or a screenshot of it."),
        NoPicture.HEIC: _("Browsers cannot show HEIC pictures. Please send it as JPEG, or a screenshot of it."),
        NoPicture.TOO_LARGE: _("This picture is too large: 8 MB is the most."),
        NoPicture.TOO_MANY: _("There can be %(n)s pictures at the most.", n=MOST_PICTURES),
        NoPicture.NO_ROOM: _("There is no room for pictures here at the moment. Please send your request without."),
        NoPicture.BUSY: _("Many pictures are arriving just now. Please try again in a moment."),
        NoPicture.NOT_NOW: _("Nothing can be added to this request now."),
    }[why]


def not_kept() -> str:
    """The sentence for a picture that could not be written to disk."""
    return _("This picture could not be sent. Please try again, or send your request without it.")


def picture_words() -> dict[str, str]:
    """The script's words, by the name of their attribute."""
    return {
        "remove": _("Remove"),
        "removed": _("The picture is removed."),
        "added": _("The picture is added."),
        "sending": _("Sending…"),
        "failed": not_kept(),
        "again": _("Try again"),
        "too-large": why_not(NoPicture.TOO_LARGE),
        "too-many": why_not(NoPicture.TOO_MANY),
        "unreadable": why_not(NoPicture.UNREADABLE),
        "no-capture": _("No picture was taken. Please try again, or choose one."),
    }
