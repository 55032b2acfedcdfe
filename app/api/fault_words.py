"""The API's messages to a calling program about invalid fields."""

from app.core.fact import Fact

_WORDS = {
    "too_long": "has {length} characters; at most {limit} are allowed",
    "control": "contains a control character; only line breaks and tabs are allowed",
    "twice": "was sent more than once with different values; send it once",
    "type": "has the wrong type; see /api/openapi.json",
    "missing": "is missing",
    "empty": "is missing, and so is all else that tells what is wrong or who asks",
    "email": "is not an e-mail address",
}


def told(*problems: Fact) -> str:
    """One English line that names every faulty field."""
    return "; ".join(f"{problem.field} {_WORDS[problem.code].format(**problem.values)}" for problem in problems)
