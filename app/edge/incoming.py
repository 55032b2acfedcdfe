"""Request input: the body within its limits, its parameters, and the client's address. Errors are clear 4xx answers."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from ipaddress import IPv4Network, IPv6Network
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from flask import Response, g, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser

from app.core.backend import Browser
from app.core.bodies import (
    MAX_BODY,
    MAX_FIELDS,
    BadBody,
    BadForm,
    BadText,
    DecodedForm,
    beginning_of_form,
    decoded_form,
    form_pairs,
    raw_form_pairs,
)
from app.core.client import forwarded_client
from app.log import OnceAMinute
from app.settings import Settings

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_LONGEST_HEADER = 512
_PIECE = 64 * 1024  # bytes
_PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")  # the last two: Safari's previews, older Firefox
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")  # any of them is added by any proxy
_TOLD = "handbell.client_told_by_proxy"

log = structlog.get_logger()


def body(most: int = MAX_BODY) -> bytes:
    """The raw body. Raises BadBody (413) over `most` bytes, with or without an announced length; BadForm for a form,
    with its beginning."""
    announced = request.content_length
    raw = _read(most + 1) if announced is None or announced <= most or request.mimetype == FORM_TYPE else None
    if raw is None or len(raw) > most:
        _drain()
        raise BadForm(_too_large(most), beginning_of_form(raw[:most]) if raw else [], 413)
    if announced is not None and len(raw) < announced:
        raise BadBody("the body is shorter than its Content-Length")
    return raw


def _too_large(most: int) -> str:
    return f"the body is larger than {most // 1024} KiB"


def form_body() -> list[tuple[str, str]]:
    """Name and value pairs of a form post, urlencoded or multipart without files. Raises BadBody."""
    return _noted(_form_body)


def _form_body() -> list[tuple[str, str]]:
    raw = body()
    if request.mimetype == MULTIPART:
        return _multipart(raw)
    if request.mimetype != FORM_TYPE and (raw or request.mimetype):
        raise BadBody(f"send the form as {FORM_TYPE}", 415)
    return form_pairs(raw)


def foreign_form() -> DecodedForm:
    """A form of another site's page, in any encoding that it declares; urlencoded or multipart without files.

    Raises BadBody.
    """
    decoded = DecodedForm([])

    def read() -> list[tuple[str, str]]:
        nonlocal decoded
        decoded = _foreign_form()
        return decoded.pairs

    _noted(read)
    return decoded


def posted_before() -> list[tuple[str, str]]:
    """What could be read of the form in this request, whether or not it has been read before; empty without one."""
    if "posted" not in g and request.method == "POST":
        with contextlib.suppress(BadBody):
            foreign_form()
    found: list[tuple[str, str]] = g.get("posted", [])
    return found


def _noted(read: Callable[[], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """What `read` returns, noted for a page that may have to show it again, as is what a BadForm holds."""
    try:
        g.posted = read()
    except BadForm as bad:
        g.posted = bad.pairs
        raise
    return g.posted  # type: ignore[no-any-return]


def _foreign_form() -> DecodedForm:
    raw = body()
    if request.mimetype == MULTIPART:
        # Latin-1 preserves every byte.
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in _parts(raw, _ByteParser)]
    elif request.mimetype == FORM_TYPE or not (raw or request.mimetype):
        pairs = raw_form_pairs(raw)
    else:
        raise BadBody(f"send the form as {FORM_TYPE}", 415)
    return decoded_form(pairs, request.mimetype_params.get("charset"))


def api_parameters() -> list[tuple[str, str]]:
    """Name and value pairs of the query string and, for a POST, of the form in the body, in any encoding that either
    declares. Raises BadBody."""
    pairs = decoded_form(raw_form_pairs(request.query_string), None).pairs
    if request.method != "POST":
        return pairs
    try:
        return pairs + foreign_form().pairs
    except BadForm as bad:
        bad.pairs = pairs + bad.pairs
        raise


def query() -> list[tuple[str, str]]:
    """Name and value pairs of the query string. Raises BadBody when it is not UTF-8."""
    return form_pairs(request.query_string)


def is_fetched_ahead() -> bool:
    """Whether a browser only prefetches: such a request must have no effect."""
    said = " ".join(request.headers.get(name, "") for name in _PURPOSES).lower()
    return "prefetch" in said or "preview" in said


def client_address() -> str:
    """The client's address, as forwarded by trusted proxies (see `TrustedProxies`)."""
    return request.remote_addr or "unknown"


def is_forwarded() -> bool:
    """Whether a proxy has passed this request on, ours or any other."""
    return any(name in request.headers for name in _FORWARDED)


def is_told_by_our_proxy() -> bool:
    """Whether the client's address was told by a proxy of ours, and is not that of the connection."""
    return bool(request.environ.get(_TOLD, False))


