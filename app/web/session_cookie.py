"""The console's cookie: signed with the current keys, and used by the console only."""

import hashlib

from flask import Flask
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface
from flask.wrappers import Request
from itsdangerous import URLSafeTimedSerializer

from app.process.running import Running


class ConsoleCookie(SecureCookieSessionInterface):
    """Sessions for the console; other pages neither read nor set a cookie."""

    digest_method = staticmethod(hashlib.sha256)  # Flask's is SHA-1

    def __init__(self, here: Running) -> None:
        self._here = here

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | NullSession | None:
        if not request.path.startswith("/console"):
            return self.make_null_session(app)
        found = super().open_session(app, request)
        # A cookie that seems forged may be signed with a key that another process has just made.
        if not found and self.get_cookie_name(app) in request.cookies and self._here.keys.look_again():
            return super().open_session(app, request)
        return found

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        newest, *older = self._here.keys.session_keys
        app.config["SECRET_KEY"] = newest.hex()
        app.config["SECRET_KEY_FALLBACKS"] = [key.hex() for key in older]
        return super().get_signing_serializer(app)


def use_console_cookie(app: Flask, here: Running) -> None:
    """Set the cookie's name and attributes; `__Host-` needs https."""
    https = here.settings.https
    app.config.update(
        SESSION_COOKIE_NAME="__Host-handbell" if https else "handbell",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )
    app.session_interface = ConsoleCookie(here)
