"""Passwords that are refused."""

import pytest

from app.core.password import LONGEST, SHORTEST, PasswordProblem, password_problem

LISTED = frozenset({"charlotte", "usuckballz1", "soso123aljg", "q1w2e3", "jkl"})


def problem(password: str, about: tuple[str, ...]) -> PasswordProblem | None:
    return password_problem(password, about, listed=lambda word: word.casefold() in LISTED)


ANNA = ("anna.quill@example.com", "Anna Quill")


@pytest.mark.parametrize(
    "password",
    [
        "a-password-for-tests",
        "tidy kettle forgets",
        "3f9a-71c2-ee04-b8d6",
        "Grüße aus Köln",
        "пароль для теста",
        "  leading blanks count",
        "x" * (LONGEST - 5) + "yzäö7",
        "zkqxxqkzkz",  # four different characters are enough
    ],
)
def test_a_password_that_nobody_else_has_is_taken(password: str) -> None:
    assert problem(password, ANNA) is None


def test_length_counts_in_characters() -> None:
    assert problem("kettle-7ä", ()) is PasswordProblem.TOO_SHORT
    assert len("kettle-7ä") == SHORTEST - 1
    assert problem("x" * (LONGEST + 1), ()) is PasswordProblem.TOO_LONG


@pytest.mark.parametrize(
    "password",
    [
        "Password123",
        "password!!!",
        "P@ssw0rd2026",
        "passwordpassword",
        "Welcome2026!",
        "qwertyuiop",
        "1234567890",
        "0987654321",
        "abcdefghij",
        "aaaaaaaaaaaa",
        "1212121212",
        "1q2w3e4r5t",
        "qwertyqwerty",
        "iloveyou123",
        "Handbell2026",
        "administrator",
        "letmeinletmein",
        "          ",
        "..........",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert problem(password, ANNA) is PasswordProblem.TOO_COMMON


@pytest.mark.parametrize("password", ["anna.quill@example.com", "Anna.Quill", "anna quill", "ANNA-QUILL"])
def test_what_everybody_knows_of_its_owner_is_refused(password: str) -> None:
    assert problem(password, ANNA) is PasswordProblem.ABOUT_YOU


def test_what_stands_before_the_at_sign_is_known_too() -> None:
    assert problem("Anna.Quill", ("anna.quill@example.com",)) is PasswordProblem.ABOUT_YOU


def test_a_listed_word_of_six_characters_makes_a_longer_password_common() -> None:
    assert problem("kettle-2026", ()) is None
    assert password_problem("kettle-2026", listed=lambda word: word == "kettle") is PasswordProblem.TOO_COMMON


@pytest.mark.parametrize(
    "password",
    ["usuckballz1", "UsuckBallz1", "uSuckballz-1", "Charlotte1!", "charlotte2026", "Ch4rlotte-1999", "soso123aljg"],
)
def test_a_listed_password_is_refused_with_figures_and_marks_around_it_too(password: str) -> None:
    assert problem(password, ()) is PasswordProblem.TOO_COMMON


@pytest.mark.parametrize("password", ["charlotte kettle", "q1w2e3-kettle", "7-2940-5518-jkl"])
def test_a_listed_word_within_a_longer_one_is_not(password: str) -> None:
    assert problem(password, ()) is None
