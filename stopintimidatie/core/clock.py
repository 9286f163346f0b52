"""Time: the one clock of the house, working days, office hours, days in the Netherlands.

It stands below everything and needs nothing. All but `utc_now` is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.easter import easter

_standing_still: ContextVar[datetime | None] = ContextVar("standing_still", default=None)


def utc_now() -> datetime:
    """Return this moment, aware, in UTC."""
    return _standing_still.get() or datetime.now(UTC)


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Let the clock stand still: the demo replays the past, and tests choose their day."""
    token = _standing_still.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _standing_still.reset(token)


# Working days: Monday to Friday, without the Dutch public holidays.

SATURDAY = 5
# Good Friday, Easter, Ascension and Whitsun, in days from Easter Sunday.
BY_EASTER: Final = (-2, 0, 1, 39, 49, 50)


@cache
def _holidays_of(year: int) -> frozenset[date]:
    # The library `holidays` knows these days too, for 18 MB a process; a test compares them.
    kings_day = date(year, 4, 27)
    days = {date(year, 1, 1), kings_day, date(year, 12, 25), date(year, 12, 26)}
    if kings_day.weekday() > SATURDAY:
        days ^= {kings_day, date(year, 4, 26)}
    if year % 5 == 0:
        days.add(date(year, 5, 5))
    return frozenset(days | {easter(year) + timedelta(number) for number in BY_EASTER})


def is_holiday(day: date) -> bool:
    """Tell whether a day is a Dutch public holiday."""
    return day in _holidays_of(day.year)


def is_working_day(day: date) -> bool:
    """Tell whether offices are open."""
    return day.weekday() < SATURDAY and not is_holiday(day)


def working_days_after(day: date, number: int) -> date:
    """Return the last day of a term of so many working days that begins the day after this one."""
    while number > 0:
        day += timedelta(days=1)
        number -= is_working_day(day)
    return day


# Times on the clock in the Netherlands.

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")


def next_time(hour: time, now: datetime) -> datetime:
    """Return the first moment after now at which clocks in the Netherlands show this hour."""
    today = datetime.combine(now.astimezone(AMSTERDAM).date(), hour, AMSTERDAM)
    return today if today > now else today + timedelta(days=1)


def daily(hour: time) -> Callable[[datetime], datetime]:
    """Make the `next_at` of work that is done every day at this hour in the Netherlands."""
    return partial(next_time, hour)


def next_hour(now: datetime) -> datetime:
    """Return the next full hour: the `next_at` of hourly work."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


# Office hours in the Netherlands.

OPENS, CLOSES = time(8, 0), time(18, 0)


def in_office_hours(moment: datetime) -> bool:
    """Tell whether somebody sits at a desk then."""
    local = moment.astimezone(AMSTERDAM)
    return is_working_day(local.date()) and OPENS <= local.time() < CLOSES


def next_opening(moment: datetime) -> datetime | None:
    """Return when offices open again; None when somebody sits at a desk at this moment."""
    if in_office_hours(moment):
        return None
    local = moment.astimezone(AMSTERDAM)
    day = local.date()
    if not is_working_day(day) or local.time() >= CLOSES:
        day = working_days_after(day, 1)
    return datetime.combine(day, OPENS, AMSTERDAM)


def after_working_days(moment: datetime, days: int) -> datetime:
    """Return the same hour so many working days later."""
    local = moment.astimezone(AMSTERDAM)
    day = working_days_after(local.date(), days)
    return datetime.combine(day, local.time(), AMSTERDAM).astimezone(UTC)


# Days as people count them: a report of 00:30 belongs to that night's date.


def local_date(moment: datetime) -> date:
    """Return the date on the wall when it happened."""
    return moment.astimezone(AMSTERDAM).date()


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins in the Netherlands."""
    return datetime.combine(day, time.min, AMSTERDAM).astimezone(UTC)


def month_of(text: str) -> date | None:
    """Return the first day of a month such as 2026-11; None for what isn't one."""
    try:
        return date.fromisoformat(f"{text}-01") if "1900" < text < "2100" else None
    except ValueError:
        return None


def months_after(day: date, number: int) -> date:
    """Return the first day of the month that is so many later; below zero, earlier."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, 1)


def seconds(moment: datetime) -> int:
    """Return whole seconds since 1970, the order in which documents are sorted."""
    return int(moment.timestamp())


def bounds(since: date | None, until: date | None) -> tuple[int | None, int | None]:
    """Return the first second that counts and the first that no longer does."""
    first = None if since is None else seconds(midnight(since))
    if until is None:
        return first, None
    after = midnight(until + timedelta(days=1))
    return first, seconds(after)
