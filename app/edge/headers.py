"""Response headers in fixed families: for our pages, for JSON, for redirects, for the widget and for downloads."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from app.settings import Settings

PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_DENIED = ("camera", "microphone", "geolocation", "display-capture", "usb", "serial", "hid", "payment")
PAGE = [
    ("Content-Security-Policy", PAGE_CSP),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in _DENIED)),
]
_FRAMED = {
    "Content-Security-Policy": PAGE_CSP.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    "X-Frame-Options": "SAMEORIGIN",
}
# For the one page of ours that frames another one, and for the framed page: only we may frame it.
FRAMING = [("Content-Security-Policy", f"{PAGE_CSP}; frame-src 'self'"), *PAGE[1:]]
FRAMED = [(name, _FRAMED.get(name, value)) for name, value in PAGE]
# For a page that hears from a window that it opens: that window keeps its way back to it.
_OPENING = {"Cross-Origin-Opener-Policy": "same-origin-allow-popups"}
OPENING = [(name, _OPENING.get(name, value)) for name, value in PAGE]
# For a form that was sent from inside a frame: any page may frame it, so it holds nothing but the way out.
FRAMED_BY_ANY = [
    ("Content-Security-Policy", PAGE_CSP.replace("frame-ancestors 'none'", "frame-ancestors *")),
    *((name, value) for name, value in PAGE if name not in ("Content-Security-Policy", "X-Frame-Options")),
]
# For the two pages of a live session: what the customer shows, and what both say. They are framed by nobody.
_OWN = ("camera", "microphone", "display-capture")
LIVE = [
    *PAGE[:-1],
    ("Permissions-Policy", ", ".join(f"{name}=({'self' if name in _OWN else ''})" for name in _DENIED)),
]
# For the request page of a site that takes pictures: one of a window of the customer's choice.
CAPTURING = [
    *PAGE[:-1],
    ("Permissions-Policy", ", ".join(f"{n}=({'self' if n == 'display-capture' else ''})" for n in _DENIED)),
]
# The account page alone registers a service worker, whose address is a sink of Trusted Types.
REGISTERING = [
    ("Content-Security-Policy", PAGE_CSP.replace("trusted-types 'none'", "trusted-types handbell-worker")),
    *PAGE[1:],
]
JSON = [
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("Vary", "Origin"),
]
REDIRECT = [
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex, nofollow"),
]
# SRI needs the first header, pages with COEP the second.
WIDGET = [
    ("Access-Control-Allow-Origin", "*"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
]
ATTACHMENT = [*REDIRECT, ("Cross-Origin-Resource-Policy", "same-origin"), ("X-Frame-Options", "DENY")]


def readable_by(origin: str) -> list[tuple[str, str]]:
    """CORS headers that let scripts at exactly this origin read an answer, without credentials."""
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", "Idempotent-Replayed, Retry-After"),
    ]


def preflight(method: str) -> list[tuple[str, str]]:
    """Headers that answer a CORS preflight request."""
    return [
        ("Access-Control-Allow-Methods", method),
        ("Access-Control-Allow-Headers", "content-type, idempotency-key"),
        ("Access-Control-Max-Age", "7200"),
    ]


def posting_to(address: str) -> list[tuple[str, str]]:
    """Headers for the page that posts to a vendor: its form may go to this address's host only."""
    parts = urlsplit(address)
    changed = {
        "Content-Security-Policy": PAGE_CSP.replace(
            "form-action 'self'", f"form-action {parts.scheme}://{parts.netloc}"
        ),
        "Referrer-Policy": "no-referrer",
    }
    return [(name, changed.get(name, value)) for name, value in PAGE]


NOT_INDEXED = ("X-Robots-Tag", "noindex, nofollow")
_BY_TOKEN = ("/r/", "/go/", "/applet/", "/pin/", "/console/invitation/")


def request_id() -> str:
    """This request's id, sent back and logged."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    return str(g.request_id)


def with_headers(response: Response, family: list[tuple[str, str]]) -> Response:
    """Set exactly this family's headers on the response, replacing its own."""
    for name, value in family:
        response.headers[name] = value
    return response


def send_headers(app: Flask, settings: Settings) -> None:
    """Add the common headers to all responses, and the page family to responses without another family."""
    every = [("X-Content-Type-Options", "nosniff")]
    if settings.https:
        every.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
    page = [*every, *PAGE]

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers["X-Request-Id"] = request_id()
        if request.path.startswith(_BY_TOKEN):
            headers[NOT_INDEXED[0]] = NOT_INDEXED[1]
        if "Content-Security-Policy" in headers:
            headers.extend(every)
            return response
        headers.remove("Cache-Control")
        headers.extend(page)
        return response
