"""The charts of the figures page, as data for their template."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from babel import Locale
from babel.dates import format_skeleton

from app.core.chart import Scale, Slot, duration_scale, labelled, number_scale, runs, slots
from app.core.figures import Times
from app.web.language import page_language, text_direction
from app.web.words import _

_HEIGHT = 168  # pixels of a plot
_BAR = 0.68  # of a day's width


def counts_chart(days: Sequence[date], requests: Sequence[int], opened: Sequence[int]) -> dict[str, Any]:
    """Requests and opened sessions of each day, as bars one in front of the other."""
    scale = number_scale(max(requests), _HEIGHT)
    places = [slot.narrowed(_BAR) for slot in _slots(days)]
    bars = [
        {"kind": kind, "x": place.left, "width": place.width, "y": scale.y(value), "height": _HEIGHT - scale.y(value)}
        for kind, values in (("all", requests), ("part", opened))
        for place, value in zip(places, values, strict=True)
        if value
    ]
    said = [_("%(n)s requests, %(m)s opened", n=n, m=m) for n, m in zip(requests, opened, strict=True)]
    keys = [("all", _("Requests")), ("part", _("Opened"))]
    return _chart("counts", _("Requests each day"), days, scale, [str(n) for n in scale.lines], said, keys) | {
        "bars": bars,
        "most": max(requests),
    }


def time_chart(name: str, title: str, days: Sequence[date], times: Sequence[Times]) -> dict[str, Any]:
    """Median and 95th percentile of each day, as two lines with gaps on days without a measurement."""
    medians, highest = [one.median for one in times], [one.p95 for one in times]
    scale = duration_scale(max((ms for ms in (*medians, *highest) if ms), default=1), _HEIGHT)
    said = [_("median %(m)s, 95 %% within %(p)s", m=words_for(one.median), p=words_for(one.p95)) for one in times]
    keys = [("median", _("Median")), ("p95", _("95 of 100 within"))]
    drawn = [_line("p95", days, highest, scale), _line("median", days, medians, scale)]
    return _chart(name, title, days, scale, [words_for(ms) if ms else "0" for ms in scale.lines], said, keys) | {
        "series": drawn,
        "most": words_for(max((ms for ms in highest if ms is not None), default=None)),
    }


def words_for(milliseconds: int | None) -> str:
    """A time in words; a dash for None."""
    if milliseconds is None:
        return "–"
    if milliseconds < 10_000:
        return _("%(n)s s", n=f"{milliseconds / 1000:.1f}".removesuffix(".0"))
    seconds = round(milliseconds / 1000)
    if seconds < 60:
        return _("%(n)s s", n=seconds)
    if seconds < 3600:
        parts = {"n": seconds // 60, "s": seconds % 60}
        return _("%(n)s min %(s)s s", **parts) if parts["s"] else _("%(n)s min", **parts)
    if seconds < 48 * 3600:
        return _("%(h)s h %(m)s min", h=seconds // 3600, m=seconds % 3600 // 60)
    return _("%(n)s days", n=seconds // 86_400)


def day_words(day: date) -> str:
    """A day as a chart's label: `3 Mar`."""
    return format_skeleton("MMMd", day, locale=Locale.parse(page_language()))


def _chart(
    name: str,
    title: str,
    days: Sequence[date],
    scale: Scale,
    labels: Sequence[str],
    said: Sequence[str],
    keys: list[tuple[str, str]],
) -> dict[str, Any]:
    places = _slots(days)
    return {
        "name": name,
        "title": title,
        "height": _HEIGHT,
        "keys": [{"kind": kind, "label": label} for kind, label in keys],
        "lines": [{"y": scale.y(value), "label": label} for value, label in zip(scale.lines, labels, strict=True)],
        "labels": [{"x": places[nth].middle, "label": day_words(days[nth])} for nth in labelled(len(days))],
        "slots": [
            {"x": place.left, "width": place.width, "said": f"{day_words(day)}: {words}"}
            for place, day, words in zip(places, days, said, strict=True)
        ],
    }


def _line(kind: str, days: Sequence[date], values: Sequence[int | None], scale: Scale) -> dict[str, Any]:
    xs = [slot.middle for slot in _slots(days)]
    ys = [None if value is None else scale.y(value) for value in values]
    return {
        "kind": kind,
        "pieces": [{"x1": xs[a], "y1": ys[a], "x2": xs[b], "y2": ys[b]} for a, b in runs(values)],
        "points": [{"x": x, "y": y} for x, y in zip(xs, ys, strict=True) if y is not None],
    }


def _slots(days: Sequence[date]) -> list[Slot]:
    return slots(len(days), mirrored=text_direction(page_language()) == "rtl")
