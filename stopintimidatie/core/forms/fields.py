"""Strict types and validators: what a form field may hold, and nothing else.

Colander's own types are lenient where it hurts (Float takes ``nan``, Integer takes ``1_000``,
String takes NUL and lone surrogates, naive moments become UTC). Forms in this house use these
instead. Each names the widget it is drawn with, so that a schema reads as the form it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import colander

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import widgets
from stopintimidatie.core.forms.widgets import CHOOSE, CHOOSE_ONLY, UNREADABLE
from stopintimidatie.core.text import AMSTERDAM, checked_address, composed

Choice = tuple[str, str]

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_INTEGER = re.compile(r"-?[0-9]{1,12}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,12}(?:[.,][0-9]{1,6})?\Z")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
_DUTCH_DATE = re.compile(r"([0-9]{1,2})[-/ ]([0-9]{1,2})[-/ ]([0-9]{4})\Z")
_TIME = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?\Z")
FIRST_YEAR, LAST_YEAR = 1900, 2199


class Leaf(colander.SchemaType):
    """A value without children; nothing typed means nothing stored."""

    def cstruct_children(self, node: Any, cstruct: Any) -> list[Any]:
        return []

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return colander.null if appstruct in (colander.null, None) else self.written(appstruct)

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if cstruct in (colander.null, None, ""):
            return colander.null
        if not isinstance(cstruct, str):
            raise colander.Invalid(node, UNREADABLE)
        return self.read(node, cstruct)

    def written(self, appstruct: Any) -> Any:
        return str(appstruct)

    def read(self, node: Any, text: str) -> Any:
        raise NotImplementedError


def clean_text(text: str) -> str | None:
    """Return the text as it is stored; None when it has characters that no database can store."""
    text = composed(text)
    return None if _FORBIDDEN.search(text) else text


class Text(Leaf):
    """Text of at most ``limit`` characters; on one line unless ``lines`` is true."""

    def __init__(self, limit: int = 200, *, lines: bool = False) -> None:
        self.limit = limit
        self.lines = lines

    def widget_maker(self, **kw: Any) -> Any:
        return widgets.TextArea(**kw) if self.lines else widgets.TextInput(**kw)

    def read(self, node: Any, text: str) -> Any:
        cleaned = clean_text(text)
        if cleaned is None:
            raise colander.Invalid(
                node, "Er staan tekens in die niet bestaan in tekst. Typ de tekst opnieuw."
            )
        if not self.lines:
            cleaned = " ".join(cleaned.split())
        cleaned = cleaned.strip()
        if len(cleaned) > self.limit:
            over = len(cleaned) - self.limit
            raise colander.Invalid(
                node,
                f"Maak de tekst {over} tekens korter: het mogen er {self.limit} zijn.",
            )
        return cleaned or colander.null


class Password(Leaf):
    """A secret, taken as typed; it is never written back into the page."""

    widget_maker = widgets.PasswordInput

    def __init__(self, limit: int = 200) -> None:
        self.limit = limit

    def read(self, node: Any, text: str) -> Any:
        if len(text) > self.limit or _FORBIDDEN.search(text):
            raise colander.Invalid(node, "Dit wachtwoord kan niet. Typ het opnieuw.")
        return text


class Integer(Leaf):
    """A whole number within bounds, in digits."""

    def __init__(self, minimum: int = 0, maximum: int = 1_000_000_000) -> None:
        self.minimum = minimum
        self.maximum = maximum

    def widget_maker(self, **kw: Any) -> Any:
        return widgets.NumberInput(minimum=self.minimum, maximum=self.maximum, **kw)

    def read(self, node: Any, text: str) -> Any:
        if not _INTEGER.match(text.strip()):
            raise colander.Invalid(node, "Vul een heel getal in, in cijfers. Bijvoorbeeld 12.")
        return _within(node, int(text), self.minimum, self.maximum)


class Decimal(Leaf):
    """A finite number within bounds, with a comma or a dot; a float."""

    def __init__(self, minimum: float, maximum: float) -> None:
        self.minimum = minimum
        self.maximum = maximum

    def widget_maker(self, **kw: Any) -> Any:
        return widgets.TextInput(inputmode="decimal", **kw)

    def written(self, appstruct: Any) -> Any:
        return f"{appstruct:.6f}".rstrip("0").rstrip(".").replace(".", ",")

    def read(self, node: Any, text: str) -> Any:
        if not _DECIMAL.match(text.strip()):
            raise colander.Invalid(node, "Vul een getal in, in cijfers. Bijvoorbeeld 51,81.")
        return _within(node, float(text.strip().replace(",", ".")), self.minimum, self.maximum)


def _as_written(number: float) -> str:
    """Write a number as people do: `1.000.000` and `0,5`."""
    whole, _, decimals = f"{number:,.6f}".rstrip("0").partition(".")
    return whole.replace(",", ".") + (f",{decimals}" if decimals else "")


def _within(node: Any, value: Any, minimum: Any, maximum: Any) -> Any:
    if not minimum <= value <= maximum:
        low, high = (_as_written(edge) for edge in (minimum, maximum))
        raise colander.Invalid(node, f"Vul een getal in van {low} tot en met {high}.")
    return value


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
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


class Date(Leaf):
    """A day. Browsers send ``2026-11-24``; ``24-11-2026`` as people write it is fine too."""

    widget_maker = widgets.DateInput

    def written(self, appstruct: Any) -> Any:
        return appstruct.isoformat()

    def read(self, node: Any, text: str) -> Any:
        day = _read_date(text)
        if day is None:
            raise colander.Invalid(
                node, "Vul een datum in die bestaat: dag-maand-jaar. Bijvoorbeeld 24-11-2026."
            )
        return day


class Moment(Leaf):
    """A moment on the clock of Amsterdam; as a value always aware, in UTC.

    Of the hour that comes twice in October the first is meant.
    """

    widget_maker = widgets.DateTimeInput

    def written(self, appstruct: Any) -> Any:
        return appstruct.astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M")

    def read(self, node: Any, text: str) -> Any:
        day_text, _, time_text = text.strip().replace(" ", "T", 1).partition("T")
        day, clock = _read_date(day_text), _read_time(time_text)
        if day is None or clock is None:
            raise colander.Invalid(
                node, "Vul een datum en een tijd in die bestaan. Bijvoorbeeld 24-11-2026 22:40."
            )
        moment = datetime.combine(day, clock, AMSTERDAM).astimezone(UTC)
        if moment.astimezone(AMSTERDAM).time() != clock:
            raise colander.Invalid(
                node, "Dit uur bestaat niet: de klok ging toen vooruit. Kies een uur later."
            )
        return moment


def _read_time(text: str) -> time | None:
    match = _TIME.match(text.strip())
    if match is None:
        return None
    hour, minute = int(match.group(1)), int(match.group(2))
    return time(hour, minute) if hour < 24 and minute < 60 else None


class Time(Leaf):
    """A time of day."""

    widget_maker = widgets.TimeInput

    def written(self, appstruct: Any) -> Any:
        return f"{appstruct:%H:%M}"

    def read(self, node: Any, text: str) -> Any:
        clock = _read_time(text)
        if clock is None:
            raise colander.Invalid(node, "Vul een tijd in van 00:00 tot en met 23:59.")
        return clock


class OneOf(Leaf):
    """One code out of a closed list of (code, label)."""

    def __init__(self, choices: Iterable[Choice], *, radio: bool = False) -> None:
        self.choices = tuple(choices)
        self.radio = radio

    def widget_maker(self, **kw: Any) -> Any:
        maker = widgets.RadioChoice if self.radio else widgets.Select
        return maker(values=self.choices, **kw)

    def read(self, node: Any, text: str) -> Any:
        if text not in {code for code, _ in self.choices}:
            raise colander.Invalid(node, CHOOSE)
        return text


class ManyOf(Leaf):
    """Codes out of a closed list; the value is a list in the order of that list."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        self.choices = tuple(choices)

    def widget_maker(self, **kw: Any) -> Any:
        return widgets.CheckboxChoice(values=self.choices, **kw)

    def written(self, appstruct: Any) -> Any:
        return tuple(str(code) for code in appstruct)

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if cstruct in (colander.null, None) or not cstruct:
            return colander.null
        chosen = {cstruct} if isinstance(cstruct, str) else set(cstruct)
        codes = [code for code, _ in self.choices]
        if not chosen.issubset(codes):
            raise colander.Invalid(node, CHOOSE_ONLY)
        return [code for code in codes if code in chosen]


