"""Times in the database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from app.store.tables import Moment, metadata

_DIALECT = sqlite.dialect()


@given(st.datetimes(timezones=st.just(UTC)))
@settings(max_examples=100, deadline=None)
def test_a_moment_is_kept_to_the_microsecond(moment: datetime) -> None:
    stored = Moment().process_bind_param(moment, _DIALECT)
    assert isinstance(stored, int)
    assert Moment().process_result_value(stored, _DIALECT) == moment


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    there = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert Moment().process_bind_param(there, _DIALECT) == 1_772_366_400_000_000


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(TypeError):
        Moment().process_bind_param(datetime(2026, 3, 1), _DIALECT)  # noqa: DTZ001 - must be refused


def test_every_time_is_a_moment() -> None:
    times = [
        c
        for table in metadata.tables.values()
        for c in table.columns
        if c.name in ("at", "expires_at") or c.name.endswith("_at")
    ]
    assert len(times) > 15
    assert all(isinstance(column.type, Moment) for column in times)
