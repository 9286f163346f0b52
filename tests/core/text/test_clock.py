"""The next time that work of every day or every hour is due."""

from datetime import UTC, datetime, time

import pytest

from stopintimidatie.core.clock import daily, next_hour


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param("2026-06-01 20:00", "2026-06-02 01:00", id="this coming night"),
        pytest.param("2026-06-02 00:59", "2026-06-02 01:00", id="in a minute"),
        pytest.param("2026-06-02 01:00", "2026-06-03 01:00", id="not twice in one night"),
        pytest.param("2026-10-24 12:00", "2026-10-25 02:00", id="after the night of 25 hours"),
        pytest.param("2026-03-28 12:00", "2026-03-29 01:00", id="after the night of 23 hours"),
    ],
)
def test_daily_work_is_due_when_clocks_in_the_netherlands_show_its_hour(now: str, due: str) -> None:
    assert daily(time(3))(_utc(now)) == _utc(due)


def test_hourly_work_is_due_at_the_next_full_hour() -> None:
    assert next_hour(_utc("2026-06-01 23:00")) == _utc("2026-06-02 00:00")
    assert next_hour(_utc("2026-06-01 20:59")) == _utc("2026-06-01 21:00")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
