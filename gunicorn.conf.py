"""gunicorn's configuration, for `handbell serve` and for `gunicorn -c gunicorn.conf.py wsgi:app`."""

import signal
from types import FrameType
from typing import Any

from gunicorn.http import message

from app import metrics
from app.process.leaving import LEAVES_FOR, is_leaving, leave
from app.settings import load_settings

# The vendor allows GET with 1,024 characters of any script, each up to twelve bytes once percent-encoded;
# gunicorn caps its own setting at 8,190.
message.MAX_REQUEST_LINE = 32 * 1024

_settings = load_settings()
_host = f"[{_settings.bind}]" if ":" in _settings.bind else _settings.bind
bind = f"{_host}:{_settings.port}"
workers = _settings.processes
worker_class = "app.process.web_process.WebProcess"  # gthread, with streams
logger_class = "app.process.server_log.ServerLog"  # without what clients send
threads = _settings.threads
worker_connections = 1000
# Otherwise one process gets nearly all keep-alive connections.
reuse_port = True
# The system's own call for files knows no time limit for a client that takes nothing.
sendfile = False
keepalive = 75
timeout = 30
graceful_timeout = 20 + int(LEAVES_FOR)
limit_request_line = 32 * 1024
limit_request_fields = 60
forwarded_allow_ips = ""
proc_name = "handbell"
loglevel = "warning"
control_socket_disable = True

# All processes count in one folder. This file is read before any process is forked.
metrics.share(_settings.metrics_dir)


def on_starting(server: Any) -> None:
    """Remove metrics files of an earlier run's processes."""
    metrics.forget_dead_processes(_settings.metrics_dir)


def when_ready(server: Any) -> None:
    """Let SIGTERM be known in `/readyz` first, and a second one end this host at once, as SIGINT does."""

    def stop(_signal: int, frame: FrameType | None) -> None:
        server.signal(signal.SIGINT if is_leaving() else signal.SIGTERM, frame)
        leave()

    signal.signal(signal.SIGTERM, stop)


def post_fork(server: Any, worker: Any) -> None:
    """Make the web process's own metrics files."""
    metrics.prepare()


def child_exit(server: Any, worker: Any) -> None:
    """Remove the gauges of a web process that has ended."""
    metrics.forget_dead_gauges(_settings.metrics_dir)


def worker_exit(server: Any, worker: Any) -> None:
    """Settle the hand-offs in flight before the process ends; others are left to other processes."""
    if here := getattr(getattr(worker, "wsgi", None), "extensions", {}).get("handbell"):
        here.close()