def browser() -> Browser:
    """The browser's own headers, cut to 512 characters each."""
    user_agent, language = request.headers.get("User-Agent", ""), request.headers.get("Accept-Language", "")
    return Browser(user_agent[:_LONGEST_HEADER] or None, language[:_LONGEST_HEADER] or None)


def is_framed() -> bool:
    """Whether a browser would show the answer inside another page."""
    return request.headers.get("Sec-Fetch-Dest", "") in ("iframe", "frame", "embed", "object")


def page_origin() -> str | None:
    """The origin of the calling page, from the browser; `null` and absent are returned as they are.

    A page of our own sends none with a GET; then `Sec-Fetch-Site` tells.
    """
    origin = request.headers.get("Origin")
    if origin is None and request.headers.get("Sec-Fetch-Site") == "same-origin":
        return f"{request.scheme}://{request.host.lower()}"
    return origin


def is_foreign_post(settings: Settings) -> bool:
    """Whether the browser reports that another site's page sends this form."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and not settings.is_ours(origin)
    return foreign or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin"


def sent_from(settings: Settings) -> str | None:
    """Path and query of our page that sent a form; None when the page is not ours."""
    scheme, _, rest = request.headers.get("Referer", "").partition("://")
    host, slash, path = rest.partition("/")
    return slash + path.partition("#")[0] if settings.is_ours(f"{scheme}://{host}") else None


def see_other(path: str) -> Response:
    """Redirect with 303 to a path of ours, without body."""
    return Response(status=303, headers={"Location": path})


class TrustedProxies:
    """WSGI middleware: reads the client's address from `X-Forwarded-For`, if sent by our proxies.

    Logs an invalid entry once a minute at most, without its text, which anybody may have written.
    """

    def __init__(
        self,
        app: WSGIApplication,
        networks: tuple[IPv4Network | IPv6Network, ...],
        now_and_then: OnceAMinute | None = None,
    ) -> None:
        self._app = app
        self._networks = networks
        self._now_and_then = now_and_then or OnceAMinute()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._networks:
            peer = environ.get("REMOTE_ADDR", "")
            client = forwarded_client(peer, environ.get("HTTP_X_FORWARDED_FOR", ""), self._networks)
            environ["REMOTE_ADDR"], environ[_TOLD] = client.address, client.address != peer
            if client.unreadable is not None:
                self._warn(client.address, len(client.unreadable))
        return self._app(environ, start_response)

    def _warn(self, proxy: str, length: int) -> None:
        if times := self._now_and_then():
            log.warning("forwarded_for_unreadable", proxy=proxy, characters=length, times=times)


class PublicScheme:
    """WSGI middleware: every request is over https, as the proxy that ends TLS passes on plain HTTP.

    Otherwise redirects that Flask makes (`/console`, `//`) would lead to http, with the link or form they repeat.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.url_scheme"] = "https"
        return self._app(environ, start_response)


class _ByteParser(MultiPartParser):
    def get_part_charset(self, headers: Headers) -> str:
        return "latin-1"


def _multipart(raw: bytes) -> list[tuple[str, str]]:
    pairs = _parts(raw, MultiPartParser)
    if any("\ufffd" in name + value for name, value in pairs):
        _refuse_broken_utf8(raw, pairs)
    return pairs


def _parts(raw: bytes, kind: type[MultiPartParser]) -> list[tuple[str, str]]:
    boundary = request.mimetype_params.get("boundary", "").encode("ascii", "replace")
    if not boundary:
        raise BadBody("the multipart body has no boundary")
    parser = kind(max_form_memory_size=MAX_BODY, max_form_parts=MAX_FIELDS)
    try:
        form, files = parser.parse(BytesIO(raw), boundary, len(raw))
    except RequestEntityTooLarge:
        raise BadBody(f"more than {MAX_FIELDS} fields", 413) from None
    except ValueError:
        raise BadBody("the multipart body could not be read") from None
    for file in files.values():
        file.close()
    if files:
        raise BadBody("files cannot be sent here")
    pairs = list(form.items(multi=True))
    if any(name is None for name, _ in pairs):  # werkzeug's, where a part's head has none
        raise BadBody("a part of the multipart body has no name")
    return pairs


def _refuse_broken_utf8(raw: bytes, pairs: list[tuple[str, str]]) -> None:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        readable = [(name.encode(), value.replace("\ufffd", "").encode()) for name, value in pairs]
        raise BadText("the text is not valid UTF-8", readable) from None


def pieces_of_body() -> Iterator[bytes]:
    """The body, a piece at a time. Raises BadBody."""
    while piece := _read(_PIECE):
        yield piece


def _drain() -> None:
    """Read a little more, so that a client that is still sending gets our answer and not a reset."""
    left = 1024 * 1024
    with contextlib.suppress(BadBody):
        while left > 0 and (chunk := _read(min(left, 65536))):
            left -= len(chunk)


def _read(size: int) -> bytes:
    try:
        return request.stream.read(size)
    except Exception:  # noqa: BLE001 - each server raises its own errors for an incomplete or malformed body
        raise BadBody("the body could not be read") from None
