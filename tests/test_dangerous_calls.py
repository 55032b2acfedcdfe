"""What no module of the product may do: run text as code, start programs, read objects or XML unguarded, send mail,
use weak hashes or guessable numbers."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[1] / "app").rglob("*.py"))
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
STARTS_PROGRAMS = {"system", "popen", "fork", "execv", "execve", "execvp", "spawnv", "posix_spawn"}
REFUSED = {
    *("subprocess", "pty", "code", "ctypes", "multiprocessing"),
    *("pickle", "marshal", "shelve", "dill", "yaml"),
    *("xml.sax", "xml.dom", "lxml", "imaplib", "telnetlib", "ftplib", "ldap3"),
}
NAMES_OF_XML = {"Element", "ParseError"}  # parsed by defusedxml alone
HASHES = {"sha256", "sha384", "sha512"}


@cache
def nodes() -> list[tuple[Path, ast.AST]]:
    return [(source, node) for source in SOURCES for node in ast.walk(ast.parse(source.read_text("utf-8")))]


def imports() -> Iterator[tuple[Path, str, str]]:
    """Module, and the name taken from it (empty for the module itself)."""
    for source, node in nodes():
        if isinstance(node, ast.Import):
            yield from ((source, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((source, node.module or "", alias.name) for alias in node.names)


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 200
    assert {"hashlib", "secrets", "defusedxml.ElementTree", "random"} <= {module for _, module, _ in imports()}


def test_no_text_is_run_as_code() -> None:
    called = [
        (source.name, node.func.id)
        for source, node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RUNS_TEXT
    ]
    assert called == []


def test_no_program_is_started() -> None:
    found = [
        (source.name, node.attr)
        for source, node in nodes()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id == "os" and node.attr in STARTS_PROGRAMS
    ]
    assert found == []


@pytest.mark.parametrize("refused", sorted(REFUSED))
def test_a_dangerous_module_is_not_imported(refused: str) -> None:
    assert [
        source.name for source, module, _ in imports() if module == refused or module.startswith(f"{refused}.")
    ] == []


def test_mails_are_sent_by_the_channel_alone() -> None:
    assert {source.name for source, module, _ in imports() if module == "smtplib"} == {"mail.py"}


def test_xml_is_parsed_by_defusedxml_alone() -> None:
    taken = {(source.name, name) for source, module, name in imports() if module.partition(".")[0] == "xml"}
    assert {name for _, name in taken} <= NAMES_OF_XML


def test_hashes_are_of_the_sha_2_family() -> None:
    """TURN prescribes MD5 for the key of a name and its password (RFC 8489, section 9.2.2)."""
    used = {
        node.attr
        for source, node in nodes()
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "hashlib"
        and (source.name, node.attr) != ("stun.py", "md5")
    }
    used |= {name for _, module, name in imports() if module == "hashlib" and name}
    assert used
    assert used <= HASHES


def test_randomness_is_the_system_s() -> None:
    used = {
        node.attr
        for _, node in nodes()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random"
    }
    assert used == {"SystemRandom"}
    assert [source.name for source, module, name in imports() if module == "random" and name] == []
