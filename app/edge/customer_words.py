"""Texts for customers in answers to programs, in their language and the site's words.

The pages know the words; the API, which may not import the pages, gets them from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from flask import Flask, Response, current_app

from app.core.fact import Fact
from app.core.outlook import Outlook
from app.core.picture import NoPicture
from app.core.site import Site

_NAME = "handbell_customer_words"


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A call of the form flavour that is refused with this status, and the English reason for its page's maker.

    `typed` is what was sent, by lower-case wire name, as far as it could be read; `wait` is whole seconds, for too many
    calls. After a fault `unknown` tells whether a session may have been opened all the same.
    """

    status: int
    reason: str
    typed: Mapping[str, str]
    problems: tuple[Fact, ...] = ()
    wait: int | None = None
    unknown: bool = False


class CustomerWords(Protocol):
    """The texts that the API's answers need; implemented by the pages."""

    def problems(self, problems: Sequence[Fact], site: Site, language: str) -> dict[str, str]:
        """One sentence for each field."""

    def wait(self, seconds: int, site: Site, language: str) -> str:
        """Too many requests; when to retry, after `seconds`."""

    def refused(self, call: RefusedCall, site: Site | None) -> Response:
        """A page with a way on: the form of the called site, or of the site named `default`, with what was typed."""

    def look_again(self, site: Site, language: str) -> str:
        """A field of the form is wrong."""

    def language(self, site: Site, language: str) -> str:
        """The site's language that fits best, as a tag."""

    def field(self, name: str, site: Site, language: str) -> str:
        """The label of one of a customer's details."""

    def opening(self, outlook: Outlook, site: Site, language: str) -> str:
        """What may be expected now, with `{time}` for the opening; empty when there is nothing to say."""

    def picture(self, why: NoPicture, site: Site, language: str) -> str:
        """The reason why a picture is not taken."""

    def about_reference(self, site: Site, language: str) -> str:
        """The purpose of the reference, for when the technician does not see it."""


def use_words(app: Flask, words: CustomerWords) -> None:
    """Use these words for the app's answers."""
    app.extensions[_NAME] = words


def customer_words() -> CustomerWords:
    """The words of the app of the current request."""
    return cast(CustomerWords, current_app.extensions[_NAME])
