"""When sessions are looked at."""

import math
from collections.abc import Collection

import pytest

from app.process.session_watch import LOOK_EVERY, SessionWatch


class Sessions:
    def __init__(self) -> None:
        self.live = {"a", "b"}
        self.away = False

    def __call__(self, asked: Collection[str]) -> Collection[str]:
        if self.away:
            raise OSError
        return self.live & set(asked)


def test_those_that_are_no_longer_live_have_ended() -> None:
    sessions = Sessions()
    watch = SessionWatch(sessions)
    assert watch.due == math.inf
    assert set(watch.ended({"a", "b"}, 100.0)) == set()
    sessions.live.remove("a")
    assert set(watch.ended({"a", "b"}, 101.0)) == {"a"}
    assert set(watch.ended(set(), 102.0)) == set()


def test_a_look_is_due_soon_after_a_write_but_not_with_each() -> None:
    watch = SessionWatch(Sessions())
    watch.ended({"a"}, 100.0)
    assert watch.due == math.inf
    watch.soon()
    watch.soon()
    assert watch.due == 100.0 + LOOK_EVERY


def test_a_new_stream_is_looked_at_at_once() -> None:
    watch = SessionWatch(Sessions())
    watch.ended({"a"}, 100.0)
    watch.at_once()
    watch.soon()
    assert watch.due < 100.0


def test_what_could_not_be_looked_at_is_looked_at_again() -> None:
    sessions = Sessions()
    watch = SessionWatch(sessions)
    sessions.away = True
    with pytest.raises(OSError):  # noqa: PT011 - ours
        watch.ended({"a"}, 100.0)
    assert watch.due == 100.0 + LOOK_EVERY
