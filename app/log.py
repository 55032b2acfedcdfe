"""Log lines: JSON on standard error, with ids and never with names, mail addresses or texts."""

import logging
import sys

import structlog


class _OfLibraries(logging.Handler):
    """Log lines of libraries, as JSON, without their text: it may hold an address, a value or a line of a request."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the logger's name, its level, where it was, and the kind of exception."""
        kind = record.exc_info[0] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            at=f"{record.filename}:{record.lineno}",
            error=kind.__name__ if kind else None,
        )


def set_up(level: str) -> None:
    """Configure structlog for this process, and the libraries' loggers to write by it."""
    root = logging.getLogger()
    if not any(isinstance(handler, _OfLibraries) for handler in root.handlers):
        root.addHandler(_OfLibraries())
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # a database that is away is told of once a minute
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
