"""The Nu HTML checker finds invalid HTML, in pages that are kept once for each shape."""

import os
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.nu.pages import errors_of, keep_page

VALID = '<!doctype html><html lang="en"><head><title>x</title></head><body><ul><li>1</li></ul></body></html>'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HANDBELL_TEST_NU_PAGES", str(tmp_path))
    return tmp_path


def keep(page: str) -> None:
    keep_page(BeautifulSoup(page, "html.parser"), page.encode())


def test_one_page_of_each_shape_is_kept(folder: Path) -> None:
    keep(VALID)
    keep(VALID.replace("<li>1</li>", "<li>2</li><li>3</li>"))
    assert len(list(folder.iterdir())) == 1
    keep(VALID.replace("<li>", '<li id="x">'))
    keep(VALID.replace("<li>1</li>", "<li><p>1</p></li>"))
    assert len(list(folder.iterdir())) == 3


def test_the_checker_names_what_is_wrong(folder: Path) -> None:
    jar = os.environ.get("HANDBELL_TEST_NU")
    if not jar:
        pytest.skip(os.environ.get("HANDBELL_TEST_NO_NU", "HANDBELL_TEST_NU is not set; run tools/test"))
    keep(VALID)
    assert errors_of(folder, jar) == []
    keep(VALID.replace("<li>", '<li aria-hidden="maybe">'))
    (error,) = errors_of(folder, jar)
    assert "aria-hidden" in error
