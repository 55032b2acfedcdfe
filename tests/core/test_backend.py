"""A backend's two failures."""

import pytest

from app.core.backend import Refused, Unavailable
from app.core.why import Why, WhyCode


@pytest.mark.parametrize("maybe_sent", [True, False])
def test_a_failure_says_whether_the_session_may_exist(maybe_sent: bool) -> None:
    why = Why(WhyCode.NO_ANSWER, {"host": "vendor.example"})
    failure = Unavailable(why, maybe_sent=maybe_sent)
    assert (failure.why, failure.maybe_sent, failure.retry_after) == (why, maybe_sent, None)
    assert Unavailable(why).maybe_sent is False
    assert Unavailable(why, retry_after=2.5).retry_after == 2.5


def test_both_carry_the_fact_and_print_it_without_words() -> None:
    why = Why(WhyCode.BAD_KEY, {"status": 403})
    for failure in (Refused(why), Unavailable(why)):
        assert (failure.why, str(failure)) == (why, "bad_key status=403")
