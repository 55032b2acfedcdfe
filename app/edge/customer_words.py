"""Texts for customers in answers to programs, in their language and the site's words.

The pages know the words; the API, which may not import the pages, gets them from here.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from flask import Flask, Response, current_app

from app.core.fact import Fact
from app.core.outlook import Outlook
from app.core.site import Site

_NAME = "handbell_customer_words"


class CustomerWords(Protocol):
    """The texts that the API's answers need; implemented by the pages."""

    def problems(self, problems: Sequence[Fact], site: Site, language: str) -> dict[str, str]:
        """One sentence for each field."""

    def wait(self, seconds: int, site: Site, language: str) -> str:
        """Too many requests; when to retry, after `seconds`."""

    def failed(self, site: Site, language: str, *, unknown: bool) -> str:
        """A call could not be recorded, or it is `unknown` whether it was."""

    def form_later(self, seconds: int, site: Site, typed: Mapping[str, str]) -> Response:
        """The site's own form with what was typed, by wire name, and when to send it: after `seconds`."""

    def look_again(self, site: Site, language: str) -> str:
        """A field of the form is wrong."""

    def language(self, site: Site, language: str) -> str:
        """The site's language that fits best, as a tag."""

    def field(self, name: str, site: Site, language: str) -> str:
        """The label of one of a customer's details."""

    def opening(self, outlook: Outlook, site: Site, language: str) -> str:
        """What may be expected now, with `{time}` for the opening; empty when there is nothing to say."""

    def about_reference(self, site: Site, language: str) -> str:
        """The purpose of the reference, for when the technician does not see it."""


def use_words(app: Flask, words: CustomerWords) -> None:
    """Use these words for the app's answers."""
    app.extensions[_NAME] = words


def customer_words() -> CustomerWords:
    """The words of the app of the current request."""
    return cast(CustomerWords, current_app.extensions[_NAME])
