"""The list of common passwords: all of it is refused, and nobody waits for it who chooses none."""

import runpy
import subprocess
import sys
from importlib.metadata import distribution

import pytest

from app.actions.log_in import hashed_password, new_password_problem
from app.core.password import SHORTEST, PasswordProblem
from app.files.common_passwords import is_common

FILE = distribution("zxcvbn").locate_file("zxcvbn/frequency_lists.py")
LIST: list[str] = runpy.run_path(str(FILE))["FREQUENCY_LISTS"]["passwords"]


def test_the_10000_commonest_and_20000_more_are_refused() -> None:
    assert len(set(LIST)) >= 30_000
    refused = {new_password_problem(password) for password in LIST}
    assert refused == {PasswordProblem.TOO_SHORT, PasswordProblem.TOO_COMMON}
    long = [password for password in LIST if len(password) >= SHORTEST]
    assert len(long) > 1_000
    assert {new_password_problem(password) for password in long} == {PasswordProblem.TOO_COMMON}


@pytest.mark.parametrize("password", ["nuttertools", "NutterTools", "MAILCREATED5240", "fuck_inside"])
def test_whatever_its_capitals(password: str) -> None:
    assert is_common(password)
    with pytest.raises(ValueError, match="among the first that anybody would try"):
        hashed_password(password)


def test_others_are_not() -> None:
    password = "tidy kettle forgets"
    assert not is_common(password)
    assert new_password_problem(password) is None


@pytest.mark.slow
def test_neither_a_command_nor_a_web_process_reads_it_at_its_start() -> None:
    code = (
        "import sys, app.factory, app.cli; from app.files.common_passwords import _common;"
        "print(_common.cache_info().currsize, 'zxcvbn' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "0 False\n"
