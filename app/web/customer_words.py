"""Texts for customers in answers to programs: the pages' own sentences, in the language that the program asks for."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from flask import Response
from flask_babel import force_locale

from app.core.customer import NAMES
from app.core.fact import Fact
from app.core.outlook import Outlook
from app.core.site import Site
from app.core.text import normal_newlines
from app.edge.this_app import running
from app.web.fault_text import sentences
from app.web.field_words import form_words
from app.web.language import best_language
from app.web.outlook_words import outlook_words
from app.web.request_form import Filled, NotTaken, form_again, wait_sentence
from app.web.words import _, speak_for


class CustomerWords:
    """Implements `app.edge.customer_words` with the pages' texts."""

    def problems(self, problems: Sequence[Fact], site: Site, language: str) -> dict[str, str]:
        """One sentence for each field."""
        with _speaking(site, language):
            return sentences(tuple(problems))

    def wait(self, seconds: int, site: Site, language: str) -> str:
        """Too many requests; when to retry, after `seconds`."""
        with _speaking(site, language):
            return wait_sentence(seconds)

    def failed(self, site: Site, language: str, *, unknown: bool) -> str:
        """A call could not be recorded, or it is `unknown` whether it was."""
        with _speaking(site, language):
            if unknown:
                return _("We could not make sure that your request has arrived. Please call us, or try again.")
            return _("We could not take your request just now. Please try again in a moment.")

    def form_later(self, seconds: int, site: Site, typed: Mapping[str, str]) -> Response:
        """The site's own form with what was typed, by wire name, and when to send it: after `seconds`."""
        speak_for(site)
        values = {name: normal_newlines(typed.get(name, "")) for name in (*NAMES, "department")}
        return form_again(running().desk, site, Filled(values).refused(NotTaken(wait_sentence(seconds), 429, seconds)))

    def look_again(self, site: Site, language: str) -> str:
        """A field of the form is wrong."""
        with _speaking(site, language):
            return _("Please look at this again")

    def language(self, site: Site, language: str) -> str:
        """The site's language that fits best, as a tag."""
        return best_language(language, site.languages).replace("_", "-")

    def field(self, name: str, site: Site, language: str) -> str:
        """The label of one of a customer's details."""
        with _speaking(site, language):
            return form_words()[name]

    def opening(self, outlook: Outlook, site: Site, language: str) -> str:
        """What may be expected now, with `{time}` for the opening; empty when there is nothing to say."""
        with _speaking(site, language):
            words = outlook_words(outlook)
            opens = f"{_('We open again:')} {{time}}." if words.opens else ""
            return " ".join(filter(None, (words.fact, opens, words.wait)))

    def about_reference(self, site: Site, language: str) -> str:
        """The purpose of the reference, for when the technician does not see it, as in a vendor's console."""
        with _speaking(site, language):
            return _("Tell us this reference if you call or write to us.")


@contextmanager
def _speaking(site: Site, language: str) -> Iterator[None]:
    best = best_language(language, site.languages)
    with force_locale(best):
        speak_for(site, best)
        yield
