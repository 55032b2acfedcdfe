"""Lines of CSV that a spreadsheet shows as they are and never computes (RFC 4180)."""

import re
from collections.abc import Iterable

BOM = "\ufeff"  # what tells a spreadsheet that the file is UTF-8
_FORMULA = "=+\\-@\t\r＝＋－＠"
_SKIPPED = ' "\u00a0\u200b\u200c\u200d\u2060\u3000\ufeff'  # what a spreadsheet may drop before it looks
# Where a list is written with semicolons, and where somebody imports it with tabs, a cell begins after each of these.
_BEGINS = re.compile(f"(^|[;\t\r\n])(?=[{_SKIPPED}]*[{_FORMULA}])")
_QUOTED = frozenset(',;"\t\r\n')


def csv_line(cells: Iterable[str | int | None]) -> str:
    """One line with its CR LF. None is an empty cell; what could start a formula, in whichever way the file is taken
    apart, gets an apostrophe in front."""
    return ",".join(_cell(cell) for cell in cells) + "\r\n"


def _cell(value: str | int | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = _BEGINS.sub(r"\1'", value)
    return '"' + text.replace('"', '""') + '"' if _QUOTED & set(text) else text
