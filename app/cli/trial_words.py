"""The output of `handbell check --live` for a trial: one line for each step, including the vendor's answer."""

from collections.abc import Iterator

from app.backends.trial import Trial
from app.cli.site_words import worded
from app.core.fact import Fact
from app.core.why import Why, WhyCode
from app.store.why import in_english

_WORDS = {
    ("called", "address"): "{address}",
    ("status", "status"): "{status}",
    ("body", "file"): "a file of {size} bytes, {name}",
    ("body", "unread"): "too long, or badly encoded",
    ("body", "empty"): "empty",
    ("body", "text"): "{text}",
    ("understood", "link"): "a link to the applet, on {host}",
    ("understood", "file"): "the applet itself",
    ("understood", "browser"): "a session was opened, but the answer does not say where its applet is",
    ("choose", "backend"): "--backend {backend}",
    ("close", "close"): 'the session of "Handbell check" in your console',
    ("ticket", "cancelled"): "{number} was opened, and cancelled again",
    ("change", "account"): "--key or --api-domain, after what the vendor's admin area shows",
    ("try", "maybe_sent"): "again later; the session may exist all the same; look into your console",
    ("try", "not_sent"): "again later; nothing was sent",
}
_NUMBERS = {"session": "session", "ticket": "ticket", "pin": "PIN"}


def trial_lines(trial: Trial, slug: str) -> Iterator[str]:
    """The lines; each begins with its step, 13 characters wide."""
    for problem in trial.problems:
        yield f"{'missing' if problem.code == 'needed' else 'wrong':<12} {worded(problem, slug)}"
    for step in trial.steps:
        name = step.code if step.field == "header" else step.field
        yield f"{name:<12} {_said(step)}"


def _said(step: Fact) -> str:
    if step.field == "numbers":
        return ", ".join(f"{_NUMBERS[name]} {value}" for name, value in step.values.items())
    if step.field == "header":
        return str(step.values["text"])
    if step.field in ("refused", "failed"):
        return in_english(Why(WhyCode(step.code), step.values))
    return _WORDS[step.field, step.code].format(**step.values)
