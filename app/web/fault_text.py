"""What a person is told about a problem with a field, in their language."""

from app.core.text import Problem
from app.web.words import _


def sentence(problem: Problem) -> str:
    """One sentence that says what to do."""
    match problem.fault:
        case "too_long":
            return _(
                "This is %(length)s characters long; please shorten it to %(limit)s.",
                length=problem.length,
                limit=problem.limit,
            )
        case "control":
            return _(
                "There was a character in here that cannot be sent. It is taken out now: please look and send it again."
            )
        case "missing":
            return _("Please fill this in.")
        case "email":
            return _("This does not look like an e-mail address. Please check it, or leave it empty.")
        case "twice" | "type":
            return _("This could not be read. Please enter it again.")


def sentences(problems: tuple[Problem, ...]) -> dict[str, str]:
    """One sentence for each field, in the order in which they were found."""
    return {problem.field: sentence(problem) for problem in problems}
