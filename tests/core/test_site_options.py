"""A site's options as people write them: parsed, or refused with a fact."""

from datetime import date
from typing import Any

import pytest

from app.core.colour import nearest_readable
from app.core.customer import NAMES
from app.core.customer_info import AskPolicy
from app.core.declaration import declared
from app.core.fact import Fact
from app.core.site import DEFAULT_APPLET_HOSTS
from app.core.site_options import read_options

TODAY = date(2026, 3, 1)
LANGUAGES = ("de", "pt_BR")
BACKENDS = tuple(known.name for known in declared())


def read(**written: Any) -> tuple[dict[str, Any], list[Fact]]:
    return read_options(written, today=TODAY, languages=LANGUAGES)


@pytest.mark.parametrize(
    ("option", "written", "kept"),
    [
        ("name", " As it is ", " As it is "),
        ("backend", "take-control", "take-control"),
        ("ask_customer_info", "always", AskPolicy.ALWAYS),
        ("department", " id_10 ", "id_10"),
        ("department", "", None),
        ("technician", " Anna@Example.com ", "anna@example.com"),
        ("technician", None, None),
        ("phone", " +1 555 0100 ", "+1 555 0100"),
        ("phone", "1" * 40, "1" * 40),
        ("mail", "help@example.com", "help@example.com"),
        ("mail", f"{'x' * 242}@example.com", f"{'x' * 242}@example.com"),
        ("required", ["problem_description", "customer_name"], ("customer_name", "problem_description")),
        ("fields", ["customer_phone"], ("customer_phone",)),
        ("applet_hosts", [], DEFAULT_APPLET_HOSTS),
        ("applet_hosts", ["127.0.0.1", "*.Example.com", "127.0.0.1"], ("127.0.0.1", "*.example.com")),
        ("key_made", " 2026-03-01 ", "2026-03-01"),
        ("key_made", " ", None),
        ("rate", "1", 1),
        ("rate", 1000, 1000),
        ("origins", ["https://a.example/", "https://A.example"], ("https://a.example",)),
        ("origins", [f"https://a{n}.example" for n in range(100)], tuple(f"https://a{n}.example" for n in range(100))),
        ("insecure_origins", ["http://intranet/", "HTTP://Intranet"], ("http://intranet",)),
        ("server_networks", ["203.0.113.0/24"], ("203.0.113.0/24",)),
        ("foreign_forms", "deny", "deny"),
        ("colour", "7A1F5C", "#7a1f5c"),
        ("colour", " #7a1f5c ", "#7a1f5c"),
        ("languages", [" PT-br ", "de", "pt_BR"], ("pt_BR", "de")),
        ("api_domain", " ", None),
        ("webhook", " https://example.com/hook ", "https://example.com/hook"),
    ],
)
def test_an_option_is_kept_in_one_spelling(option: str, written: object, kept: object) -> None:
    assert read(**{option: written}) == ({option: kept}, [])


@pytest.mark.parametrize(
    ("option", "written", "code", "values"),
    [
        ("backend", "pigeon", "choice", {"choices": BACKENDS}),
        ("ask_customer_info", "sometimes", "choice", {"choices": tuple(AskPolicy)}),
        ("department", "ten", "department", {}),
        ("phone", "1" * 41, "too_long", {"limit": 40, "length": 41}),
        ("phone", "call us", "no_number", {}),
        ("mail", f"{'x' * 243}@example.com", "too_long", {"limit": 254, "length": 255}),
        ("mail", "help", "email", {}),
        ("required", ["customer_name", "shoe_size"], "unknown", {"known": NAMES, "names": ("shoe_size",)}),
        ("fields", ["shoe_size"], "unknown", {"known": NAMES, "names": ("shoe_size",)}),
        ("applet_hosts", [f"a{n}.example.com" for n in range(101)], "too_many", {"most": 100}),
        ("origins", [f"https://a{n}.example" for n in range(101)], "too_many", {"most": 100}),
        ("insecure_origins", [f"http://a{n}" for n in range(101)], "too_many", {"most": 100}),
        ("server_networks", [f"203.0.113.{n}" for n in range(101)], "too_many", {"most": 100}),
        ("key_made", "yesterday", "day", {}),
        ("key_made", "2026-03-02", "future", {"day": "2026-03-02"}),
        ("rate", "0", "range", {"least": 1, "most": 1000}),
        ("rate", 1001, "range", {"least": 1, "most": 1000}),
        ("rate", "-5", "range", {"least": 1, "most": 1000}),
        ("rate", "٣", "range", {"least": 1, "most": 1000}),
        ("rate", "0000005", "range", {"least": 1, "most": 1000}),
        ("foreign_forms", "perhaps", "choice", {"choices": ("confirm", "deny")}),
        ("colour", "purple", "colour", {}),
        (
            "colour",
            "FFFF00",
            "pale",
            {"colour": "#ffff00", "ratio": "1.0", "needed": 4.5, "nearest": nearest_readable("#ffff00")},
        ),
        ("languages", ["xx-" + "y" * 90], "no_such_language", {"written": "xx-" + "y" * 77, "known": LANGUAGES}),
    ],
)
def test_an_option_that_cannot_be_kept_is_refused_with_the_reason(
    option: str, written: object, code: str, values: dict[str, Any]
) -> None:
    assert read(**{option: written}) == ({}, [Fact(option, code, values)])


def test_one_fault_keeps_no_other_option_back() -> None:
    options, problems = read(rate="0", phone="none", backend="embedded", languages=[])
    assert options == {"backend": "embedded", "languages": ()}
    assert [problem.field for problem in problems] == ["rate", "phone"]
