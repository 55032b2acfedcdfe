"""For programs: the New Session API, a request's state as JSON, and their description."""

from flask import Blueprint, Flask

from app.api import new_session, openapi, request_state, requests, sites

BLUEPRINTS: tuple[Blueprint, ...] = (new_session.api, sites.api, requests.api, request_state.api, openapi.api)


def register(app: Flask) -> None:
    """Put the API on the app."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
