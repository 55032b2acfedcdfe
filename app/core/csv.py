"""Lines of CSV that a spreadsheet shows as they are and never computes (RFC 4180)."""

from collections.abc import Iterable

BOM = "\ufeff"  # what tells a spreadsheet that the file is UTF-8
_STARTS_A_FORMULA = "=+-@\t\r＝＋－＠"
_SKIPPED = " \n\u00a0\u200b\u200c\u200d\u2060\u3000\ufeff"  # what a spreadsheet may drop before it looks
_QUOTED = frozenset(',"\r\n')


def csv_line(cells: Iterable[str | int | None]) -> str:
    """One line with its CR LF. None is an empty cell; a text that could start a formula gets an apostrophe in front."""
    return ",".join(_cell(cell) for cell in cells) + "\r\n"


def _cell(value: str | int | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = f"'{value}" if value.lstrip(_SKIPPED)[:1] in tuple(_STARTS_A_FORMULA) else value
    return '"' + text.replace('"', '""') + '"' if _QUOTED & set(text) else text
