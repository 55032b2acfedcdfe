"""What a module logs, as a list of its lines."""

from types import ModuleType
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture


def capture_log(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> list[Any]:
    """All lines of the module's log from now on, whatever level an application of another test has set."""
    capture = LogCapture()
    every = structlog.make_filtering_bound_logger(0)
    monkeypatch.setattr(module, "log", structlog.wrap_logger(None, processors=[capture], wrapper_class=every))
    return capture.entries
