"""Reasons why a request waits."""

from app.core.why import Why, WhyCode


def test_only_what_makes_a_request_suspect_is_a_suspicion() -> None:
    suspected = {code for code in WhyCode if Why(code).suspected}
    assert suspected == {WhyCode.TRAP, WhyCode.TOO_FAST, WhyCode.NO_CHECK, WhyCode.CHECK_USED}


def test_it_prints_as_its_code_and_values() -> None:
    assert str(Why(WhyCode.STALE)) == "stale"
    assert str(Why(WhyCode.NO_ANSWER, {"host": "a", "n": 1})) == "no_answer host=a n=1"
