"""Signed links: one purpose each, expired links told from forged ones, and key rotation."""

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.links import LEEWAY, LONGEST_TOKEN, Expired, Forged, Link, LinkSigner, Purpose, derived_key, new_link_id

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
OLD, NEW = bytes(range(32)), bytes(range(32, 64))
SIGNER = LinkSigner([NEW])
SPELLING = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def link(purpose: Purpose = Purpose.GO, expires: datetime = LATER, site: str | None = None) -> Link:
    return Link(purpose, new_link_id(), expires, site)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("site", [None, "default"])
def test_a_link_is_read_as_it_was_signed(purpose: Purpose, site: str | None) -> None:
    signed = link(purpose, site=site)
    assert SIGNER.read(purpose, SIGNER.sign(signed), NOW) == signed


# Never change these: another salt, key label or field name would end all live links at an upgrade.
GOLDEN = {
    Purpose.FORM: "eyJwIjogImZvcm0iLCAiaSI6ICJBQUVDQXdRRkJnY0lDUW9MREEwT0R3IiwgImUiOiAxODkzNTUzNDQ1fQ"
    ".tRIQDGsJr8dmccOCgSz5_1aNy4E8D6em6ckPttkFG5g",
    Purpose.STATUS: "eyJwIjogInN0YXR1cyIsICJpIjogIkFBRUNBd1FGQmdjSUNRb0xEQTBPRHciLCAiZSI6IDE4OTM1NTM0NDV9"
    ".n26766vylLw0uQ569uTPl0sFvch9ssfxYl4fR7UZUE8",
    Purpose.GO: "eyJwIjogImdvIiwgImkiOiAiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsICJlIjogMTg5MzU1MzQ0NX0"
    ".m7LqnnXXNgtK08nqF7NILGctMSWlaLg_7OsHS74vDM8",
    Purpose.APPLET: "eyJwIjogImFwcGxldCIsICJpIjogIkFBRUNBd1FGQmdjSUNRb0xEQTBPRHciLCAiZSI6IDE4OTM1NTM0NDV9"
    ".bvRmUZwg3f3yr_lZlPtsJ41s4OX0p4b-NQrLWZe-x6g",
    Purpose.CONFIRM: "eyJwIjogImNvbmZpcm0iLCAiaSI6ICJBQUVDQXdRRkJnY0lDUW9MREEwT0R3IiwgImUiOiAxODkzNTUzNDQ1fQ"
    ".GX_FBDDicrLaVQgjwZuubURMVj9K6NukKGZqmN57P5Y",
    Purpose.IDENTITY: "eyJwIjogImlkZW50aXR5IiwgImkiOiAiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsICJlIjogMTg5MzU1MzQ0NX0"
    ".j_a1f1ZsdJyW3SJhxK49OoGIABk-Si1dOrYtBtQ8N2I",
    Purpose.CODE: "eyJwIjogImNvZGUiLCAiaSI6ICJBQUVDQXdRRkJnY0lDUW9MREEwT0R3IiwgImUiOiAxODkzNTUzNDQ1fQ"
    ".HXtspUhZtQj0B8TKmE-TNNXX3p7CKjOsC6y52ugwFRo",
}
GOLDEN_WITH_ALL = (
    "eyJwIjogImZvcm0iLCAiaSI6ICJBQUVDQXdRRkJnY0lDUW9MREEwT0R3IiwgImUiOiAxODkzNTUzNDQ1LCAicyI6ICJkZWZhdWx0Iiwg"
    "Im8iOiAiMDEyMzQ1Njc4OWFiY2RlZiJ9.IKmwXDRXOW_iQd5sWmSc0yphwBcgG3Ax5YgTua6oCc0"
)
GOLDEN_ID, GOLDEN_END = "AAECAwQFBgcICQoLDA0ODw", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("purpose", Purpose)
def test_links_that_were_given_out_live_on_after_an_upgrade(purpose: Purpose) -> None:
    signed = Link(purpose, GOLDEN_ID, GOLDEN_END)
    signer = LinkSigner([NEW])
    assert signer.read(purpose, GOLDEN[purpose], NOW) == signed
    assert signer.sign(signed) == GOLDEN[purpose]


def test_a_form_s_link_lives_on_with_its_site_and_origin() -> None:
    signed = Link(Purpose.FORM, GOLDEN_ID, GOLDEN_END, "default", "0123456789abcdef")
    signer = LinkSigner([NEW])
    assert signer.read(Purpose.FORM, GOLDEN_WITH_ALL, NOW) == signed
    assert signer.sign(signed) == GOLDEN_WITH_ALL


@pytest.mark.parametrize(("made_for", "used_for"), list(permutations(Purpose, 2)))
def test_a_link_for_one_purpose_is_forged_for_every_other(made_for: Purpose, used_for: Purpose) -> None:
    with pytest.raises(Forged):
        SIGNER.read(used_for, SIGNER.sign(link(made_for)), NOW)


