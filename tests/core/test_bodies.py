"""Bodies are parsed strictly: input that parsers read differently is refused, and no other exception is raised."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.bodies import (
    MAX_DEPTH,
    MAX_FIELDS,
    BadBody,
    BadForm,
    DecodedForm,
    decoded_form,
    form_pairs,
    json_object,
    raw_form_pairs,
)


def nested(depth: int) -> bytes:
    """An object with nested arrays of this total depth, counting the object."""
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_a_form_is_read_in_its_order() -> None:
    assert form_pairs(b"b=1&a=2&b=1&c=") == [("b", "1"), ("a", "2"), ("b", "1"), ("c", "")]


def test_an_empty_form_has_no_fields() -> None:
    assert form_pairs(b"") == []


def test_plus_is_a_blank_and_percent_2b_a_plus() -> None:
    assert form_pairs(b"a=1+2&b=1%2B2&c=a%26b%3Dc%25") == [("a", "1 2"), ("b", "1+2"), ("c", "a&b=c%")]


def test_utf_8_is_read_raw_or_percent_encoded() -> None:
    assert form_pairs("a=Zoë&b=Zo%C3%AB&c=%F0%9F%92%A9".encode()) == [
        ("a", "Zoë"),
        ("b", "Zoë"),
        ("c", "\N{PILE OF POO}"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"a=\xff",
        b"a=%FF",
        b"a=%C3",
        b"%E9=1",
        b"a=Zo\xeb",
        b"a=%ED%A0%80",
        b"a=%C0%AF",
        b"a=%F4%90%80%80",
        b"\xff\xfea=1",
    ],
)
def test_a_form_that_is_not_utf_8_is_refused(raw: bytes) -> None:
    with pytest.raises(BadBody, match=r"^the text is not valid UTF-8; send it percent-encoded as UTF-8$") as refused:
        form_pairs(raw)
    assert refused.value.status == 400


def test_a_hundred_fields_are_read_and_one_more_is_too_many() -> None:
    assert len(form_pairs(b"&".join([b"a=1"] * 100))) == MAX_FIELDS == 100
    with pytest.raises(BadForm, match="more than 100 fields") as refused:
        form_pairs(b"&".join([b"a=1"] * 101))
    assert refused.value.status == 413
    assert refused.value.pairs == [("a", "1")] * 100


@pytest.mark.slow
@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_form_or_a_bad_body(raw: bytes) -> None:
    try:
        pairs = form_pairs(raw)
    except BadBody:
        return
    for name, value in pairs:
        (name + value).encode("utf-8")


def test_a_json_object_is_read() -> None:
    body = {"a": "Zoë\n\N{PILE OF POO}", "b": [1, 2.5, True, None], "c": {"d": ""}}
    assert json_object(json.dumps(body).encode()) == body
    assert json_object(json.dumps(body, ensure_ascii=False).encode()) == body


def test_a_byte_order_mark_and_the_empty_array_of_php_are_an_object() -> None:
    assert json_object(b"\xef\xbb\xbf{}") == json_object(b"[]") == json_object(b" [ ] ") == {}


@pytest.mark.parametrize("raw", [b"[1]", b'"a"', b"1", b"null", b"true"])
def test_json_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(BadBody, match=r"^the body must be a JSON object$"):
        json_object(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":1}x',
        b"{}{}",
        b'{"a":01}',
        b'{"a":"\n"}',
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(BadBody, match="not valid JSON"):
        json_object(raw)


@pytest.mark.parametrize("raw", [b'{"a":1,"a":1}', b'{"a":1,"a":2}', b'{"x":{"a":1,"a":2}}', b'{"a":1,"\\u0061":2}'])
def test_a_member_given_twice_is_refused(raw: bytes) -> None:
    with pytest.raises(BadBody, match=r"^the body is not valid JSON: a member is given twice$"):
        json_object(raw)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"9" * 5000])
def test_numbers_that_are_none_are_refused(number: bytes) -> None:
    for raw in (b'{"a":%b}' % number, b'{"a":[{"b":%b}]}' % number):
        with pytest.raises(BadBody) as refused:
            json_object(raw)
        assert refused.value.status == 400


def test_eight_levels_are_read_and_nine_refused() -> None:
    assert MAX_DEPTH == 8
    assert json_object(nested(8))
    with pytest.raises(BadBody, match="deeper than 8"):
        json_object(nested(9))


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 100_000, nested(50_000), b'{"a":' + b"[" * 60_000])
def test_a_very_deep_body_is_a_bad_body_too(raw: bytes) -> None:
    with pytest.raises(BadBody):
        json_object(raw)


@pytest.mark.parametrize("text", [rb"\ud800", rb"\udfff", rb"a\udc00b", rb"\ude00\ud83d"])
def test_half_a_surrogate_pair_is_refused_in_names_and_values(text: bytes) -> None:
    for raw in (b'{"a":"%b"}' % text, b'{"%b":1}' % text, b'{"a":["%b"]}' % text):
        with pytest.raises(BadBody, match=r"^a text contains half a surrogate pair$"):
            json_object(raw)


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert json_object(rb'{"a":"\ud83d\udca9"}') == {"a": "\N{PILE OF POO}"}


def test_nul_is_refused_in_names_and_values() -> None:
    for raw in (rb'{"a":"x\u0000"}', rb'{"\u0000":1}', rb'{"a":{"b":["\u0000"]}}'):
        with pytest.raises(BadBody, match=r"^a text contains U\+0000$"):
            json_object(raw)


@pytest.mark.parametrize(
    "raw", [b'{"a":"\xff"}', '{"a":"Zoë"}'.encode("latin-1"), '{"a":1}'.encode("utf-16"), b'{"a":"\xed\xa0\x80"}']
)
def test_json_that_is_not_utf_8_is_refused(raw: bytes) -> None:
    with pytest.raises(BadBody, match=r"^the body is not valid UTF-8$"):
        json_object(raw)


@pytest.mark.slow
@given(st.binary(max_size=200) | st.text('[]{}",:0123456789.eE+-\\untrfalsN', max_size=100).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_json_or_a_bad_body(raw: bytes) -> None:
    try:
        found = json_object(raw)
    except BadBody:
        return
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (b"NaN", "the body is not valid JSON: NaN is not JSON"),
        (b"-Infinity", "the body is not valid JSON: -Infinity is not JSON"),
        (b"1e999", "a number is out of range"),
        (b"-1e999", "a number is out of range"),
    ],
)
def test_a_number_that_is_none_is_refused_with_the_reason(number: bytes, why: str) -> None:
    with pytest.raises(BadBody, match=f"^{why}$"):
        json_object(b'{"a":%b}' % number)


def test_depth_beyond_what_the_parser_takes_is_refused_as_depth() -> None:
    with pytest.raises(BadBody, match=r"^the JSON is nested deeper than 8$"):
        json_object(b"[" * 100_000)


def test_a_form_in_any_encoding_is_read_as_bytes() -> None:
    assert raw_form_pairs(b"a=1+2&&b=%2B%e9&c&d=e=f&=g&") == [
        (b"a", b"1 2"),
        (b"b", b"+\xe9"),
        (b"c", b""),
        (b"d", b"e=f"),
        (b"", b"g"),
    ]


def test_a_hundred_fields_as_bytes_are_read_and_one_more_is_too_many() -> None:
    assert len(raw_form_pairs(b"a=1&" * 100)) == 100
    with pytest.raises(BadForm, match=r"^more than 100 fields$") as refused:
        raw_form_pairs(b"a=1&" * 101)
    assert refused.value.status == 413
    assert refused.value.pairs == [("a", "1")] * 100


@pytest.mark.parametrize("declared", [None, "UTF-8", "windows-1252"])
def test_the_field_charset_goes_before_the_content_type(declared: str | None) -> None:
    """Browsers fill in a field of this name with the encoding that they used."""
    pairs = [(b"a", b"\xcf\xf0"), (b"_charset_", b" "), (b"_charset_", b"windows-1251"), (b"_charset_", b"x")]
    read = decoded_form(pairs, declared)
    assert read.pairs[0] == ("a", "Пр")
    assert not read.guessed


def test_the_content_type_s_encoding_is_used_for_names_and_values() -> None:
    assert decoded_form([(b"\xe9", b"\xa4")], "iso-8859-15") == DecodedForm([("é", "€")])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"&#8470; 4", "\u2116 4"),
        (b"&#57344;", "\ue000"),
        (b"&#1114111;", "\U0010ffff"),
        (b"&#1114112;", "&#1114112;"),
        (b"&#55296;", "&#55296;"),
        (b"&#57343;", "&#57343;"),
        (b"&#65;", "&#65;"),
        (b"&#9;", "&#9;"),
    ],
)
def test_a_character_that_the_encoding_lacks_is_read_as_browsers_write_it(written: bytes, read: str) -> None:
    assert decoded_form([(b"a", written)], "windows-1252").pairs == [("a", read)]


def test_text_that_declares_nothing_is_utf_8_and_else_windows_1252_to_be_checked() -> None:
    assert decoded_form([(b"a", "Zoë €".encode())], None) == DecodedForm([("a", "Zoë €")])
    assert decoded_form([(b"a", b"Zo\xeb \x80")], None) == DecodedForm([("a", "Zoë €")], guessed=True)


@pytest.mark.parametrize(
    ("value", "charset", "declared", "why"),
    [
        (b"x", b"klingon", None, "the encoding 'klingon' is not known here; send the form as UTF-8"),
        (b"x", b"\xff", None, "the encoding '\ufffd' is not known here; send the form as UTF-8"),
        (b"x", b"", "klingon", "the encoding 'klingon' is not known here; send the form as UTF-8"),
        (b"\xff", b"UTF-8", None, "the text is not valid UTF-8"),
        (b"\xff", b"", "utf8", "the text is not valid utf8"),
        (b"\x81\xff", b"", None, "the text is not valid UTF-8, and no other encoding is declared"),
    ],
)
def test_text_that_is_not_in_its_encoding_is_refused(
    value: bytes, charset: bytes, declared: str | None, why: str
) -> None:
    with pytest.raises(BadBody, match=f"^{why}$") as refused:
        decoded_form([(b"a", value), (b"_charset_", charset)], declared)
    assert refused.value.status == 400
