"""Types of quantities: numbers, days and moments, in a form and in a message of JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import colander

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import widgets
from stopintimidatie.core.forms.types import Description, Type
from stopintimidatie.core.text import AMSTERDAM, _, day_of
from stopintimidatie.core.web.translation import gettext

_INTEGER = re.compile(r"-?[0-9]{1,12}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,12}(?:[.,][0-9]{1,6})?\Z")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
_DUTCH_DATE = re.compile(r"([0-9]{1,2})[-/ ]([0-9]{1,2})[-/ ]([0-9]{4})\Z")
_TIME = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?\Z")
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
FIRST_YEAR, LAST_YEAR = 1900, 2199
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_SKEW: Final = timedelta(minutes=5)


class Decimal(Type):
    """Finite number within bounds, as a float; in a form with a comma or a dot."""

    def __init__(self, minimum: float, maximum: float, *, json: bool = False) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.json = json

    def widget_maker(self, **kw: Any) -> Any:
        """Return the widget that a form draws it with."""
        return widgets.TextInput(inputmode="decimal", **kw)

    def written(self, appstruct: Any) -> Any:
        """Return the number with a comma."""
        return f"{appstruct:.6f}".rstrip("0").rstrip(".").replace(".", ",")

    def from_text(self, text: str) -> float:
        """Return the number that these digits are."""
        if not _DECIMAL.match(text.strip()):
            raise ValueError("Vul een getal in, in cijfers. Bijvoorbeeld 51,81.")
        return float(text.strip().replace(",", "."))

    def from_json(self, value: Any) -> float:
        """Return a number of JSON; true and false are none."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("Hier hoort een getal te staan, zonder aanhalingstekens.")
        return value

    def fit(self, value: float) -> float:
        """Refuse a number out of bounds."""
        if self.minimum <= value <= self.maximum:
            return float(value)
        if self.json:
            raise ValueError(f"Dit getal ligt niet tussen {self.minimum} en {self.maximum}.")
        low, high = _as_written(self.minimum), _as_written(self.maximum)
        raise ValueError(f"Vul een getal in van {low} tot en met {high}.")

    def describe(self, node: Any) -> Description:
        """Return the JSON Schema of the type."""
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}


class Integer(Decimal):
    """Whole number within bounds; of JSON 25.0 is one too."""

    def __init__(
        self, minimum: int = 0, maximum: int = 1_000_000_000, *, json: bool = False
    ) -> None:
        super().__init__(minimum, maximum, json=json)

    def widget_maker(self, **kw: Any) -> Any:
        """Return the widget that a form draws it with."""
        return widgets.NumberInput(**kw)

    def written(self, appstruct: Any) -> Any:
        """Return the number in digits."""
        return str(appstruct)

    def from_text(self, text: str) -> int:
        """Return the number that these digits are."""
        if not _INTEGER.match(text.strip()):
            example = round(max(self.minimum, min(12, self.maximum)))
            raise ValueError(f"Vul een heel getal in, in cijfers. Bijvoorbeeld {example}.")
        return int(text)

    def fit(self, value: float) -> int:
        """Refuse a number out of bounds, or with decimals."""
        number = super().fit(value)
        if number != int(number):
            raise ValueError("Hier hoort een geheel getal te staan.")
        return int(number)

    def describe(self, node: Any) -> Description:
        """Return the JSON Schema of the type."""
        return {**super().describe(node), "type": "integer"}


def _as_written(number: float) -> str:
    """Write a number as people do: `1.000.000` and `0,5`."""
    whole, _, decimals = f"{number:,.6f}".rstrip("0").partition(".")
    return whole.replace(",", ".") + (f",{decimals}" if decimals else "")


def _read_date(text: str) -> date | None:
    text = text.strip()
    iso, dutch = _ISO_DATE.match(text), _DUTCH_DATE.match(text)
    if iso:
        year, month, day = (int(part) for part in iso.groups())
    elif dutch:
        day, month, year = (int(part) for part in dutch.groups())
    else:
        return None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        between = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise ValueError(gettext("Kies een jaar van %(first)s tot en met %(last)s.", **between))
    try:
        return date(year, month, day)
    except ValueError:
        return None


class Date(Type):
    """Day. Browsers send ``2026-11-24``; ``24-11-2026`` as people write it is fine too."""

    widget_maker = widgets.DateInput

    def from_text(self, text: str) -> date:
        """Return the day that was typed or picked."""
        day = _read_date(text)
        if day is None:
            raise ValueError(
                _("Vul een datum in die bestaat: dag-maand-jaar. Bijvoorbeeld 24-11-2026.")
            )
        return day


