"""The APIs for programs: the New Session API, requests and their state as JSON, and their description."""

from flask import Blueprint, Flask

from app.api import new_session, openapi, request_pictures, request_state, requests, sites

BLUEPRINTS: tuple[Blueprint, ...] = (
    new_session.api,
    sites.api,
    requests.api,
    request_state.api,
    request_pictures.api,
    openapi.api,
)


def register(app: Flask) -> None:
    """Register the API's blueprints."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
