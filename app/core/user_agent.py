"""The browser and system named by a User-Agent, in words."""

# The first match counts, as most browsers also name the browsers they derive from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def browser_words(user_agent: str | None) -> str:
    """`Firefox, Windows`; only one of them if the other is unknown, and '' if both are."""
    return ", ".join(word for names in (_BROWSERS, _SYSTEMS) if (word := _first(user_agent or "", names)))


def _first(text: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((word for mark, word in names if mark in text), "")
