"""The breaker: when it keeps calls away, and how a probe finds out that the vendor is back."""

from app.core.breaker import Breaker, BreakerState


def fail(breaker: Breaker, times: int, now: float = 0.0) -> None:
    for _ in range(times):
        breaker.failed(now, probe=breaker.began())


def probe(breaker: Breaker) -> None:
    assert breaker.began() is True


def test_five_failures_in_a_row_open_it_for_fifteen_seconds() -> None:
    breaker = Breaker()
    fail(breaker, 4)
    assert (breaker.state, breaker.room(0)) == (BreakerState.CLOSED, None)
    fail(breaker, 1)
    assert breaker.state is BreakerState.OPEN
    assert [breaker.room(t) for t in (0, 14.9, 15)] == [0, 0, 1]


def test_a_success_in_between_starts_the_row_anew() -> None:
    breaker = Breaker()
    fail(breaker, 4)
    breaker.succeeded(0, probe=breaker.began())
    fail(breaker, 4)
    assert breaker.state is BreakerState.CLOSED


def test_half_of_ten_calls_within_a_minute_open_it() -> None:
    breaker = Breaker()
    for turn in range(5):
        breaker.succeeded(turn, probe=breaker.began())
        assert breaker.state is BreakerState.CLOSED
        fail(breaker, 1, turn)
    assert breaker.state is BreakerState.OPEN


def calls(breaker: Breaker, failed: str, now: float = 0.0) -> None:
    """Make one call per letter: `x` failed, `o` succeeded; never five failures in a row."""
    for outcome in failed:
        (breaker.failed if outcome == "x" else breaker.succeeded)(now, probe=breaker.began())


def test_less_than_half_failures_never_open_it() -> None:
    breaker = Breaker()
    calls(breaker, "xxxoooxxoooo")  # 5 of 12
    assert breaker.state is BreakerState.CLOSED
    calls(breaker, "xx")  # 7 of 14
    assert breaker.state is BreakerState.OPEN


def test_many_successes_never_open_it() -> None:
    breaker = Breaker()
    calls(breaker, "o" * 40 + "x")
    assert breaker.state is BreakerState.CLOSED


def test_nine_calls_are_too_few_to_judge_by_their_share() -> None:
    breaker = Breaker()
    calls(breaker, "xxxxoxxxx")
    assert breaker.state is BreakerState.CLOSED
    calls(breaker, "o")
    assert breaker.state is BreakerState.CLOSED, "it opens on a failure alone"
    calls(breaker, "x")
    assert breaker.state is BreakerState.OPEN


def test_a_call_of_exactly_a_minute_ago_counts() -> None:
    for later, state in ((60.0, BreakerState.OPEN), (60.1, BreakerState.CLOSED)):
        breaker = Breaker()
        calls(breaker, "xxxxo", now=0)
        calls(breaker, "oooox", now=later)
        assert breaker.state is state


def test_what_opened_it_is_forgotten_when_it_closes() -> None:
    breaker = Breaker()
    calls(breaker, "xxxxoxxxxox")
    assert breaker.state is BreakerState.OPEN
    probe(breaker)
    breaker.succeeded(15, probe=True)
    calls(breaker, "xxxx", now=15)
    assert breaker.state is BreakerState.CLOSED


def test_calls_of_more_than_a_minute_ago_do_not_count() -> None:
    breaker = Breaker()
    for turn in range(4):
        breaker.succeeded(turn, probe=breaker.began())
        fail(breaker, 1, turn)
    breaker.succeeded(100, probe=breaker.began())
    fail(breaker, 1, 100)
    assert breaker.state is BreakerState.CLOSED


def test_one_probe_goes_through_and_its_success_closes_it() -> None:
    breaker = Breaker()
    fail(breaker, 5)
    probe(breaker)
    assert (breaker.state, breaker.room(20)) == (BreakerState.HALF_OPEN, 0)
    breaker.succeeded(20, probe=True)
    assert (breaker.state, breaker.room(20)) == (BreakerState.CLOSED, None)


def test_failed_probes_double_the_pause_up_to_two_minutes_and_a_success_resets_it() -> None:
    breaker = Breaker()
    fail(breaker, 5)
    now, pauses = 15.0, []
    for _ in range(5):
        probe(breaker)
        breaker.failed(now, probe=True)
        pauses.append(next(s for s in range(200) if breaker.room(now + s)))
        now += pauses[-1]
    assert pauses == [30, 60, 120, 120, 120]
    probe(breaker)
    breaker.succeeded(now, probe=True)
    fail(breaker, 5, now)
    assert (breaker.room(now + 14), breaker.room(now + 15)) == (0, 1)


def test_calls_that_began_before_it_opened_change_nothing() -> None:
    breaker = Breaker()
    fail(breaker, 5)
    breaker.failed(1, probe=False)
    breaker.succeeded(1, probe=False)
    assert (breaker.state, breaker.room(15)) == (BreakerState.OPEN, 1)
    probe(breaker)
    breaker.failed(16, probe=False)
    breaker.succeeded(16, probe=False)
    assert breaker.state is BreakerState.HALF_OPEN


def test_a_probe_that_was_never_made_may_be_made_again_at_once() -> None:
    breaker = Breaker()
    fail(breaker, 5)
    probe(breaker)
    breaker.undone(20, probe=True)
    assert breaker.room(20) == 1
    breaker.undone(20, probe=False)
    assert breaker.state is BreakerState.OPEN


def test_a_probe_that_was_never_made_ends_no_pause() -> None:
    breaker = Breaker()
    fail(breaker, 5)
    probe(breaker)
    breaker.pause(15, 40)
    breaker.undone(20, probe=True)
    assert [breaker.room(t) for t in (20, 54.9, 55)] == [0, 0, 1]


def test_another_call_that_was_never_made_leaves_the_probe_out() -> None:
    breaker = Breaker()
    fail(breaker, 5)
    probe(breaker)
    breaker.undone(20, probe=False)
    assert (breaker.state, breaker.room(20)) == (BreakerState.HALF_OPEN, 0)


def test_only_a_call_while_it_is_open_is_the_probe() -> None:
    breaker = Breaker()
    assert breaker.began() is False
    fail(breaker, 5)
    assert [breaker.began(), breaker.began()] == [True, False]


def test_a_pause_that_the_vendor_asked_for_holds_even_when_closed() -> None:
    breaker = Breaker()
    breaker.failed(0, probe=breaker.began())
    breaker.pause(0, 40)
    assert (breaker.state, breaker.room(39), breaker.room(40)) == (BreakerState.CLOSED, 0, None)
    breaker.pause(0, 10)
    assert breaker.room(39) == 0
