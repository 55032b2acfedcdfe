"""The npm package of the widget: what npm would publish, judged by publint, attw and TypeScript."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.frameworks.installed import node_modules

pytestmark = pytest.mark.full
ROOT = Path(__file__).parents[2]
_GOOD = """
import { start, type Language } from "@handbell/widget/de";
const language: Language = "pt-BR";
const handbell = start({ server: "https://support.example", mode: "inline", lang: language, target: document.body });
handbell.on("submit", ({ reference }) => reference.toUpperCase());
handbell.on("ready", ({ start_url }) => open(start_url));
handbell.prefill({ name: "Ada", department: 3 });
handbell.identify(null);
handbell.destroy();
"""
_BAD = {
    "mode": 'import { start } from "@handbell/widget"; start({ server: "https://a.example", mode: "popup" });',
    "lang": 'import { start } from "@handbell/widget"; start({ server: "https://a.example", lang: "xx" });',
    "build": 'import { start } from "@handbell/widget/xx"; start({ server: "https://a.example" });',
    "server": 'import { start } from "@handbell/widget"; start({});',
    "event": 'import { start } from "@handbell/widget"; start({ server: "" }).on("sent", () => {});',
    "position": 'import { start } from "@handbell/widget"; start({ server: "", position: "left" });',
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packed package, built from the sources."""
    node_modules()
    folder = tmp_path_factory.mktemp("package")
    copy = folder / "source" / "widget"
    shutil.copytree(ROOT / "widget", copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (copy / "node_modules").symlink_to(ROOT / "widget" / "node_modules")
    (folder / "source" / "app").mkdir()
    (folder / "source" / "app" / "translations").symlink_to(ROOT / "app" / "translations")
    installed = subprocess.run([ROOT / "tools" / "widget", "check"], capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    for command in (
        ["node", "build.mjs", f"--package={copy / 'dist'}"],
        ["node_modules/.bin/tsc", "--project", "tsconfig.package.json"],
        ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(folder)],
    ):
        subprocess.run(command, cwd=copy, check=True, timeout=120)
    return next(folder.glob("*.tgz"))


def tool(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [node_modules() / ".bin" / name, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_publint_finds_nothing(package: Path) -> None:
    told = tool("publint", package, "--strict")
    assert (told.returncode, "All good!" in told.stdout) == (0, True), told.stdout


def test_its_types_are_right_for_all_that_takes_modules(package: Path) -> None:
    told = tool("attw", package, "--profile", "esm-only", "--no-color")
    assert told.returncode == 0, told.stdout
    assert '"@handbell/widget/zh-Hant"' in told.stdout


@pytest.mark.parametrize("name", ["good", *_BAD])
def test_what_is_wrong_does_not_compile(package: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "node_modules" / "@handbell" / "widget"
    target.mkdir(parents=True)
    with tarfile.open(package) as packed:
        packed.extractall(tmp_path, filter="data")
    shutil.copytree(tmp_path / "package", target, dirs_exist_ok=True)
    (tmp_path / "page.ts").write_text(_BAD.get(name, _GOOD), "utf-8")
    told = tool(
        "tsc", "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom",
        tmp_path / "page.ts",
    )  # fmt: skip
    assert (told.returncode == 0) == (name == "good"), told.stdout
    assert told.returncode == 0 or "page.ts(1," in told.stdout
