"""Pages whose HTML or prototypes name another server, each trying to be taken for Handbell's."""

from dataclasses import dataclass

_NAMED = {
    "image": "<img name=NAME src=OTHER/x>",
    "image_by_id_too": "<img id=NAME name=NAME src=OTHER/x>",
    "frame": "<iframe name=NAME src=OTHER/x></iframe>",
    "embed": "<embed name=NAME src=OTHER/x>",
    "object_by_name": "<object name=NAME data=OTHER/x></object>",
    "object_by_id": "<object id=NAME data=OTHER/x></object>",
    "form": "<form name=NAME action=OTHER/x><input name=src value=OTHER/x><input name=dataset></form>",
    "nested_forms": "<form name=NAME action=OTHER/x><table><form name=NAME></table>"
    "<input name=src value=OTHER/x></form>",
    "two_images": "<img name=NAME src=OTHER/x><img name=NAME src=OTHER/x>",
    "two_forms": "<form name=NAME id=src action=OTHER/x></form><form name=NAME id=src action=OTHER/x></form>",
    "frame_with_anchors": '<iframe name=NAME srcdoc="<a id=src href=OTHER/widget.js></a><a id=dataset></a>"></iframe>',
    "in_a_shadow": "<div><template shadowrootmode=open><img name=NAME src=OTHER/x></template></div>"
    "<img name=NAME src=OTHER/x>",
}
_DOCUMENT = (
    "forms",
    "scripts",
    "baseURI",
    "URL",
    "domain",
    "defaultView",
    "body",
    "all",
    "readyState",
    "hidden",
    "head",
)
_NEEDED = ("createElement", "addEventListener")  # the widget needs these
_WINDOW = (
    "fetch",
    "URL",
    "Document",
    "HTMLScriptElement",
    "Reflect",
    "Promise",
    "Object",
    "location",
    "origin",
    "server",
)
_POISON = [
    "server",
    "origin",
    "src",
    "href",
    "url",
    "host",
    "hostname",
    "base",
    "baseURL",
    "action",
    "poll_url",
    "start_url",
    "status_url",
    "own",
]
_TURN = """const {includes} = String.prototype;
    const turn = v => typeof v === 'string' && includes.call(v, 'http') ? 'OTHER/widget.js' : v;"""
_PATCH = """for (const name of Object.getOwnPropertyNames(WHAT.prototype)) {
    const {value, writable} = Object.getOwnPropertyDescriptor(WHAT.prototype, name);
    if (typeof value === 'function' && writable && name !== 'constructor')
        WHAT.prototype[name] = function (...all) { return turn(value.apply(this, all)); };
}"""
_SCRIPTS = {
    "object_prototype": ";".join(f"Object.prototype.{name} = 'OTHER/x'" for name in _POISON),
    "object_prototype_answers": "Object.assign(Object.prototype, {reference: 'R', poll_url: 'OTHER/x', check: {}, "
    "start_url: 'OTHER/x', status_url: 'OTHER/x', script: '@OTHER/x.js', challenge: 1})",
    "object_prototype_method": "Object.prototype.method = 'OTHER/x'",
    "object_prototype_init": "Object.assign(Object.prototype, {referrer: 'OTHER/x', redirect: 'follow'})",
    "array_prototype": _TURN + _PATCH.replace("WHAT", "Array"),
    "string_prototype": _TURN + _PATCH.replace("WHAT", "String"),
    "promise_prototype": "const {then} = Promise.prototype; Promise.prototype.then = function (f, g) {"
    "return then.call(this, f && (v => f(v && v.server ? {...v, server: 'OTHER', origin: 'OTHER'} : v)), g) }",
    "url": "const real = URL; window.URL = class extends real { get origin() { return 'OTHER' } "
    "get href() { return 'OTHER/widget.js' } toString() { return 'OTHER/widget.js' } }",
    "url_prototype": "for (const name of ['origin', 'href', 'host', 'hostname']) "
    "Object.defineProperty(URL.prototype, name, {get: () => 'OTHER/x'})",
    "regexp_prototype": "const {exec} = RegExp.prototype; RegExp.prototype.exec = function (text) {"
    "const found = exec.call(this, text); return this.global || !found ? found : ['OTHER/', 'OTHER/', 'OTHER/'] }",
    "own_current_script": "Object.defineProperty(document, 'currentScript', "
    "{get: () => ({src: 'OTHER/widget.js', dataset: {}})})",
    "node_base": "Object.defineProperty(Node.prototype, 'baseURI', {get: () => 'OTHER/'});"
    "Object.defineProperty(window, 'origin', {get: () => 'OTHER'})",
}
_ENDS = {"object_prototype_method": "error"}  # browsers send no request through that method
_LATE = {
    "fetch_later": "const real = fetch; window.fetch = (url, init) => real('OTHER/x2?' + url, init)",
    "globals_later": "window.URL = window.Document = window.Request = function () {"
    "return {origin: 'OTHER', href: 'OTHER/x2'} }",
    "current_script_later": "Object.defineProperty(Document.prototype, 'currentScript', {get: () => null})",
    "base_later": "document.head.prepend(Object.assign(document.createElement('base'), {href: 'OTHER/'}))",
}


@dataclass(frozen=True, slots=True)
class Clobber:
    """One page: `html` before the script and `after` it, a script `early`, and one `late`, once the widget exists.

    OTHER stands for the other server. `end` is the result when the request is not sent: "error" when the form reports
    it, "link" when there is no widget but only the plain link.
    """

    name: str
    html: str = ""
    after: str = ""
    early: str = ""
    late: str = ""
    end: str = "ready"


def _first_script(address: str) -> str:
    return f"<script type=text/plain src='{address}' data-site=default data-lang=de></script>"


CHIEF = [Clobber(f"current_script_as_{kind}", html.replace("NAME", "currentScript")) for kind, html in _NAMED.items()]
CLOBBERS = [
    *CHIEF,
    *(Clobber(f"document_{name}", _NAMED["image"].replace("NAME", name)) for name in _DOCUMENT),
    *(Clobber(f"document_{name}", _NAMED["image"].replace("NAME", name), end="link") for name in _NEEDED),
    *(Clobber(f"window_{name}", f"<a id={name} href=OTHER/widget.js></a>" * 2) for name in _WINDOW),
    *(Clobber(f"frame_{name}", _NAMED["frame"].replace("NAME", name)) for name in ("top", "parent", "self")),
    Clobber("frame_Handbell", _NAMED["frame"].replace("NAME", "Handbell"), end="link"),
    Clobber("anchor_Handbell", "<a id=Handbell href=OTHER/widget.js></a>"),
    Clobber("base_before", "<base href=OTHER/>"),
    Clobber("base_after", after="<base href=OTHER/>"),
    Clobber("first_widget_script", _first_script("OTHER/widget.js")),
    Clobber("first_script_with_our_name_in_it", _first_script("OTHER/widget/x.js?OURS/widget.js")),
    Clobber("link_with_a_server", "<a data-handbell data-server=OTHER data-src=OTHER href=OTHER/x></a>"),
    *(Clobber(name, early=script, end=_ENDS.get(name, "ready")) for name, script in _SCRIPTS.items()),
    *(Clobber(name, late=script) for name, script in _LATE.items()),
]
