"""Where the log-in leads: back to the console page that asked for it, never to another site."""

import re

HOME = "/console/"
_LONGEST = 512  # characters
# Printable ASCII: no character that could end a header, or that a browser would rewrite into another address.
_PAGE = re.compile(r"/console/[!-\[\]-~]*")
_UP = re.compile(r"(^|/)(\.|%2e){1,2}(/|$)", re.IGNORECASE)
_NOT_BACK_TO = ("/console/login", "/console/logout", "/console/invitation")


def way_back(asked: str) -> str:
    """The path and query asked for, if it is a page below /console/, else the console's first page."""
    path = re.split("[?#]", asked, maxsplit=1)[0]
    if len(asked) > _LONGEST or not _PAGE.fullmatch(asked) or "//" in path or _UP.search(path):
        return HOME
    return HOME if path.startswith(_NOT_BACK_TO) else asked
