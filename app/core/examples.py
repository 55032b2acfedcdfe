"""Example programs that open a session by the New Session API, with a site's own values.

Names of sites and departments are untrusted text. In code they appear as comments, cut to one harmless line (`remark`),
or as strings, escaped for their language (`quoted`, `quoted_php`, `shlex.quote`).
"""

import json
import re
import shlex
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from html import escape

from app.core.customer import ELEMENTS, FIELDS
from app.core.new_session import LIMITS

PLACEHOLDER = "YOUR-ACCOUNT-KEY"
FORM_PATH = "/integration/integration_api.php"
REST_PATH = "/rest/session"
LONGEST_REMARK = 80  # characters

# Characters that end a line or a comment somewhere, are invisible, or make code read otherwise than it runs.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]")
_ENDS_COMMENT = re.compile(r"\?(?=>)|\*(?=/)|\*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A site's values for its programs.

    `uid` is None unless the reader asked to see the key; `department` is an id with its name, `technician` a user name:
    the site's fixed ones, if any.
    """

    base_url: str
    slug: str
    site_name: str
    uid: str | None = None
    department: tuple[int, str] | None = None
    technician: str | None = None

    @property
    def key(self) -> str:
        """The account key, or a placeholder."""
        return self.uid or PLACEHOLDER


@dataclass(frozen=True, slots=True)
class Example:
    """One program. `name` is its language, `id` is fit for an element's id."""

    id: str
    name: str
    text: str


def examples(facts: Facts) -> list[Example]:
    """Examples for servers and desktops: each opens a session and prints its link, or the reason for a failure."""
    return [
        Example("curl", "curl", _curl(facts)),
        Example("python", "Python", _python(facts)),
        Example("php", "PHP", _php(facts)),
        Example("csharp", "C#", _csharp(facts)),
        Example("rest", "curl, JSON", _curl_rest(facts)),
    ]


def intranet_form(
    facts: Facts,
    labels: dict[str, str],
    departments: Iterable[tuple[int, str]] = (),
    given: dict[str, str] | None = None,
    fields: Collection[str] = ELEMENTS,
) -> str:
    """A form for web pages, without any key.

    `labels` are by field, with `send` for the button; `departments` can be chosen; `given` are preset values; `fields`
    are the elements of the form.
    """
    filled = given or {}
    action = f"{facts.base_url}/s/{facts.slug}/submit"
    rows = [_input(name, labels[name], filled.get(name, "")) for name in _LINES if name in fields]
    if chosen := filled.get("department"):
        rows.append(f'  <input type="hidden" name="department" value="{_html(chosen)}">')
    elif options := [f'    <option value="{number}">{_html(name)}</option>' for number, name in departments]:
        first = f'    <option value="">{_html(labels["anyone"])}</option>'
        head = f'  <p><label>{_html(labels["department"])}<br><select name="department">'
        rows += [head, first, *options, "  </select></label></p>"]
    if "problem_description" in fields:
        rows.append(_area("problem_description", labels["problem_description"], filled.get("problem_description", "")))
    head = f'<form method="post" action="{_html(action)}" accept-charset="utf-8">'
    button = f"  <p><button>{_html(labels['send'])}</button></p>"
    return "\n".join([head, '  <input type="hidden" name="_charset_">', *rows, button, "</form>"])


def remark(text: str) -> str:
    """Untrusted text as one line that stays a comment in every language here and reads as it runs."""
    line = " ".join(_INVISIBLE.sub(" ", text).split())[:LONGEST_REMARK].rstrip("\\ ")
    return _ENDS_COMMENT.sub(lambda found: found[0] + " ", line)


def quoted(text: str) -> str:
    """A string literal for Python and C# alike, with invisible characters escaped."""
    return _INVISIBLE.sub(_spelled, json.dumps(text, ensure_ascii=False))


def quoted_php(text: str) -> str:
    """A string literal for PHP, in which nothing is interpolated."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + _INVISIBLE.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", plain) + '"'


_LINES = tuple(each.name for each in FIELDS if not each.lines)
_PROBLEM = "The printer says PC LOAD LETTER"


def _spelled(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _html(text: str) -> str:
    return escape(text).replace("\r", "&#13;")


def _input(name: str, label: str, value: str) -> str:
    given = f' value="{_html(value)}"' if value else ""
    return f'  <p><label>{_html(label)}<br><input name="{name}" maxlength="{LIMITS[name]}"{given}></label></p>'


def _area(name: str, label: str, value: str) -> str:
    area = f'<textarea name="{name}" rows="4" maxlength="{LIMITS[name]}">\n{_html(value)}</textarea>'
    return f"  <p><label>{_html(label)}<br>{area}</label></p>"


def _parameters(facts: Facts) -> list[tuple[str, str, str]]:
    """Name, value and remark of each parameter, without the key."""
    sent = [("Customer_name", "Ada Lovelace", ""), ("Customer_email", "ada@example.com", "")]
    sent.append(("Problem_description", _PROBLEM, ""))
    if facts.department:
        number, name = facts.department
        sent.append(("Department", f"id_{number}", remark(name)))
    if facts.technician:
        sent.append(("Tech", facts.technician, ""))
    sent.append(("Ask_customer_info", "1", "the customer may check the details"))
    return sent


def _curl(facts: Facts) -> str:
    lines = [f"curl -sS {shlex.quote(facts.base_url + FORM_PATH)}", "-H 'Accept: application/json'"]
    lines.append(f"--data-urlencode {shlex.quote(f'UID={facts.key}')}")
    lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value, _about in _parameters(facts)]
    return f"# {remark(facts.site_name)}\n" + " \\\n  ".join(lines)


def _curl_rest(facts: Facts) -> str:
    names = {"department": "department_id", "tech": "technician_username"}
    sent = {names.get(name.lower(), name.lower()): value for name, value, _about in _parameters(facts)}
    body = json.dumps(sent, ensure_ascii=False, indent=2)
    lines = [
        f"curl -sS {shlex.quote(facts.base_url + REST_PATH)}",
        f"-H {shlex.quote(f'INTEGRATION-KEY: {facts.key}')}",
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(body)}",
    ]
    return f"# {remark(facts.site_name)}\n" + " \\\n  ".join(lines)


def _python(facts: Facts) -> str:
    sent = [("UID", facts.key, ""), *_parameters(facts)]
    rows = [f"    {quoted(name)}: {quoted(value)},{_about('  # ', about)}" for name, value, about in sent]
    return "\n".join(
        [
            "import json",
            "import urllib.error",
            "import urllib.parse",
            "import urllib.request",
            "",
            f"# {remark(facts.site_name)}",
            f"ADDRESS = {quoted(facts.base_url + FORM_PATH)}",
            "session = {",
            *rows,
            "}",
            "call = urllib.request.Request(",
            '    ADDRESS, urllib.parse.urlencode(session).encode(), {"Accept": "application/json"}',
            ")",
            "try:",
            "    with urllib.request.urlopen(call, timeout=15) as answer:",
            '        print(json.load(answer)["details"]["session_link"])',
            "except urllib.error.HTTPError as refused:",
            '    raise SystemExit(json.load(refused)["errorDetails"]["errorMsg"])',
        ]
    )


def _php(facts: Facts) -> str:
    sent = [("UID", facts.key, ""), *_parameters(facts)]
    rows = [f"    {quoted_php(name)} => {quoted_php(value)},{_about(' // ', about)}" for name, value, about in sent]
    return "\n".join(
        [
            "<?php",
            f"// {remark(facts.site_name)}",
            f"$address = {quoted_php(facts.base_url + FORM_PATH)};",
            "$session = [",
            *rows,
            "];",
            "$answer = file_get_contents($address, false, stream_context_create(['http' => [",
            "    'method' => 'POST',",
            "    'header' => \"Content-Type: application/x-www-form-urlencoded\\r\\nAccept: application/json\",",
            "    'content' => http_build_query($session),",
            "    'timeout' => 15,",
            "    'ignore_errors' => true,",
            "]]));",
            "if ($answer === false) {",
            "    exit('No answer');",
            "}",
            "$told = json_decode($answer, true);",
            "echo $told['details']['session_link'] ?? $told['errorDetails']['errorMsg'], PHP_EOL;",
        ]
    )


def _csharp(facts: Facts) -> str:
    sent = [("UID", facts.key, ""), *_parameters(facts)]
    rows = [f"    [{quoted(name)}] = {quoted(value)},{_about(' // ', about)}" for name, value, about in sent]
    return "\n".join(
        [
            "using System.Net.Http.Headers;",
            "using System.Text.Json;",
            "",
            f"// {remark(facts.site_name)}",
            f"var address = {quoted(facts.base_url + FORM_PATH)};",
            "var session = new Dictionary<string, string>",
            "{",
            *rows,
            "};",
            "using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(15) };",
            'http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));',
            "using var answer = await http.PostAsync(address, new FormUrlEncodedContent(session));",
            "using var told = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());",
            "Console.WriteLine(answer.IsSuccessStatusCode",
            '    ? told.RootElement.GetProperty("details").GetProperty("session_link").GetString()',
            '    : told.RootElement.GetProperty("errorDetails").GetProperty("errorMsg").GetString());',
        ]
    )


def _about(sign: str, text: str) -> str:
    return f"{sign}{text}" if text else ""
