"""Dates, times and numbers as Dutch readers write them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from stopintimidatie.core.text import (
    FILTERS,
    ago,
    date_long,
    date_short,
    date_text,
    datetime_long,
    datetime_short,
    days_until,
    file_size,
    machine_time,
    number,
    percent,
    plural,
)

EVENING = datetime(2026, 11, 24, 21, 40, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def test_a_moment_is_written_out_in_the_time_of_amsterdam() -> None:
    assert datetime_long(EVENING) == "dinsdag 24 november 2026, 22.40 uur"


def test_summer_time_can_move_a_moment_to_the_next_day() -> None:
    assert datetime_long(SUMMER) == "donderdag 2 juli 2026, 00.30 uur"


def test_a_moment_of_another_zone_is_converted() -> None:
    there = EVENING.astimezone(timezone(timedelta(hours=-5)))
    assert datetime_short(there) == "24-11-2026, 22.40 uur"


def test_a_moment_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        datetime_long(datetime(2026, 11, 24, 22, 40))


def test_a_day_has_no_time() -> None:
    assert date_long(date(2026, 3, 1)) == "zondag 1 maart 2026"
    assert date_text(date(2026, 3, 1)) == "1 maart 2026"
    assert date_short(date(2026, 3, 1)) == "01-03-2026"


def test_machines_read_iso() -> None:
    assert machine_time(EVENING) == "2026-11-24T22:40:00+01:00"
    assert machine_time(date(2026, 3, 1)) == "2026-03-01"


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_nothing_is_written_as_nothing(name: str) -> None:
    assert FILTERS[name](None) == ""  # type: ignore[operator]


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=20), "zojuist"),
        (timedelta(minutes=1), "1 minuut geleden"),
        (timedelta(minutes=59), "59 minuten geleden"),
        (timedelta(hours=2, minutes=59), "2 uur geleden"),
        (timedelta(days=1), "1 dag geleden"),
        (timedelta(days=3), "3 dagen geleden"),
        (timedelta(days=15), "2 weken geleden"),
        (timedelta(days=70), "2 maanden geleden"),
        (timedelta(days=800), "2 jaar geleden"),
        (timedelta(hours=-5), "over 5 uur"),
        (timedelta(days=-2), "over 2 dagen"),
    ],
)
def test_how_long_ago(length: timedelta, text: str) -> None:
    assert ago(EVENING - length, EVENING) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "vandaag"),
        (1, "morgen"),
        (3, "over 3 dagen"),
        (-1, "1 dag te laat"),
        (-2, "2 dagen te laat"),
    ],
)
def test_how_long_a_deadline_still_lasts(days: int, text: str) -> None:
    today = date(2026, 11, 24)
    assert days_until(today + timedelta(days=days), today) == text


def test_numbers_have_dutch_separators() -> None:
    assert number(1234567) == "1.234.567"
    assert number(1234.5, 1) == "1.234,5"
    assert percent(0.123, 1) == "12,3%"


def test_one_and_more() -> None:
    assert plural(1, "melding", "meldingen") == "1 melding"
    assert plural(1204, "melding", "meldingen") == "1.204 meldingen"


def test_sizes_of_files() -> None:
    sizes = (1, 850, 12_400, 3_400_000, 25_000_000)
    assert [file_size(s) for s in sizes] == ["1 byte", "850 bytes", "12 kB", "3,4 MB", "25 MB"]