class Flag(Leaf):
    """A checkbox: true when ticked, otherwise false."""

    widget_maker = widgets.Checkbox

    def written(self, appstruct: Any) -> Any:
        return "ja" if appstruct else colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        return cstruct == "ja"


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as it came in: its last name part and its bytes. What it *is* must be sniffed."""

    name: str
    content: bytes


class Upload(Leaf):
    """A file of at most ``limit`` bytes. The browser's content type isn't believed."""

    widget_maker = widgets.FileInput

    def __init__(self, limit: int = 5_000_000) -> None:
        self.limit = limit

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not hasattr(cstruct, "file") or not cstruct.filename:
            return colander.null
        content = cstruct.file.read(self.limit + 1)
        if len(content) > self.limit:
            megabytes = f"{self.limit / 1_000_000:g}".replace(".", ",")
            raise colander.Invalid(node, f"Kies een bestand van hoogstens {megabytes} MB.")
        return UploadedFile(_file_name(str(cstruct.filename)), content)


def _file_name(name: str) -> str:
    name = name.replace("\\", "/").rpartition("/")[2]
    return composed(_FORBIDDEN.sub("", name)).replace("\n", " ")[-120:] or "bestand"


def labels(choices: Sequence[Choice]) -> dict[str, str]:
    """Return the label of each code."""
    return dict(choices)


# Validators that several rooms need, with Dutch messages that say what to do.

CLOCK_SKEW = timedelta(minutes=5)
NO_ADDRESS = (
    "Vul een e-mailadres in zoals naam@gemeente.nl. Gebruik voor het apenstaartje alleen gewone"
    " letters en cijfers, zonder accenten."
)


def email_address(node: Any, value: str) -> None:
    """Check that mail can be sent to this address, by its form; nothing is looked up."""
    try:
        checked_address(value)
    except ValueError:
        raise colander.Invalid(node, NO_ADDRESS) from None


def at_least(minimum: int) -> Callable[[Any, str], None]:
    """Return a check that text has some length, so that a reason says something."""

    def validate(node: Any, value: str) -> None:
        if len(value) < minimum:
            raise colander.Invalid(node, f"Schrijf iets meer: ten minste {minimum} tekens.")

    return validate


def in_past(node: Any, value: date | datetime) -> None:
    """Check that a moment or day isn't in the future."""
    if isinstance(value, datetime):
        future = value > utc_now() + CLOCK_SKEW
    else:
        future = value > utc_now().astimezone(AMSTERDAM).date()
    if future:
        raise colander.Invalid(node, "Dit ligt in de toekomst. Kies een eerder moment.")


def not_before_today(node: Any, value: date) -> None:
    if value < utc_now().astimezone(AMSTERDAM).date():
        raise colander.Invalid(node, "Deze datum is voorbij. Kies vandaag of later.")
