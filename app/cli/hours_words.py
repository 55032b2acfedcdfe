"""Facts about opening hours, in the command line's words."""

from app.core.fact import Fact

_WORDS = {
    ("spans", "day"): '"{part}" is no day: use mo tu we th fr sa su, such as mo-fr or mo,we',
    ("spans", "no_time"): "a day needs a time, such as 09:00-17:00",
    ("spans", "time"): '"{part}" is no time: use 09:00-17:00, up to 24:00',
    ("spans", "overlap"): "these times overlap: {part}",
    ("spans", "many"): 'at most 8 times a day: "{part}"',
    ("zone", "unknown"): '"{name}" is no time zone: use a name such as Europe/Berlin or America/New_York',
    ("country", "unknown"): 'the holidays of "{name}" are not known: use a code such as DE',
    ("region", "unknown"): '"{name}" is no region of it; known are: {known}',
    ("day", "many"): "at most {most} special days",
    ("name", "missing"): "--name is needed",
    ("name", "too_long"): "the name may have {limit} characters at the most",
    ("calendar", "too_large"): "the calendar may have {limit} KiB at the most",
    ("calendar", "unreadable"): "this is no calendar file (.ics)",
    ("calendar", "no_days"): "the calendar has no whole-day event from today on",
}


def sentence(fact: Fact) -> str:
    """What is wrong, and what to do."""
    values = {name: ", ".join(value) if isinstance(value, tuple) else value for name, value in fact.values.items()}
    return _WORDS[fact.field, fact.code].format_map(values)
