"""Terms in working days: Monday to Friday, without the Dutch public holidays. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import holidays

SATURDAY = 5


@cache
def _holidays_of(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("NL", years=year))


def is_working_day(day: date) -> bool:
    """Whether offices are open."""
    return day.weekday() < SATURDAY and day not in _holidays_of(day.year)


def working_days_after(day: date, number: int) -> date:
    """The last day of a term of so many working days that begins on the day after this one."""
    while number > 0:
        day += timedelta(days=1)
        number -= is_working_day(day)
    return day
