"""A site's own words instead of ours.

A key is the English text as it is in the catalogues (`Get support`), or the widget's name for one of its texts. With a
language in front (`de:Get support`) it is for that language only; without one, for all.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from app.core.fact import Fact
from app.core.text import text_fault

MOST_TEXTS = 200
LONGEST_KEY, LONGEST_TEXT = 300, 600  # characters
# Texts of ours that were reworded; sites may have their own words under the old ones.
RENAMED = {"What is wrong?": "Problem"}
# As in widget/src/embed/texts.ts, later-texts.ts and wait-texts.ts.
_IN_THE_WIDGET = (
    "title name email number problem hint close page failed department anyone check required optional sending "
    "missing mail long sorry talk reference waiting trust held person ready start started again parked retry ended "
    "offline place next many with messages open cancel other you desk picture"
)
WIDGET_TEXTS = frozenset(_IN_THE_WIDGET.split())
_LANGUAGE = re.compile(r"([a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*):(?=\S)")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}|%[a-z%]")


def texts_for(texts: Mapping[str, str], language: str) -> dict[str, str]:
    """The words for one language by key; the most specific tag wins: `pt-BR`, then `pt`, then every language."""
    if not texts:
        return {}
    tags = language.lower().replace("_", "-")
    wanted = ["", tags.partition("-")[0], tags]
    found: dict[str, str] = {}
    for tag in dict.fromkeys(wanted):
        for key, text in texts.items():
            of, name = split_key(key)
            if of == tag:
                found[name] = text
    return found


def text_problems(texts: Mapping[str, str]) -> list[Fact]:
    """Faults in a site's own texts; `key` is the text's, where that is valid."""
    wrong = []
    if len(texts) > MOST_TEXTS:
        wrong.append(Fact("texts", "too_many", {"most": MOST_TEXTS}))
    for key, text in texts.items():
        name = split_key(key)[1]
        if not name.strip() or text_fault(key, LONGEST_KEY):
            wrong.append(Fact("texts", "text_key", {"most": LONGEST_KEY}))
        elif not text.strip() or text_fault(text, LONGEST_TEXT):
            wrong.append(Fact("texts", "text", {"key": key, "most": LONGEST_TEXT}))
        elif missing := unknown_placeholders(name, text):
            wrong.append(Fact("texts", "placeholders", {"key": key, "names": tuple(missing)}))
    return wrong


def no_such_texts(keys: Iterable[str], known: Collection[str]) -> list[Fact]:
    """Faults of keys that name none of these texts nor one of the widget's; `near` is the most similar text."""
    every = {*known, *WIDGET_TEXTS}
    unknown = [key for key in keys if (name := split_key(key)[1]).strip() and name not in every]
    return [_no_such_text(key, every) for key in unknown]


def _no_such_text(key: str, every: Collection[str]) -> Fact:
    similar = get_close_matches(split_key(key)[1][:LONGEST_KEY], every, n=1)
    if similar:
        return Fact("texts", "similar_text", {"key": key[:80], "near": similar[0]})
    return Fact("texts", "no_such_text", {"key": key[:80]})


def split_key(key: str) -> tuple[str, str]:
    """The language of a key as a lower-case tag with hyphens, empty for all, and the text that it names."""
    found = _LANGUAGE.match(key)
    tag, name = (found[1].lower().replace("_", "-"), key[found.end() :]) if found else ("", key)
    return tag, RENAMED.get(name, name)


def unknown_placeholders(source: str, text: str) -> list[str]:
    """Placeholders of `text` that its source lacks, so that nothing fills them in. A source without any allows all but
    `%(`."""
    known = set(_PLACEHOLDER.findall(source))
    return sorted(set(_PLACEHOLDER.findall(text)) - known) if known or "%(" in text else []
