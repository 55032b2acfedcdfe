"""The yardstick: the least that Flask can do, served by the same gunicorn configuration."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """Thirteen bytes."""
    return "Hello, World!"
