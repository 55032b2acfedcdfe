"""Starts `handbell` as a process of its own, forked from one that has loaded all of it.

Loading takes two seconds of CPU, and the tests start some 300 such processes.

The process is what `handbell <command>` is in all else: its own session, environment, folder, output and exit status.
tests/cli/test_server.py starts the command itself.
"""

import importlib
import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from app.cli import main
from app.process import leaving

HANDBELL = Path(sys.executable).parent / "handbell"
_LOADED = ["alembic.command", "alembic.context", "app.cli.server", "app.factory", "gunicorn.app.base", "tests.forked"]
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(_LOADED)


class Forked:
    """A running `handbell <command>`, with what subprocess.Popen has of it. Its standard error goes to `log_file`."""

    def __init__(self, command: str, environment: Mapping[str, str], folder: Path, log_file: Path) -> None:
        output, its_output = _forks.Pipe(duplex=False)
        self._process = _forks.Process(
            target=_be, args=(command, dict(environment), str(folder), str(log_file), its_output)
        )
        self._process.start()
        its_output.close()
        self.stdout = os.fdopen(os.dup(output.fileno()), encoding="utf-8")
        output.close()

    @property
    def pid(self) -> int:
        pid = self._process.pid
        assert pid is not None
        return pid

    def poll(self) -> int | None:
        """The exit status, or minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise TimeoutError(f"{self.pid} has not ended within {timeout} s")
        return code

    def close(self) -> None:
        self.stdout.close()


def _be(command: str, environment: dict[str, str], folder: str, log_file: str, output: Connection) -> None:
    """Become the command."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for there, here in ((nothing, 0), (output.fileno(), 1), (log, 2)):
        os.dup2(there, here)
    for there in (nothing, log):
        os.close(there)
    output.close()
    if "PYTHONPATH" in environment:  # it asks for another code than was loaded
        os.execve(HANDBELL, [str(HANDBELL), command], environment)  # noqa: S606 - no shell is wanted
    importlib.reload(leaving)  # its flag would be shared with all others that are forked
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w", 1, "utf-8"), os.fdopen(2, "w", 1, "utf-8")
    sys.argv = ["handbell", command]
    main()
