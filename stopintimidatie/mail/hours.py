"""Office hours in the Netherlands: who may be asked to look now, and when again. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from stopintimidatie.workflow.workdays import is_working_day, working_days_after

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")
OPENS, CLOSES = time(8, 0), time(18, 0)


def in_office_hours(moment: datetime) -> bool:
    """Whether somebody sits at a desk then."""
    local = moment.astimezone(AMSTERDAM)
    return is_working_day(local.date()) and OPENS <= local.time() < CLOSES


def after_working_days(moment: datetime, days: int) -> datetime:
    """The same hour so many working days later."""
    local = moment.astimezone(AMSTERDAM)
    day = working_days_after(local.date(), days)
    return datetime.combine(day, local.time(), AMSTERDAM).astimezone(UTC)
