"""Backends and channels declare themselves, and their names and options are taken once."""

import pytest

from app.core import declaration as registry
from app.core.declaration import (
    N_,
    Declaration,
    Opener,
    Option,
    UnknownBackend,
    declaration,
    declare,
    declare_channel,
    declared,
    declared_options,
    is_declared,
    own_options,
    owners,
)

NUMBER = Option(name="pager_number", label="Number")
DOMAIN = Option(name="domain", label="Domain", kept_as="api_domain")
PAGER = Declaration(name="pager", label="A pager", opener=Opener.SERVER, options=(NUMBER, DOMAIN))
DESK = Declaration(name="desk", label="The desk", opener=Opener.DESK)


@pytest.fixture(autouse=True)
def _nothing_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_DECLARED", {})
    monkeypatch.setattr(registry, "_CHANNELS", {})


def test_what_is_declared_is_found_in_its_order() -> None:
    declare(PAGER)
    declare(DESK)
    assert declared() == (PAGER, DESK)
    assert declaration("desk") is DESK
    assert is_declared("desk")
    assert not is_declared("pigeon")


def test_an_unknown_backend_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownBackend, match=r"^there is no backend 'pigeon'; there are: none$"):
        declaration("pigeon")
    declare(PAGER)
    declare(DESK)
    with pytest.raises(UnknownBackend, match=r"^there is no backend 'pigeon'; there are: pager, desk$"):
        declaration("pigeon")


def test_options_of_backends_and_channels_are_known_by_name_with_their_owners() -> None:
    bell = Option(name="bell", label="Bell")
    declare(PAGER)
    declare(DESK)
    declare_channel("ring", (bell, NUMBER))
    assert declared_options() == {"pager_number": NUMBER, "domain": DOMAIN, "bell": bell}
    assert (owners(NUMBER), owners(bell), owners(DOMAIN)) == (["pager", "ring"], ["ring"], ["pager"])
    assert own_options() == {"pager_number": NUMBER, "bell": bell}


def test_a_name_is_taken_once() -> None:
    declare(PAGER)
    with pytest.raises(ValueError, match=r"^backend pager: its name, or one of its options', is taken$"):
        declare(PAGER)
    declare_channel("ring", ())
    with pytest.raises(ValueError, match=r"^channel ring: its name, or one of its options', is taken$"):
        declare_channel("ring", ())


def test_an_option_s_name_with_another_rule_is_taken() -> None:
    declare(PAGER)
    other = Option(name="domain", label="Another rule")
    with pytest.raises(ValueError, match=r"^backend new: "):
        declare(Declaration(name="new", label="New", opener=Opener.SERVER, options=(NUMBER, other)))
    with pytest.raises(ValueError, match=r"^channel new: "):
        declare_channel("new", (other,))
    assert not is_declared("new")


def test_a_label_is_marked_and_stays_as_it_is() -> None:
    assert N_("Number") == "Number"
