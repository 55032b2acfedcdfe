"""A new backend takes one file and one line, as CONTRIBUTING says."""

from pathlib import Path

import pytest

from app.backends import backend
from app.backends.declaring import Backend
from app.core.declaration import Opener, Option, UnknownBackend, declare
from app.core.site import Site
from tests.project_copy import run_with


@pytest.mark.slow
def test_a_request_goes_its_whole_way_with_a_new_backend(tmp_path: Path) -> None:
    here = Path(__file__)
    run_with(tmp_path, here.with_name("pager_backend.py"), "backends", "pager", here.with_name("pager_journey.py"))


def test_an_unknown_backend_raises_and_names_itself() -> None:
    with pytest.raises(UnknownBackend, match=r"carrier-pigeon.*embedded, take-control"):
        backend("carrier-pigeon")
    site = Site(slug="a", name="A", uid="u", backend="carrier-pigeon")
    with pytest.raises(UnknownBackend, match="carrier-pigeon"):
        _ = site.opener
    assert (site.at_desk, site.at_vendor, site.missing()) == (False, False, [])


def test_a_backend_declares_all_that_its_opener_needs() -> None:
    for opener in (Opener.SERVER, Opener.BROWSER):
        with pytest.raises(ValueError, match="needs more"):
            Backend(name="half", label="Half", opener=opener)
    with pytest.raises(ValueError, match="needs more"):
        Backend(name="half", label="Half", opener=Opener.DESK, browser_when_unreadable=True)


def test_names_of_backends_and_of_their_options_are_taken_once() -> None:
    other = Option(name="api_domain", label="Another rule")
    for name, options in (("embedded", ()), ("new", (other,))):
        with pytest.raises(ValueError, match="taken"):
            declare(Backend(name=name, label="New", opener=Opener.DESK, options=options))
