"""Secrets in the database."""

import base64
import os

import pytest
from cryptography.fernet import Fernet, InvalidToken

from app.core.links import derived_key
from app.keys.seal import Sealer, Unsealable

OLD, NEW = os.urandom(32), os.urandom(32)
SECRET = "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77|1234"


def test_what_was_sealed_is_opened_and_shows_nothing() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal(SECRET)
    assert sealer.unseal(sealed) == SECRET
    assert sealed.isascii()
    assert SECRET[:8] not in sealed
    assert sealer.seal(SECRET) != sealed


def test_an_older_key_of_the_ring_opens_and_the_newest_seals() -> None:
    sealed = Sealer([OLD]).seal(SECRET)
    both = Sealer([NEW, OLD])
    assert both.unseal(sealed) == SECRET
    fresh = both.resealed(sealed)
    assert fresh
    assert Sealer([NEW]).unseal(fresh) == SECRET
    assert both.resealed(fresh) is None


@pytest.mark.parametrize(
    "damage", [lambda s: s[:-4], lambda s: "A" + s[1:], lambda s: "", lambda s: "no token", lambda s: "é"]
)
def test_what_was_changed_on_its_way_is_not_opened(damage) -> None:  # type: ignore[no-untyped-def]
    sealer = Sealer([NEW])
    with pytest.raises(Unsealable):
        sealer.unseal(damage(sealer.seal(SECRET)))


def test_a_key_that_is_gone_opens_nothing() -> None:
    sealed = Sealer([OLD]).seal(SECRET)
    for look in (Sealer([NEW]).unseal, Sealer([NEW]).resealed):
        with pytest.raises(Unsealable) as refused:
            look(sealed)
        assert SECRET not in str(refused.value)
        assert refused.value.__cause__ is None


def test_the_sealing_key_is_derived_and_is_not_the_file_s() -> None:
    sealed = Sealer([NEW]).seal(SECRET)
    for wrong in (NEW, derived_key(NEW, "link:status"), derived_key(NEW, "console-session")):
        with pytest.raises(InvalidToken):
            Fernet(base64.urlsafe_b64encode(wrong)).decrypt(sealed)


def test_each_use_has_its_own_key() -> None:
    with pytest.raises(Unsealable):
        Sealer([NEW]).unseal(Sealer([NEW], use="signing-key").seal(SECRET))
