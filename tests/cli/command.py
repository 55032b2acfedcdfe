"""`handbell` on one data folder: in this process, or as the installed command."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.store.database import Database
from app.store.migrate import migrate
from tests.in_process import run_in_process

COMMAND = Path(sys.executable).with_name("handbell")


class Handbell:
    """Runs commands on one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"

    def run(self, *arguments: str | bytes, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command in this process, which is much quicker than a process for each; returns any result."""
        return run_in_process(arguments, self._environment(environment), self.folder, stdin)

    def process(self, *arguments: str | bytes, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command as a process; it must not print a traceback."""
        finished = subprocess.run(
            [str(COMMAND), *arguments],
            env=self._environment(environment),
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in finished.stderr, finished.stderr
        return finished

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        """This process's environment, with only these settings of Handbell."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("HANDBELL_") and name != "PORT"
        }
        return {**clean, "PORT": "8000", "HANDBELL_DATA_DIR": str(self.data), **more}

    def says(self, *arguments: str) -> str:
        """Run a command that must succeed; returns its output."""
        finished = self.run(*arguments)
        assert (finished.returncode, finished.stderr) == (0, ""), finished.stderr
        return finished.stdout

    def json(self, *arguments: str) -> Any:
        """Run a command with `--json`; returns the parsed output."""
        return json.loads(self.says(*arguments, "--json"))

    def fails(self, *arguments: str | bytes, **environment: str) -> str:
        """Run a command that must fail; returns the one line it prints."""
        finished = self.run(*arguments, **environment)
        assert (finished.returncode, finished.stdout) == (1, "")
        (line,) = finished.stderr.splitlines()
        return line

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database that the command uses."""
        database = Database(f"sqlite:///{self.data / 'handbell.sqlite3'}")
        migrate(database)
        try:
            yield database
        finally:
            database.close()
