"""A file's name as somebody else gave it, made safe for pages, headers and any system."""

import re
import unicodedata

LONGEST_NAME = 120  # characters
_LONGEST_ENDING = 16  # characters, without the dot
_NOT_IN_NAMES = re.compile(r'[<>:"|?*%]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def safe_name(name: str) -> str:
    """The last part of a path, without characters that no page or system takes; "" when nothing is left."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    # Characters that change the direction of writing are not printable either: `exe.fdp` for `pdf.exe`.
    name = "".join(c if c.isprintable() else "" for c in _NOT_IN_NAMES.sub("", name)).strip(" .")
    if _DEVICES.fullmatch(name):
        return ""
    stem, ending = parted(name)
    return f"{stem[: LONGEST_NAME - len(ending)].strip(' .')}{ending}".strip(" .")


def parted(name: str) -> tuple[str, str]:
    """The name before its ending, and the ending with its dot; "" without one."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem and ending and len(ending) <= _LONGEST_ENDING else (name, "")
