"""The installed command behaves like the one that other tests run in their own process: same output, same exit
status."""

import pytest

from tests.cli.command import Handbell

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("technician", "list"), ""),
        (("technician", "list", "--json"), ""),
        (
            (
                "site",
                "set",
                "default",
                "--backend",
                "take-control",
                "--api-domain",
                "help.example.com",
                "--key-file",
                "-",
            ),
            "k",
        ),
        (("department", "rename", "10", "x" * 81), ""),
        (("department", "add", b"\xff\xfe", "--id", "5"), ""),
        (("department", "add"), ""),
        (("ticket",), ""),
        ((), ""),
        (("--help",), ""),
    ],
    ids=str,
)
def test_a_process_says_and_does_the_same(filled: Handbell, arguments: tuple[str | bytes, ...], stdin: str) -> None:
    process = filled.process(*arguments, stdin=stdin)
    here = filled.run(*arguments, stdin=stdin)
    assert process.returncode == here.returncode
    assert process.stdout == here.stdout
    assert process.stderr == here.stderr
    assert process.stdout + process.stderr
