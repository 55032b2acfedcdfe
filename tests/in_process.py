"""Runs the `handbell` command in this process, with the same effect and output, without a process's start of 0.6 s."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from app.cli import main


def run_in_process(
    arguments: Sequence[str | bytes], environment: Mapping[str, str], folder: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `handbell <arguments>` in `folder`; returns any result, and raises unexpected exceptions."""
    said, complained = _written(), _written()
    with (
        _as_a_process(arguments, environment, folder, stdin),
        redirect_stdout(said),
        redirect_stderr(complained),
        pytest.raises(SystemExit) as end,
    ):
        main()
    return subprocess.CompletedProcess(list(arguments), end.value.code or 0, _read(said), _read(complained))


@contextmanager
def _as_a_process(
    arguments: Sequence[str | bytes], environment: Mapping[str, str], folder: Path, stdin: str
) -> Iterator[None]:
    """Set everything that belongs to a process, and restore it afterwards."""
    argv = ["handbell", *(os.fsdecode(argument) for argument in arguments)]
    typed = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    with (
        chdir(folder),
        patch.dict(os.environ, environment, clear=True),
        patch.object(sys, "argv", argv),
        patch.object(sys, "stdin", typed),
    ):
        yield


def _written() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)


def _read(written: io.TextIOWrapper) -> str:
    buffer = written.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
