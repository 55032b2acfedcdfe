"""A new channel takes one file and one line, as CONTRIBUTING says."""

from pathlib import Path

import pytest

from app.channels import channels
from app.core.declaration import Option, declare_channel
from app.core.site import Site
from tests.project_copy import run_with


@pytest.mark.slow
def test_an_event_goes_its_whole_way_with_a_new_channel(tmp_path: Path) -> None:
    here = Path(__file__)
    run_with(tmp_path, here.with_name("bell_channel.py"), "channels", "bell", here.with_name("bell_journey.py"))


def test_a_channel_serves_the_sites_that_have_what_it_needs() -> None:
    site = Site(slug="a", name="A", uid="u")
    assert not channels()["webhook"].serves(site)
    assert channels()["webhook"].serves(Site(slug="a", name="A", uid="u", webhook="https://example.com/hook"))


def test_names_of_channels_and_of_their_options_are_taken_once() -> None:
    for name, options in (("webhook", ()), ("bell", (Option(name="api_domain", label="Another rule"),))):
        with pytest.raises(ValueError, match="taken"):
            declare_channel(name, options)
    assert list(channels()) == ["webhook", "mail", "hook", "chat", "push"]
