"""The 30,000 most common passwords: the list in the package zxcvbn."""

import runpy
from functools import cache
from importlib.metadata import distribution


def is_common(password: str) -> bool:
    """Whether the password is on the list, in upper or lower case. The first call in a process reads the list."""
    return password.casefold() in _common()


@cache
def _common() -> frozenset[str]:
    """Read the list's file. Importing the package would load all its dictionaries, 17 MB, into the process."""
    file = distribution("zxcvbn").locate_file("zxcvbn/frequency_lists.py")
    return frozenset(runpy.run_path(str(file))["FREQUENCY_LISTS"]["passwords"])
