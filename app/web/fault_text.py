"""Messages about a faulty field, in the reader's language."""

from app.core.fact import Fact
from app.web.words import _


def sentence(problem: Fact) -> str:
    """One sentence that tells what to do."""
    match problem.code:
        case "too_long":
            return _("This is %(length)s characters long; please shorten it to %(limit)s.", **problem.values)
        case "control":
            return _(
                "There was a character in here that cannot be sent. It is taken out now: please look and send it again."
            )
        case "missing":
            return _("Please fill this in.")
        case "empty":
            return _("Please tell us what is wrong, or at least who you are, so that we can help you.")
        case "email":
            return _("This does not look like an e-mail address. Please check it, or leave it empty.")
        case _:  # no form of ours causes "twice" and "type"
            return _("This could not be read. Please enter it again.")


def sentences(problems: tuple[Fact, ...]) -> dict[str, str]:
    """One sentence for each field, in the order of the problems."""
    return {problem.field: sentence(problem) for problem in problems}
