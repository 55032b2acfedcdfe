"""A backend's two failures."""

import pytest

from app.core.backend import Unavailable


@pytest.mark.parametrize("maybe_sent", [True, False])
def test_a_failure_says_whether_the_session_may_exist(maybe_sent: bool) -> None:
    failure = Unavailable("no answer", maybe_sent=maybe_sent)
    assert (str(failure), failure.maybe_sent) == ("no answer", maybe_sent)
    assert Unavailable("refused connection").maybe_sent is False
