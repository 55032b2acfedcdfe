"""gunicorn's own log, without a word of what clients send: they send names, mail addresses and texts.

Its warnings repeat a malformed request line, its errors the address asked for, and its debug lines whole heads.
"""

import sys
from http import HTTPStatus
from typing import Any

import structlog
from gunicorn.glogging import Logger
from gunicorn.http import errors

from app.log import frames

log = structlog.get_logger()
_STATUS: dict[type[Exception], HTTPStatus] = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    # Raised for what the application answers, though one of the classes for what a client asks.
    errors.InvalidResponseHeader: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidResponseHeaderName: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ConfigurationProblem: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_AT_THE_START = "Exception in worker process"  # no client has said anything yet


class ServerLog(Logger):  # type: ignore[misc]
    """Errors with their kind and place alone; no debug lines."""

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """What is being handled, without its text."""
        error = sys.exc_info()[1]
        if msg == _AT_THE_START or error is None:
            super().exception(msg, *args, **kwargs)
            return
        log.error("server_error", error=type(error).__name__, at=frames(error))

    def debug(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing, at any level."""


def status_of(error: Exception) -> HTTPStatus:
    """How to answer a request that could not be read, or whose answer could not be written."""
    if type(error) in _STATUS:
        return _STATUS[type(error)]
    if isinstance(error, errors.ParseException):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.INTERNAL_SERVER_ERROR
