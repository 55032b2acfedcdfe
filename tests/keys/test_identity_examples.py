"""The examples of docs/widget-identity.md, run where their language is installed."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.keys.identity import read_identity

DOC = (Path(__file__).parents[2] / "docs" / "widget-identity.md").read_text("utf-8")
SECRET = "hbid_an-identity-secret-for-this-test-alone-000"
CUSTOMER = ("u-1", "Zoë 界", "zoe@example.com", "C-1")
_SPELLED = ", ".join(json.dumps(text, ensure_ascii=False) for text in (SECRET, *CUSTOMER))
CALLS = {
    "python": (sys.executable, "py", f"\nprint(handbell_identity({_SPELLED}))\n"),
    "javascript": ("node", "cjs", f"\nconsole.log(handbellIdentity({_SPELLED}));\n"),
    "php": ("php", "php", f"\necho handbell_identity({_SPELLED});\n"),
}
_CSHARP = """
public static class Program {{ public static void Main() => Console.WriteLine(Handbell.Identity({arguments})); }}
"""
_PROJECT = """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType>
<TargetFramework>net{version}</TargetFramework></PropertyGroup></Project>"""


def example(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)
    return str(code)


def assert_good(token: str) -> None:
    identity = read_identity(token.strip(), SECRET, "help", datetime.now(UTC))
    assert (identity.subject, *identity.elements.values()) == CUSTOMER


@pytest.mark.slow
@pytest.mark.parametrize("language", list(CALLS))
def test_an_example_makes_a_token_that_is_taken(language: str, tmp_path: Path) -> None:
    program, ending, call = CALLS[language]
    if not shutil.which(program):
        pytest.skip(f"{program} is not here")
    file = tmp_path / f"example.{ending}"
    file.write_text(example(language) + call, "utf-8")
    done = subprocess.run([program, file], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert_good(done.stdout)


@pytest.mark.slow
def test_the_example_in_c_sharp_makes_one_too(tmp_path: Path) -> None:
    if not shutil.which("dotnet"):
        pytest.skip("dotnet is not here")
    version = subprocess.run(["dotnet", "--version"], capture_output=True, text=True, check=True).stdout.split(".")[:2]
    (tmp_path / "Example.csproj").write_text(_PROJECT.format(version=".".join(version)), "utf-8")
    code = example("csharp") + _CSHARP.format(arguments=_SPELLED)
    (tmp_path / "Example.cs").write_text(code, "utf-8")
    done = subprocess.run(["dotnet", "run"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_good(done.stdout)


def test_there_is_an_example_for_each_of_four_languages() -> None:
    assert set(re.findall(r"```(\w+)\n", DOC)) == {"python", "javascript", "php", "csharp"}
