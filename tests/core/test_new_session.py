"""The New Session API's parameters: limits, and both wire formats in both directions."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.bodies import form_pairs, json_object
from app.core.customer import Customer
from app.core.fact import Fact
from app.core.new_session import LIMITS, UID_LIMIT, NewSessionRequest, error_envelope, form_parameters
from app.core.text import Invalid
from tests.asking import asked_for, asking

ELEMENT_LIMITS = {"customer_name": 128, "customer_email": 64, "customer_number": 32, "problem_description": 1024}
AWKWARD = [
    "a+b & c=d % e|f",
    "%26%2B%00%zz",
    "\N{PILE OF POO}\N{ZERO WIDTH JOINER}\N{WOMAN}",
    "\N{RIGHT-TO-LEFT OVERRIDE}שלום مرحبا",
    "e\N{COMBINING ACUTE ACCENT} é",
    "line one\nline two\ttabbed",
    "<script>alert('x')</script>",
    "  blanks are kept  ",
    "日本語のテキスト",
    "\N{LINE SEPARATOR}x\N{ZERO WIDTH NO-BREAK SPACE}",
]


def text_within(limit: int) -> st.SearchStrategy[str]:
    """Valid text: any script, with newline and tab as the only controls, not blank."""
    plain = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
    letters = st.one_of(plain, st.sampled_from("\n\t+&=%|;#?\"'<>\\"))
    return st.text(letters, min_size=1, max_size=limit).filter(lambda value: not value.isspace())


def asked() -> st.SearchStrategy[NewSessionRequest]:
    texts = {name: st.none() | text_within(limit) for name, limit in ELEMENT_LIMITS.items()}
    department = st.none() | st.sampled_from(["1234", "id_1234", "0", "007", "none"]) | text_within(20)
    return st.builds(
        asking,
        department=department,
        tech=st.none() | text_within(254),
        ask_customer_info=st.booleans(),
        **texts,
    )


def form_read(body: str) -> NewSessionRequest:
    return NewSessionRequest.from_form(form_parameters(form_pairs(body.encode("ascii"))))


def test_the_limits_are_the_vendors() -> None:
    assert {name: LIMITS[name] for name in ELEMENT_LIMITS} == ELEMENT_LIMITS
    assert UID_LIMIT == 512


@pytest.mark.slow
@given(asked(), st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=512))
@settings(max_examples=150, deadline=None)
def test_whatever_may_be_sent_survives_the_form_flavour(request: NewSessionRequest, uid: str) -> None:
    body = request.to_form(uid)
    assert form_parameters(form_pairs(body.encode("ascii")))["uid"] == uid
    assert form_read(body) == request


@pytest.mark.slow
@given(asked(), st.none() | st.sampled_from(["fr", "pt-BR"]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_may_be_sent_survives_the_rest_flavour(
    request: NewSessionRequest, language: str | None, show: bool
) -> None:
    whole = NewSessionRequest(
        department=request.department,
        tech=request.tech,
        customer=request.customer,
        ask_customer_info=request.ask_customer_info,
        language=language,
        show_waiting_queue=show,
    )
    for escaped in (True, False):
        wire = json.dumps(whole.to_rest(), ensure_ascii=escaped).encode("utf-8")
        assert NewSessionRequest.from_rest(json_object(wire)) == whole


@pytest.mark.parametrize("value", AWKWARD)
@pytest.mark.parametrize("name", ["customer_name", "customer_email", "problem_description"])
def test_awkward_text_arrives_as_it_was_written(name: str, value: str) -> None:
    request = asking(**{name: value})  # type: ignore[arg-type]
    assert asked_for(form_read(request.to_form("k")), name) == value
    read = NewSessionRequest.from_rest(json_object(json.dumps(request.to_rest()).encode()))
    assert asked_for(read, name) == value


@pytest.mark.parametrize("character", ["x", "é", "界", "\N{PILE OF POO}"])
@pytest.mark.parametrize(("name", "limit"), ELEMENT_LIMITS.items())
def test_limits_count_characters_not_bytes(name: str, limit: int, character: str) -> None:
    assert asked_for(form_read(asking(**{name: character * limit}).to_form("k")), name) == character * limit  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refused:
        asking(**{name: character * (limit + 1)})  # type: ignore[arg-type]
    (problem,) = refused.value.problems
    assert problem == Fact(name, "too_long", {"limit": limit, "length": limit + 1})


@pytest.mark.slow
@given(st.sampled_from(sorted(LIMITS.items())), st.integers(1, 5000), st.characters(codec="utf-8"))
@settings(max_examples=150, deadline=None)
def test_no_value_beyond_its_limit_passes(limited: tuple[str, int], more: int, character: str) -> None:
    name, limit = limited
    if character == "\r":
        character = "\n"
    with pytest.raises(Invalid) as refused:
        asking(**{name: character * (limit + more)})  # type: ignore[arg-type]
    assert [p.field for p in refused.value.problems] == [name]


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        NewSessionRequest(customer=Customer(name="x" * 129, number="1" * 33, problem="\x07"))
    assert [p.field for p in refused.value.problems] == ["customer_name", "customer_number", "problem_description"]


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x07", "\x0b", "\x1b", "\x1f", "\x7f", "\x85", "\x9f", "\ud800", "\udfff"],  # noqa: PT014 - surrogates differ
)
def test_control_characters_and_lone_surrogates_are_refused(character: str) -> None:
    with pytest.raises(Invalid) as refused:
        NewSessionRequest(customer=Customer(problem=f"a{character}b"))
    assert refused.value.problems[0].code == "control"


def test_every_kind_of_line_break_is_one_newline() -> None:
    assert NewSessionRequest(customer=Customer(problem="a\r\nb\rc\nd")).customer.problem == "a\nb\nc\nd"


def test_a_line_break_counts_once_however_the_browser_sends_it() -> None:
    text = "\r\n".join(["x"] * 512) + "\r\n"
    assert len(NewSessionRequest(customer=Customer(problem=text)).customer.problem or "") == 1024


@pytest.mark.parametrize("blank", ["", " ", "\t", "\r\n \n", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}"])
def test_a_blank_element_counts_as_not_sent(blank: str) -> None:
    request = NewSessionRequest(department=blank, tech=blank, customer=Customer(name=blank, problem=blank))
    assert request == NewSessionRequest()
    assert request.elements == {}
    assert request.to_form("k") == "uid=k"
    assert request.to_rest() == {}


def test_elements_are_those_that_were_sent() -> None:
    request = NewSessionRequest(customer=Customer(email="z@example.com", problem="p"), tech="t@example.com")
    assert request.elements == {"customer_email": "z@example.com", "problem_description": "p"}


@pytest.mark.parametrize("written", ["1234", "id_1234"])
def test_a_department_is_sent_as_it_was_written_in_a_form(written: str) -> None:
    assert NewSessionRequest(department=written).to_form("k") == f"uid=k&department={written}"


@pytest.mark.parametrize(
    ("written", "sent"), [("1234", 1234), ("0", 0), ("id_1234", "id_1234"), ("007", "007"), ("9" * 16, "9" * 16)]
)
def test_rest_sends_a_plain_number_as_an_integer_and_anything_else_as_text(written: str, sent: object) -> None:
    assert NewSessionRequest(department=written).to_rest() == {"department_id": sent}
    assert NewSessionRequest.from_rest({"department_id": sent}).department == written


def test_rest_uses_the_vendors_names() -> None:
    request = NewSessionRequest(
        department="5",
        tech="a@example.com",
        customer=Customer(name="Z"),
        ask_customer_info=True,
        show_waiting_queue=True,
        language="fr",
    )
    assert request.to_rest() == {
        "department_id": 5,
        "technician_username": "a@example.com",
        "customer_name": "Z",
        "language": "fr",
        "ask_customer_info": "1",
        "show_waiting_queue": "1",
    }


def test_the_form_flavours_names_mean_nothing_in_rest() -> None:
    assert NewSessionRequest.from_rest({"department": "5", "tech": "a@example.com"}) == NewSessionRequest()


def test_the_vendors_example_with_a_blank_in_a_name_is_read() -> None:
    request = form_read("uid=k&department=id_1234& customer_name=Zoe&%20customer_email=z%40example.com")
    assert (request.department, request.customer.name, request.customer.email) == ("id_1234", "Zoe", "z@example.com")


@pytest.mark.parametrize("name", ["customer_name", "Customer_name", "CUSTOMER_NAME", "Customer_Name "])
def test_names_are_read_in_any_case(name: str) -> None:
    assert NewSessionRequest.from_form(form_parameters([(name, "Zoe")])).customer.name == "Zoe"
    assert NewSessionRequest.from_rest({name: "Zoe"}).customer.name == "Zoe"


def test_the_same_value_twice_is_taken_once() -> None:
    assert form_parameters([("tech", "a"), ("Tech", "a"), (" tech ", "a")]) == {"tech": "a"}


@pytest.mark.parametrize(("second", "counts"), [("b", "b"), ("", "a"), ("A", "A")])
def test_of_two_values_the_last_that_is_not_empty_counts(second: str, counts: str) -> None:
    assert form_parameters([("tech", "a"), ("Tech", second)]) == {"tech": counts}
    assert form_parameters([("tech", ""), ("Tech", second)]) == {"tech": second}


def test_rest_members_that_differ_in_case_only_may_not_disagree() -> None:
    with pytest.raises(Invalid, match="customer_name: twice"):
        NewSessionRequest.from_rest({"customer_name": "a", "Customer_Name": "b"})


def test_unknown_parameters_are_passed_over() -> None:
    assert form_read("uid=k&utm_source=x&show_waiting_queue=1") == NewSessionRequest()
    assert NewSessionRequest.from_rest({"color": [1, 2]}) == NewSessionRequest()


@pytest.mark.parametrize(
    ("sent", "meant"), [("1", True), ("0", False), ("", False), ("true", False), ("01", False), ("yes", False)]
)
def test_only_1_asks_for_customer_info(sent: str, meant: bool) -> None:
    assert form_read(f"ask_customer_info={sent}").ask_customer_info is meant
    assert NewSessionRequest.from_rest({"ask_customer_info": sent}).ask_customer_info is meant


@pytest.mark.parametrize(("sent", "meant"), [(1, True), (True, True), (0, False), (2, False), (None, False)])
def test_rest_takes_the_flag_as_a_number_or_a_boolean_too(sent: object, meant: bool) -> None:
    assert NewSessionRequest.from_rest({"ask_customer_info": sent}).ask_customer_info is meant


@pytest.mark.parametrize(("name", "value"), [("department_id", 1234), ("customer_number", 77)])
def test_rest_takes_numbers_where_people_write_numbers(name: str, value: int) -> None:
    request = NewSessionRequest.from_rest({name: value})
    assert str(value) in (request.department, request.customer.number)


WRONG_TYPES: list[tuple[str, Any]] = [
    ("department_id", 1.5),
    ("department_id", True),
    ("department_id", [1]),
    ("customer_number", 1.0),
    ("customer_number", False),
    ("customer_name", 5),
    ("customer_name", {"a": "b"}),
    ("customer_email", ["z@example.com"]),
    ("technician_username", 5),
    ("problem_description", True),
    ("language", 1),
    ("ask_customer_info", 1.0),
    ("ask_customer_info", ["1"]),
    ("show_waiting_queue", {}),
]


@pytest.mark.parametrize(("name", "value"), WRONG_TYPES)
def test_rest_names_a_member_of_the_wrong_type(name: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        NewSessionRequest.from_rest({name: value})
    assert [(p.field, p.code) for p in refused.value.problems] == [(name, "type")]


def test_rest_takes_null_as_not_sent() -> None:
    names = ("department_id", "technician_username", "language", *ELEMENT_LIMITS)
    assert NewSessionRequest.from_rest(dict.fromkeys(names)) == NewSessionRequest()


def test_rest_names_a_limit_in_its_own_spelling() -> None:
    with pytest.raises(Invalid, match="technician_username: too_long"):
        NewSessionRequest.from_rest({"technician_username": "t" * 255})


def test_a_form_is_asked_for_by_the_vendor_s_own_name() -> None:
    assert ("ask_customer_info", "1") in NewSessionRequest(ask_customer_info=True).form_pairs("u")
    assert "ask_customer_info" not in dict(NewSessionRequest().form_pairs("u"))


def test_a_refusal_names_the_member_as_it_was_spelled() -> None:
    for name, spelled in (("customer_name", "customer_name"), ("technician_username", "technician_username")):
        with pytest.raises(Invalid) as refused:
            NewSessionRequest.from_rest({name: "x" * 5000})
        assert [problem.field for problem in refused.value.problems] == [spelled]


def test_a_refusal_is_told_in_the_vendor_s_form() -> None:
    assert error_envelope(403, "no such key") == {
        "result": "ERROR",
        "details": None,
        "errorDetails": {"errorCode": 403, "errorMsg": "no such key"},
    }
