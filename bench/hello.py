"""The yardstick: a minimal Flask application, served by the same gunicorn configuration."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """An answer of thirteen bytes."""
    return "Hello, World!"
