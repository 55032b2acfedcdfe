"""Texts for customers in answers to programs: the pages' own sentences, in the language that the program asks for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import Response
from flask_babel import force_locale

from app.core.customer import NAMES
from app.core.fact import Fact
from app.core.outlook import Outlook
from app.core.picture import NoPicture
from app.core.site import Site
from app.core.text import normal_newlines
from app.edge.customer_words import RefusedCall
from app.edge.this_app import running
from app.web.errors import error_page
from app.web.fault_text import sentence, sentences
from app.web.field_words import form_words
from app.web.language import best_language
from app.web.outlook_words import outlook_words
from app.web.picture_words import why_not
from app.web.request_form import Filled, form_again, not_recorded_sentence, wait_sentence
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

    def refused(self, call: RefusedCall, site: Site | None) -> Response:
        """A page with a way on: the form of the called site, or of the site named `default`, with what was typed."""
        desk = running().desk
        shown = site or desk.site("default")
        if shown is None:
            return error_page(call.status, call.reason)
        speak_for(shown)
        values = {name: normal_newlines(call.typed.get(name, "")) for name in (*NAMES, "department")}
        of_form = sentences(tuple(problem for problem in call.problems if problem.field in values))
        problems = of_form or {"form": _why_refused(call, site)}
        reason = f"{call.status}: {call.reason}" if call.status < 500 and call.wait is None else None
        return form_again(desk, shown, Filled(values, problems, call.status, call.wait, reason=reason))

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

    def picture(self, why: NoPicture, site: Site, language: str) -> str:
        """The reason why a picture is not taken."""
        with _speaking(site, language):
            return why_not(why)

    def about_reference(self, site: Site, language: str) -> str:
        """The purpose of the reference, for when the technician does not see it, as in a vendor's console."""
        with _speaking(site, language):
            return _("Tell us this reference if you call or write to us.")


def _why_refused(call: RefusedCall, site: Site | None) -> str:
    """The sentence above the form for a call that no single field of it explains."""
    if call.wait is not None:
        return wait_sentence(call.wait)
    if call.status >= 500:
        unknown = _("We could not make sure that your request has arrived. Please call us, or try again.")
        return unknown if call.unknown else not_recorded_sentence()
    if any(problem.code == "control" for problem in call.problems):
        return sentence(Fact("form", "control"))
    return _why_not_read(call, site)


def _why_not_read(call: RefusedCall, site: Site | None) -> str:
    if call.status == 413:
        return _("Please go back and shorten it.")
    if not any(call.typed.get(name) for name in NAMES):
        return _("Please go back and try again.")
    if site is None:
        return _(
            "The page that you came from is out of date, but you are in the right place:"
            " please look over what will be sent, then press the button."
        )
    return _("Please look over what will be sent, then press the button once more.")


@contextmanager
def _speaking(site: Site, language: str) -> Iterator[None]:
    best = best_language(language, site.languages)
    with force_locale(best):
        speak_for(site, best)
        yield
