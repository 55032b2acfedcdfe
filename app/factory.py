"""Assembles the WSGI application."""

import structlog
from flask import Flask, abort, request

from app import api, log, web
from app.core.bodies import BadBody, form_pairs
from app.edge import access, headers, security_log
from app.edge.compressing import compress_pages
from app.edge.customer_words import use_words
from app.edge.incoming import PublicScheme, TrustedProxies
from app.files.resources import resource
from app.process.clock import Clock
from app.process.running import Running
from app.process.schedule import Schedule
from app.settings import Settings
from app.web import language, metrics_page
from app.web.session_cookie import use_console_cookie

_ANY_HOST = ("/healthz", "/readyz")


def create_app(settings: Settings, clock: Clock | None = None, *, schedule: bool = True) -> Flask:
    """The application, ready to serve. Raises DatabaseUnusable, BadKeys or Undeclared.

    With `schedule` this process also hands requests off and does the background work.
    """
    log.set_up(settings.log_level)
    here = Running(settings, clock)
    app = Flask("handbell", static_folder=None, template_folder=str(resource("templates")))
    app.extensions["handbell"] = here
    app.debug = False  # whatever FLASK_DEBUG says: its pages show the source
    app.jinja_env.trim_blocks = False
    use_console_cookie(app, here)
    app.config["WTF_CSRF_TIME_LIMIT"] = 12 * 60 * 60
    language.register(app)
    headers.send_headers(app, settings)
    compress_pages(app)
    security_log.register(app, here)
    _refuse_bad_addresses(app, settings)
    web.register(app)
    use_words(app, web.CustomerWords())
    api.register(app)
    access.declared(app)
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    if settings.https:
        app.wsgi_app = PublicScheme(app.wsgi_app)  # type: ignore[method-assign]
    if schedule:
        here.hand_offs.start()
        Schedule(here.database, settings, here.clock, here.keys).start()
    structlog.get_logger().debug("ready", routes=len(list(app.url_map.iter_rules())))
    return app


def _refuse_bad_addresses(app: Flask, settings: Settings) -> None:
    hosts = settings.hosts

    @app.before_request
    def refuse() -> None:
        ours = request.environ.get("HTTP_HOST", "").lower() in hosts
        if not ours and request.path not in _ANY_HOST and not metrics_page.is_scrape():
            raise BadBody("this host name is not one of ours; the operator sets it as HANDBELL_PUBLIC_URL")
        if "\0" in request.path:  # PostgreSQL cannot store NUL, so no name contains it
            abort(404)
        if not request.query_string.isascii():
            form_pairs(request.query_string)
