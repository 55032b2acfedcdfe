"""The translations as stored: the catalogue of each language and its messages."""

from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from app.files.resources import resource

TRANSLATED = sorted(path.parent.parent.name for path in resource("translations").glob("*/LC_MESSAGES/messages.po"))


def file_of(language: str, suffix: str) -> Path:
    return resource("translations") / language / "LC_MESSAGES" / f"messages.{suffix}"


@cache
def catalogue(language: str) -> Catalog:
    with file_of(language, "po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]
