"""Days as people in the Netherlands count them: a report of 00:30 belongs to that night's date."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")


def local_date(moment: datetime) -> date:
    """The date on the wall when it happened."""
    return moment.astimezone(AMSTERDAM).date()


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970, the order in which documents are sorted."""
    return int(moment.timestamp())


def bounds(since: date | None, until: date | None) -> tuple[int | None, int | None]:
    """The first second that counts and the first that no longer does."""
    first = None if since is None else seconds(datetime.combine(since, time.min, AMSTERDAM))
    if until is None:
        return first, None
    after = datetime.combine(until + timedelta(days=1), time.min, AMSTERDAM)
    return first, seconds(after)