def test_a_clock_sixty_seconds_off_either_way_is_forgiven() -> None:
    signed = link()
    token = SIGNER.sign(signed)
    assert timedelta(seconds=60) == LEEWAY
    assert SIGNER.read(Purpose.GO, token, LATER + timedelta(seconds=60)) == signed
    assert SIGNER.read(Purpose.GO, token, NOW - timedelta(seconds=60)) == signed
    with pytest.raises(Expired) as late:
        SIGNER.read(Purpose.GO, token, LATER + timedelta(seconds=60, microseconds=1))
    assert late.value.link == signed


def test_a_late_forgery_is_forged_and_not_expired() -> None:
    token = LinkSigner([OLD]).sign(link())
    with pytest.raises(Forged):
        SIGNER.read(Purpose.GO, token, LATER + timedelta(days=1))


def test_the_newest_key_signs_and_every_key_reads() -> None:
    both = LinkSigner([NEW, OLD])
    signed = link()
    assert both.sign(signed) == LinkSigner([NEW]).sign(signed) != LinkSigner([OLD]).sign(signed)
    for before in (LinkSigner([OLD]), LinkSigner([NEW])):
        assert both.read(Purpose.GO, before.sign(signed), NOW) == signed
    with pytest.raises(Forged):
        LinkSigner([OLD]).read(Purpose.GO, both.sign(signed), NOW)


def test_a_key_that_was_taken_out_signs_nothing_any_more() -> None:
    token = LinkSigner([OLD]).sign(link())
    with pytest.raises(Forged):
        LinkSigner([NEW]).read(Purpose.GO, token, NOW)


def test_another_spelling_of_the_signature_is_the_same_link() -> None:
    signed = link()
    token = SIGNER.sign(signed)
    spellings = [token[:-1] + last for last in SPELLING]
    read = []
    for spelling in spellings:
        try:
            read.append(SIGNER.read(Purpose.GO, spelling, NOW))
        except Forged:
            continue
    assert len(read) > 1, "no second spelling verified: this test has lost its point"
    assert set(read) == {signed}


def test_tokens_are_short_and_hold_nothing_but_purpose_id_end_and_form() -> None:
    signed = link(Purpose.FORM, site="s" * 40)
    token = SIGNER.sign(signed)
    assert len(token) <= 256
    payload = token.rsplit(".", 1)[0]
    says = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert says == {"p": "form", "i": signed.id, "e": int(LATER.timestamp()), "s": "s" * 40}


def test_a_token_of_over_512_characters_is_not_looked_at() -> None:
    long = SIGNER.sign(Link(Purpose.GO, "x" * 400, LATER))
    assert len(long) > LONGEST_TOKEN == 512
    with pytest.raises(Forged):
        SIGNER.read(Purpose.GO, long, NOW)
    fits = Link(Purpose.GO, "x" * 250, LATER)
    assert SIGNER.read(Purpose.GO, SIGNER.sign(fits), NOW) == fits


def test_a_token_of_exactly_512_characters_is_read() -> None:
    made = [Link(Purpose.GO, "x" * length, LATER) for length in range(250, 350)]
    (fits, *_) = [one for one in made if len(SIGNER.sign(one)) == LONGEST_TOKEN]
    assert SIGNER.read(Purpose.GO, SIGNER.sign(fits), NOW) == fits


def test_an_expired_link_says_when_it_ended() -> None:
    with pytest.raises(Expired, match=r"expired at 2026-03-01T12:15:00\+00:00"):
        SIGNER.read(Purpose.GO, SIGNER.sign(link()), LATER + timedelta(hours=1))


def test_every_changed_character_of_the_payload_is_noticed() -> None:
    token = SIGNER.sign(link())
    for position in range(token.rindex(".")):
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        with pytest.raises(Forged):
            SIGNER.read(Purpose.GO, changed, NOW)


@pytest.mark.slow
@given(st.text(max_size=600) | st.text(SPELLING + ".=", max_size=300))
@example("")
@example(".")
@example("..")
@example("\ud800.x")
@example("a." + "=" * 20)
@example(".eJw.x")
@settings(max_examples=300, deadline=None)
def test_garbage_is_forged(token: str) -> None:
    for purpose in Purpose:
        with pytest.raises(Forged):
            SIGNER.read(purpose, token, NOW)


def test_ids_are_128_random_bits() -> None:
    ids = {new_link_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(base64.urlsafe_b64decode(found + "==")) for found in ids} == {16}


def test_keys_are_derived_as_openssl_derives_them() -> None:
    # openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:20…3f -kdfopt salt:handbell -kdfopt info:link:go HKDF
    expected = "b89ace86f8c0f09d7bd362d2101f77205315dac32abf5b574f36f290c81d69ea"
    assert derived_key(NEW, "link:go").hex() == expected


def test_each_use_has_a_key_of_its_own() -> None:
    uses = [*(f"link:{purpose}" for purpose in Purpose), "console-session"]
    assert len({derived_key(NEW, use) for use in uses} | {derived_key(OLD, use) for use in uses}) == 2 * len(uses)
