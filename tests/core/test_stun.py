"""Messages to STUN and TURN servers, against the test vectors of RFC 5769."""

import hmac
import struct

import pytest

from app.core.stun import ALLOCATE, BINDING, HEADER, REFRESH, LongTerm, NotStun, body_length, message, read

COOKIE = bytes.fromhex("2112a442")
ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")  # of the transaction, as in RFC 5769
# RFC 5769, 2.2 and 2.3: answers to a binding.
OVER_IPV4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
OVER_IPV6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5"
    "bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
MATRIX = LongTerm("マトリックス", "TheMatrIX", b"example.org", b"f//499k954d6OL34oL9FSTvy64sA")


def answer(kind: int, attributes: bytes, transaction: bytes = ID) -> bytes:
    """A message of a server."""
    return struct.pack(">HH", kind, len(attributes)) + COOKIE + transaction + attributes


@pytest.mark.parametrize(
    ("data", "address"), [(OVER_IPV4, "192.0.2.1"), (OVER_IPV6, "2001:db8:1234:5678:11:2233:4455:6677")]
)
def test_an_answer_tells_under_which_address_we_are_seen(data: bytes, address: str) -> None:
    answered = read(BINDING, ID, data)
    assert (answered.code, answered.mapped, answered.relayed) == (0, address, None)
    assert (answered.realm, answered.nonce) == (b"", b"")


def test_an_answer_tells_the_relay_s_own_address() -> None:
    answered = read(ALLOCATE, ID, answer(0x0103, bytes.fromhex("001600080001a147e112a643")))
    assert (answered.code, answered.relayed, answered.mapped) == (0, "192.0.2.1", None)


@pytest.mark.parametrize("length", [0, 4, 7, 9, 12, 19, 21])
def test_an_address_of_another_length_is_none(length: int) -> None:
    mapped = struct.pack(">HH", 0x0020, length) + bytes(length + -length % 4)
    assert read(BINDING, ID, answer(0x0101, mapped)).mapped is None


def test_a_refusal_tells_its_code_and_what_to_sign_with() -> None:
    refusal = bytes.fromhex("000900040000040100140003616263000015000564656667680000008022000161000000")
    answered = read(ALLOCATE, ID, answer(0x0113, refusal))
    assert (answered.code, answered.realm, answered.nonce) == (401, b"abc", b"defgh")


def test_the_first_of_two_attributes_of_a_kind_counts() -> None:
    twice = bytes.fromhex("00140001610000000014000162000000")
    assert read(BINDING, ID, answer(0x0101, twice)).realm == b"a"


def test_bytes_after_the_last_attribute_are_ignored() -> None:
    assert read(BINDING, ID, answer(0x0101, bytes.fromhex("0014000161000000") + b"\0\x15\0")).realm == b"a"


def test_an_empty_attribute_at_the_very_end_is_read() -> None:
    assert read(BINDING, ID, answer(0x0101, bytes.fromhex("00140000"))).attributes == {0x14: b""}


def test_an_answer_without_attributes_is_read() -> None:
    data = answer(0x0101, b"")
    assert len(data) == HEADER
    assert read(BINDING, ID, data).code == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        answer(0x0101, b"")[:-1],
        answer(0x0101, b"", transaction=bytes(12)),
        answer(0x0101, b"") + b"\0",
        answer(0x0103, b""),  # of another method
        answer(0x0001, b""),  # a request
        answer(0x0111, b""),  # a refusal without a code
        answer(0x0111, bytes.fromhex("0009000300000400")),
        answer(0x0113, bytes.fromhex("0009000400000401")),  # a refusal of another method
        answer(0x4101, b""),
        answer(0x8101, b""),
        b"\1\1\0\0" + bytes(4) + ID,
    ],
)
def test_anything_else_is_no_answer(data: bytes) -> None:
    with pytest.raises(NotStun):
        read(BINDING, ID, data)


@pytest.mark.parametrize("kind", [0x4001, 0x8001, 0xC001])
def test_a_header_says_how_much_follows_unless_it_is_of_another_protocol(kind: int) -> None:
    assert body_length(struct.pack(">HH", 0x0101, 300) + COOKIE + ID) == 300
    with pytest.raises(NotStun):
        body_length(struct.pack(">HH", kind, 300) + COOKIE + ID)


@pytest.mark.parametrize(
    ("method", "data"),
    [
        (BINDING, "000100002112a442b7e7a701bc34d686fa87dfae"),
        (ALLOCATE, "000300082112a442b7e7a701bc34d686fa87dfae0019000411000000"),  # of UDP
        (REFRESH, "000400082112a442b7e7a701bc34d686fa87dfae000d000400000000"),  # gives the allocation back
    ],
)
def test_an_unsigned_request(method: int, data: str) -> None:
    assert message(method, ID).hex() == data


def test_a_request_can_say_more_and_every_attribute_is_padded() -> None:
    says = ((0x8022, b"a"), (0x8023, b"bcde"))
    assert message(BINDING, ID, says=says) == answer(0x0001, bytes.fromhex("80220001610000008023000462636465"))


def test_the_key_of_a_signature_is_that_of_rfc_5769() -> None:
    """The request of section 2.4 with its MESSAGE-INTEGRITY."""
    signed = bytes.fromhex(
        "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c662f2f3439396b39"
        "353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700"
    )
    assert hmac.new(MATRIX.key, signed, "sha1").hexdigest() == "f67024656dd64a3e02b8e0712e85c9a28ca89666"


def test_a_signed_request_names_its_user_and_is_signed_over_all_before() -> None:
    names = bytes.fromhex(
        "00060012e3839ee38388e383aae38383e382afe382b900000014000b6578616d706c652e6f7267000015001c"
        "662f2f3439396b39353464364f4c33346f4c39465354767936347341"
    )
    body = bytes.fromhex("0019000411000000") + names
    before = struct.pack(">HH", 0x0003, len(body) + 24) + COOKIE + ID + body
    signature = hmac.new(MATRIX.key, before, "sha1").digest()
    assert message(ALLOCATE, ID, MATRIX) == before + bytes.fromhex("00080014") + signature
