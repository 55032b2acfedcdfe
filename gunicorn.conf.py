"""gunicorn's configuration, for `handbell serve` and for `gunicorn -c gunicorn.conf.py wsgi:app`."""

from gunicorn.http import message

from app.settings import load_settings

# The vendor allows GET with 1,024 characters of any script, each up to twelve bytes once percent-encoded;
# gunicorn caps its own setting at 8,190.
message.MAX_REQUEST_LINE = 32 * 1024

_settings = load_settings()
_host = f"[{_settings.bind}]" if ":" in _settings.bind else _settings.bind
bind = f"{_host}:{_settings.port}"
workers = _settings.processes
worker_class = "gthread"
threads = _settings.threads
worker_connections = 1000
# Without it one process takes nearly all keep-alive connections.
reuse_port = True
keepalive = 75
timeout = 30
graceful_timeout = 20
limit_request_line = 32 * 1024
limit_request_fields = 60
forwarded_allow_ips = ""
proc_name = "handbell"
loglevel = "warning"
control_socket_disable = True


def worker_exit(server, worker):
    """Settle the hand-offs in flight before the process ends; what it has not begun is left to others."""
    if here := getattr(getattr(worker, "wsgi", None), "extensions", {}).get("handbell"):
        here.close()
