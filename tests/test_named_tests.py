"""A run fails when a test that the table of ASVS names did not run in it."""

import pytest

from tests.named_tests import NamedTests, named_tests

pytest_plugins = ["pytester"]
NAMED = ["tests/a/test_one.py::test_passes", "tests/b/test_two.py::test_other"]
BODY = """
import pytest

def test_{name}():
    pass
"""


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Two files, each with one of the named tests. Runs load none of the plugins that are installed but xdist."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    write(pytester, "a/test_one", BODY.format(name="passes"))
    write(pytester, "b/test_two", BODY.format(name="other"))
    return pytester


def write(pytester: pytest.Pytester, name: str, body: str) -> None:
    path = pytester.path / "tests" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body)


def run(pytester: pytest.Pytester, *arguments: str, skipping: bool = True) -> tuple[int, bool]:
    """The exit status, and whether the summary names the first of them."""
    plugin = NamedTests(NAMED, skipping=skipping)
    done = pytester.runpytest_inprocess("-p", "xdist.plugin", "-p", "no:cacheprovider", *arguments, plugins=[plugin])
    return int(done.ret), NAMED[0] in done.stdout.str()


def test_a_page_s_tests_are_found() -> None:
    assert named_tests("| 1 | x | `tests/a/test_one.py::test_passes`, `tests/x.py::TestX::test_y` |") == [
        NAMED[0],
        "tests/x.py::TestX::test_y",
    ]


def test_all_that_ran_is_well(folder: pytest.Pytester) -> None:
    assert run(folder, "tests") == (0, False)


@pytest.mark.parametrize("arguments", [("tests",), ("tests/a",), ("tests/a/test_one.py",)])
@pytest.mark.parametrize(
    "body",
    [
        BODY.format(name="renamed"),
        BODY.format(name="passes").replace("def", "@pytest.mark.skip(reason='later')\ndef"),
        BODY.format(name="passes").replace("pass\n", "pytest.skip('only sometimes')\n"),
        BODY.format(name="passes").replace("def", "@pytest.mark.parametrize('x', [])\ndef").replace("()", "(x)"),
    ],
    ids=["gone", "skipped", "skipped inside", "no parameters"],
)
def test_what_did_not_run_fails_the_run(folder: pytest.Pytester, body: str, arguments: tuple[str, ...]) -> None:
    write(folder, "a/test_one", body + BODY.format(name="some_other"))
    assert run(folder, *arguments) == (1, True)


def test_it_counts_over_all_workers(folder: pytest.Pytester) -> None:
    assert run(folder, "tests", "-n", "2") == (0, False)
    write(folder, "a/test_one", BODY.format(name="renamed"))
    assert run(folder, "tests", "-n", "2") == (1, True)
    write(
        folder, "a/test_one", f"import pytest\npytestmark = pytest.mark.xdist_group('one'){BODY.format(name='passes')}"
    )
    assert run(folder, "tests", "-n", "2", "--dist", "loadgroup") == (0, False)


@pytest.mark.parametrize(
    "arguments",
    [
        ("tests/b",),
        ("tests", "--ignore", "tests/a"),
        ("tests", "-k", "other"),
        ("tests", "-m", "not slow"),
        ("tests", "--deselect", "tests/a/test_one.py::test_passes"),
        ("tests/a/test_one.py::test_renamed",),
    ],
)
def test_a_selection_is_asked_for_nothing_else(folder: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    write(folder, "a/test_one", BODY.format(name="renamed"))
    assert run(folder, *arguments) == (0, False)


def test_without_its_program_a_test_may_be_skipped_but_not_in_ci(folder: pytest.Pytester) -> None:
    write(folder, "a/test_one", BODY.format(name="passes").replace("def", "@pytest.mark.redis\ndef"))
    (folder.path / "tests/a/conftest.py").write_text(
        "def pytest_runtest_setup():\n    import pytest; pytest.skip('no')"
    )
    folder.makeini("[pytest]\nmarkers = redis")
    assert run(folder, "tests", skipping=True) == (0, False)
    assert run(folder, "tests", skipping=False) == (1, True)


def test_one_set_of_parameters_is_enough(folder: pytest.Pytester) -> None:
    body = (
        "import pytest\n@pytest.mark.parametrize('x', [1, 2])\ndef test_passes(x):\n    x == 1 or pytest.skip('no')\n"
    )
    write(folder, "a/test_one", body)
    assert run(folder, "tests") == (0, False)


def test_a_run_that_stops_at_a_failure_is_asked_for_nothing(folder: pytest.Pytester) -> None:
    write(folder, "a/test_first", BODY.format(name="fails").replace("pass", "assert False"))
    assert run(folder, "tests", "-x") == (1, False)
