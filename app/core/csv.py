"""Lines of CSV (RFC 4180) that a spreadsheet displays unchanged and never evaluates."""

import re
from collections.abc import Iterable

BOM = "\ufeff"  # tells a spreadsheet that the file is UTF-8
_FORMULA = "=+\\-@\t\r＝＋－＠"
_SKIPPED = ' "\u00a0\u200b\u200c\u200d\u2060\u3000\ufeff'  # characters that a spreadsheet may drop before a formula
# In a semicolon-separated list, or one imported by tabs, a cell begins after each of these.
_BEGINS = re.compile(f"(^|[;\t\r\n])(?=[{_SKIPPED}]*[{_FORMULA}])")
_QUOTED = frozenset(',;"\t\r\n')


def csv_line(cells: Iterable[str | int | None]) -> str:
    """One line with its CR LF. None is an empty cell; text that could start a formula, with any separator, gets an
    apostrophe in front."""
    return ",".join(_cell(cell) for cell in cells) + "\r\n"


def _cell(value: str | int | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = _BEGINS.sub(r"\1'", value)
    return '"' + text.replace('"', '""') + '"' if _QUOTED & set(text) else text