class Moment(Type):
    """Moment, kept in UTC: in a form on the clock of Amsterdam, in JSON as RFC 3339 with a zone.

    Of the hour that comes twice in October the first is meant. An app's moment isn't before 2000.
    """

    widget_maker = widgets.DateTimeInput

    def __init__(self, *, json: bool = False) -> None:
        self.json = json

    def written(self, appstruct: Any) -> Any:
        """Return the moment on the clock of Amsterdam."""
        return appstruct.astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M")

    def from_text(self, text: str) -> datetime:
        """Return the moment of a day and a time in Amsterdam."""
        day_text, _, time_text = text.strip().replace(" ", "T", 1).partition("T")
        day, clock = _read_date(day_text), _read_time(time_text)
        if day is None or clock is None:
            raise ValueError(
                "Vul een datum en een tijd in die bestaan. Bijvoorbeeld 24-11-2026 22:40."
            )
        moment = datetime.combine(day, clock, AMSTERDAM).astimezone(UTC)
        if moment.astimezone(AMSTERDAM).time() != clock:
            raise ValueError("Dit uur bestaat niet: de klok ging toen vooruit. Kies een uur later.")
        return moment

    def from_json(self, value: Any) -> datetime:
        """Return the moment that an app sent."""
        match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(
                "Hier hoort een datum en tijd met zone te staan, zoals 2026-11-20T22:40:00+01:00."
            )
        day, clock, fraction, zone = match.groups()
        fraction = (fraction or ".0")[:7]
        try:
            moment = datetime.fromisoformat(f"{day}T{clock}{fraction}{zone.upper()}")
        except ValueError:
            raise ValueError("Deze datum of tijd bestaat niet.") from None
        if moment < EARLIEST:
            raise ValueError("Dit is te lang geleden: wij nemen meldingen aan vanaf het jaar 2000.")
        if moment.year == datetime.max.year:
            raise ValueError("Deze datum of tijd bestaat niet.")
        return moment.astimezone(UTC)

    def describe(self, node: Any) -> Description:
        """Return the JSON Schema of the type."""
        return {"type": "string", "format": "date-time"}


def _read_time(text: str) -> time | None:
    match = _TIME.match(text.strip())
    if match is None:
        return None
    hour, minute = int(match.group(1)), int(match.group(2))
    return time(hour, minute) if hour < 24 and minute < 60 else None


class Time(Type):
    """Time of day."""

    widget_maker = widgets.TimeInput

    def written(self, appstruct: Any) -> Any:
        """Return hours and minutes."""
        return f"{appstruct:%H:%M}"

    def from_text(self, text: str) -> time:
        """Return the time that was typed or picked."""
        clock = _read_time(text)
        if clock is None:
            raise ValueError(_("Vul een tijd in van 00:00 tot en met 23:59."))
        return clock


def in_past(node: Any, value: date | datetime) -> None:
    """Check that a moment or day isn't in the future."""
    if isinstance(value, datetime):
        future = value > utc_now() + CLOCK_SKEW
    else:
        future = value > utc_now().astimezone(AMSTERDAM).date()
    if future:
        raise colander.Invalid(node, _("Dit ligt in de toekomst. Kies een eerder moment."))


def within_a_year(words: str) -> Callable[[Any, date | datetime], None]:
    """Return the check that a moment or day isn't to come, nor a slip of the year.

    Args:
        words: The message about what is more than a year ago: what to do when it is no slip.
    """

    def validate(node: Any, value: date | datetime) -> None:
        in_past(node, value)
        earliest = utc_now() - timedelta(days=366)
        if value < (earliest if isinstance(value, datetime) else day_of(earliest)):
            raise colander.Invalid(node, words)

    return validate


def not_before_today(node: Any, value: date) -> None:
    """Check that a day isn't over."""
    if value < utc_now().astimezone(AMSTERDAM).date():
        raise colander.Invalid(node, "Deze datum is voorbij. Kies vandaag of later.")


def from_today(days: int) -> Callable[[Any, date], None]:
    """Return the check that a day isn't over, and not more than so many days ahead."""

    def validate(node: Any, value: date) -> None:
        not_before_today(node, value)
        latest = utc_now().astimezone(AMSTERDAM).date() + timedelta(days=days)
        if value > latest:
            raise colander.Invalid(
                node, f"Kies een dag binnen {days} dagen: uiterlijk {latest:%d-%m-%Y}."
            )

    return validate
