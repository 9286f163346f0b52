"""How dates, times and numbers are written for Dutch readers. Pure; no request.

Moments are aware; they are shown in the time of Amsterdam, written out without the system's
locale, which differs from machine to machine.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from stopintimidatie.clock import utc_now

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)
# As the Taalunie shortens them.
SHORT_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


def local(moment: datetime) -> datetime:
    """This moment on the clock of Amsterdam; a moment without a zone is a mistake."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone can't be shown")
    return moment.astimezone(AMSTERDAM)


def day_of(value: date | datetime) -> date:
    return local(value).date() if isinstance(value, datetime) else value


def date_long(value: date | datetime | None) -> str:
    """dinsdag 24 november 2026"""
    if value is None:
        return ""
    day = day_of(value)
    return f"{DAYS[day.weekday()]} {date_text(day)}"


def date_text(value: date | datetime | None) -> str:
    """24 november 2026"""
    if value is None:
        return ""
    day = day_of(value)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def date_short(value: date | datetime | None) -> str:
    """24-11-2026"""
    return "" if value is None else f"{day_of(value):%d-%m-%Y}"


def clock(moment: datetime | None) -> str:
    """22.40 uur"""
    return "" if moment is None else f"{local(moment):%H.%M} uur"


def datetime_long(moment: datetime | None) -> str:
    """dinsdag 24 november 2026, 22.40 uur"""
    return "" if moment is None else f"{date_long(moment)}, {clock(moment)}"


def datetime_short(moment: datetime | None) -> str:
    """24-11-2026, 22.40 uur"""
    return "" if moment is None else f"{date_short(moment)}, {clock(moment)}"


def machine_time(value: date | datetime | None) -> str:
    """For the ``datetime`` attribute of ``<time>``."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return local(value).isoformat(timespec="seconds")
    return value.isoformat()


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return _count(minutes, "minuut", "minuten")
    if minutes < 24 * 60:
        return f"{minutes // 60} uur"
    days = minutes // (24 * 60)
    if days < 14:
        return _count(days, "dag", "dagen")
    if days < 60:
        return _count(days // 7, "week", "weken")
    if days < 730:
        return _count(days // 30, "maand", "maanden")
    return f"{days // 365} jaar"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """3 dagen geleden · zojuist · over 2 uur"""
    if moment is None:
        return ""
    length = (now or utc_now()) - moment
    if abs(length) < timedelta(minutes=1):
        return "zojuist"
    if length > timedelta(0):
        return f"{_span(length)} geleden"
    return f"over {_span(-length)}"


def days_until(value: date | datetime | None, today: date | None = None) -> str:
    """vandaag · morgen · over 3 dagen · 2 dagen te laat: for deadlines"""
    if value is None:
        return ""
    left = (day_of(value) - (today or utc_now().astimezone(AMSTERDAM).date())).days
    if left < 0:
        return f"{_count(-left, 'dag', 'dagen')} te laat"
    return {0: "vandaag", 1: "morgen"}.get(left, f"over {left} dagen")


def number(value: float | None, decimals: int = 0) -> str:
    """12.345,6: dot for thousands, comma for decimals"""
    if value is None:
        return ""
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def percent(share: float | None, decimals: int = 0) -> str:
    """0.123 becomes 12%"""
    return "" if share is None else f"{number(share * 100, decimals)}%"


def plural(count: int, one: str, more: str) -> str:
    """1 melding · 1.204 meldingen"""
    return f"{number(count)} {one if count == 1 else more}"


def file_size(size: int | None) -> str:
    """850 bytes · 12 kB · 3,4 MB"""
    if size is None:
        return ""
    if size < 1000:
        return _count(size, "byte", "bytes")
    if size < 1_000_000:
        return f"{number(size / 1000)} kB"
    return f"{number(size / 1_000_000, 1)} MB"


FILTERS = {
    "ago": ago,
    "clock": clock,
    "date_long": date_long,
    "date_short": date_short,
    "date_text": date_text,
    "datetime_long": datetime_long,
    "datetime_short": datetime_short,
    "days_until": days_until,
    "file_size": file_size,
    "machine_time": machine_time,
    "number": number,
    "percent": percent,
}
