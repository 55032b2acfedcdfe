"""Ready answers: texts that technicians send often, of the whole desk or of one technician, in several languages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.team import name_fault
from app.core.text import Fault, text_fault

LONGEST_ANSWER = 2_000  # characters of one text
MOST_ANSWERS = 200  # of the desk, and of each technician
ANY_LANGUAGE = ""  # the text for languages without one of their own
_PLACE = re.compile(r"( ?)\{(name|reference)\}")
_LEFT_OVER = " ,;:،、,"  # what stands behind a name at the beginning of a text


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """A text by its short name. `owner` is a technician's id, None for the desk's; `texts` maps a language's tag to its
    text, and ANY_LANGUAGE to the one for all others. `version` grows with every change."""

    name: str
    texts: Mapping[str, str] = field(default_factory=dict)
    owner: int | None = None
    id: int = 0
    version: int = 1

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages with a text of their own."""
        return tuple(sorted(tag for tag in self.texts if tag != ANY_LANGUAGE))

    def faults(self) -> dict[str, Fault]:
        """What prevents storing it: by `name`, `text`, or `text-<language>`."""
        faults: dict[str, Fault] = {}
        if fault := name_fault(self.name):
            faults["name"] = fault
        if not self.texts.get(ANY_LANGUAGE):
            faults["text"] = "missing"
        for tag, text in self.texts.items():
            if wrong := text_fault(text, LONGEST_ANSWER):
                faults[field_of(tag)] = wrong
        return faults


def field_of(tag: str) -> str:
    """The name of the form's field for a language's text."""
    return f"text-{tag}" if tag else "text"


def filled(text: str, *, name: str | None, reference: str | None) -> str:
    """The text with the customer's name for `{name}` and the reference for `{reference}`.

    What is not known, or may not be shown to the customer, goes with the blank before it; at the beginning of the text
    also with the comma behind it.
    """
    known = {"name": name, "reference": reference}

    def fill(place: re.Match[str]) -> str:
        value = known[place[2]]
        return f"{place[1]}{value}" if value else ""

    whole = _PLACE.sub(fill, text)
    first = _PLACE.match(text)
    return whole.lstrip(_LEFT_OVER) if first and not known[first[2]] else whole
