"""The texts of the catalogues, which a site may replace by its own."""

from functools import lru_cache

from babel.messages.mofile import read_mo

from app.files.resources import DEFAULT_LANGUAGE, TRANSLATIONS, languages


@lru_cache(maxsize=1)
def catalogue_texts() -> frozenset[str]:
    """All of them, in English. Every catalogue has every text, so one is read."""
    tag = next(tag for tag in languages() if tag != DEFAULT_LANGUAGE)
    with (TRANSLATIONS / tag / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        ids = [message.id for message in read_mo(file) if message.id]
    return frozenset().union(*((text,) if isinstance(text, str) else text for text in ids))
