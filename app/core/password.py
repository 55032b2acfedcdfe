"""Rules for new passwords."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum

SHORTEST = 10  # characters
LONGEST = 1024
_SHORTEST_WORD = 6  # characters of a listed word that make a longer password common


class PasswordProblem(StrEnum):
    """The fault in a new password."""

    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    TOO_COMMON = "too common"
    ABOUT_YOU = "about you"


def password_problem(
    password: str, about: Iterable[str] = (), *, listed: Callable[[str], bool]
) -> PasswordProblem | None:
    """The fault of a new password, or None. `about` are public facts about its owner: mail address, name; `listed`
    tells whether a text is on the list of common passwords."""
    if len(password) < SHORTEST:
        return PasswordProblem.TOO_SHORT
    if len(password) > LONGEST:
        return PasswordProblem.TOO_LONG
    if _plain(password) in {_plain(known) for text in about for known in (text, text.split("@")[0])}:
        return PasswordProblem.ABOUT_YOU
    return PasswordProblem.TOO_COMMON if _is_common(password, listed) else None


def _is_common(password: str, listed: Callable[[str], bool]) -> bool:
    """Whether the password is a common word or row of keys, also repeated or with digits and marks around it, or has
    fewer than four different characters."""
    plain = _plain(password)
    if len(set(plain)) < 4 or any(plain in row for row in _ROWS):
        return True
    core = _plain(password.translate(_AS_LETTERS)).strip("0123456789")
    words = {_without_repeats(each) for each in (plain, core, core.translate(_FIGURES_AS_LETTERS))}
    if any(word in _COMMON for word in words):
        return True
    # A short word on the list does not make the digits around it easy to guess.
    return listed(password) or any(listed(word) for word in (plain, *words) if len(word) >= _SHORTEST_WORD)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _without_repeats(text: str) -> str:
    """Reduce a repeated text to one: `passwordpassword` to `password`."""
    repeated = re.fullmatch(r"(.{3,}?)\1+", text)
    return repeated[1] if repeated else text


_AS_LETTERS = str.maketrans("@$", "as")
_FIGURES_AS_LETTERS = str.maketrans("0134578", "oleastb")
_KEYS = ("1234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")
_ROWS = (
    *(row * 3 for keys in _KEYS for row in (keys, keys[::-1])),
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb",
    "qazwsxedcrfvtgbyhn",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1234qwerasdfzxcv",
    "123qweasdzxc",
    "0123456789876543210",
)
_COMMON = frozenset(
    """
    password passwort passw0rd motdepasse contrasena wachtwoord senha parola haslo lozinka salasana
    mypassword thepassword newpassword yourpassword adminpassword rootpassword userpassword passwordadmin
    admin administrator adminadmin root superuser supervisor sysadmin manager operator technician technicien techniker
    support helpdesk servicedesk handbell remote remotesupport takecontrol company business office
    qwerty qwertz azerty qwertyuiop asdfgh asdfghjkl zxcvbnm abc abcd abcdef abcdefgh qazwsx
    letmein letmeinplease iloveyou iloveyouforever welcome welcomehome willkommen bienvenue changeme changemenow
    pleasechange secret topsecret geheim default guest test testtest testing testpassword demo
    monkey dragon master masterkey shadow sunshine princess superman batman spiderman starwars pokemon football
    baseball basketball liverpool chelsea arsenal barcelona realmadrid juventus manchester michael jennifer jessica
    michelle charlie jordan hunter trustno whatever computer internet samsung iphone microsoft windows google facebook
    correcthorsebatterystaple opensesame nopassword mustang freedom summer winter spring autumn sommer herbst
    january february march april june july august september october november december monday friday
    login loginlogin access accessdenied enter online trustme iamtheadmin godblessyou jesuschrist
    """.split()  # noqa: SIM905 - a word list is easier to read as one text
)
