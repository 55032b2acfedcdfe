"""What an answer to a program tells a customer, in their language and the site's words. The pages know the words;
the API, which is their neighbour, reaches them through here."""

from collections.abc import Sequence
from typing import Protocol, cast

from flask import Flask, current_app

from app.core.fact import Fact
from app.core.site import Site

_NAME = "handbell_customer_words"


class CustomerWords(Protocol):
    """What every answer may have to say; what pages say lives with the pages."""

    def problems(self, problems: Sequence[Fact], site: Site, language: str) -> dict[str, str]:
        """One sentence for each field."""

    def wait(self, seconds: int, site: Site, language: str) -> str:
        """That many requests came, and when to send again."""

    def look_again(self, site: Site, language: str) -> str:
        """That something in the form is not right."""

    def language(self, site: Site, language: str) -> str:
        """The one of the site's languages that fits best, as a tag."""

    def field(self, name: str, site: Site, language: str) -> str:
        """What a form calls one of a customer's details."""

    def about_reference(self, site: Site, language: str) -> str:
        """What the reference is good for where the technician does not see it."""


def use_words(app: Flask, words: CustomerWords) -> None:
    """Let the app's answers speak with these words."""
    app.extensions[_NAME] = words


def customer_words() -> CustomerWords:
    """The words of the app of the current request."""
    return cast(CustomerWords, current_app.extensions[_NAME])
