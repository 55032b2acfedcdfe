"""The installed command behaves like the one that other tests run in their own process: same output, same exit
status."""

import pytest
from sqlalchemy import text

from app.store.installation import set_compatible_from
from app.store.migrate import HEAD
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


def test_beside_a_newer_version_standard_output_is_what_was_asked_for(filled: Handbell) -> None:
    before = filled.process("site", "list", "--json").stdout
    with filled.database() as database:
        database.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
        database.write(lambda connection: set_compatible_from(connection, HEAD))
    listed = filled.process("site", "list", "--json")
    assert (listed.returncode, listed.stdout) == (0, before)
    assert "schema_newer" in listed.stderr
