"""Text encodings that a page may declare, by their names in browsers (WHATWG Encoding Standard)."""

_PLAIN = (
    *("utf-8", "ibm866", "koi8-r", "koi8-u", "gb18030", "big5", "euc-jp", "iso-2022-jp", "euc-kr"),
    *(f"iso-8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    *(f"windows-{page}" for page in range(1250, 1259)),
)
_CODECS = {name: name.replace("windows-", "cp") for name in _PLAIN} | {
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    # Browsers read these names as windows-1252 and its like; Python's codecs of the same names differ.
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-9": "cp1254",
    "latin5": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "macintosh": "mac-roman",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "big5-hkscs": "big5hkscs",
    "big5": "big5hkscs",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
}


def codec_of(label: str) -> str | None:
    """Python's name of a declared encoding; None when browsers do not read it as text."""
    return _CODECS.get(label.strip().strip("\"'").lower())
