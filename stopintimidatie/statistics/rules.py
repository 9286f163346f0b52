"""The period of an address, and the tables that numbers make. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from stopintimidatie.core.clock import month_of, months_after
from stopintimidatie.core.text import DAYS, SHORT_MONTHS
from stopintimidatie.reports.conversation.services import VERDICTS
from stopintimidatie.reports.rules import PARTS_OF_DAY
from stopintimidatie.reports.vocabulary import AgeGroup, FollowUp, Form, PlaceType

# Months of a period unless others are asked for, and the most there are.
USUAL, MOST = 12, 60
COMPARED: Final = (
    ("jaar", "dezelfde maanden een jaar eerder"),
    ("ervoor", "de maanden ervoor"),
    ("niets", "niets"),
)
UNKNOWN: Final = "niet bekend"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months: the first day of the first one, and of the last one."""

    since: date
    last: date

    @property
    def until(self) -> date:
        """The day after the last one."""
        return months_after(self.last, 1)

    @property
    def months(self) -> list[date]:
        """The first day of each month."""
        number = (self.last.year - self.since.year) * 12 + self.last.month - self.since.month + 1
        return [months_after(self.since, place) for place in range(number)]

    @property
    def value(self) -> str:
        """The period as the filter *ontvangen* of the inbox has it."""
        return f"{self.since:%Y-%m}/{self.last:%Y-%m}"

    def earlier(self, months: int) -> Period:
        """Return the period so many months before."""
        return Period(months_after(self.since, -months), months_after(self.last, -months))

    def compared(self, way: str) -> Period | None:
        """Return the period to put beside it: one of `COMPARED`."""
        if way == "niets":
            return None
        return self.earlier(12 if way == "jaar" else len(self.months))


def period_of(pairs: Iterable[tuple[str, str]], today: date) -> tuple[Period, str]:
    """Return the period of an address, and beside which it is put; an odd value counts as none."""
    given = dict(pairs)
    first, last = (month_of(given.get(name, "")) for name in ("van", "tot"))
    last = last or today.replace(day=1)
    since, last = sorted((first or months_after(last, 1 - USUAL), last))
    way = given.get("naast", "")
    known = way if way in dict(COMPARED) else COMPARED[0][0]
    return Period(max(since, months_after(last, 1 - MOST)), last), known


@dataclass(frozen=True, slots=True)
class Row:
    """A value with its number, that of the other period, and the filters of its list."""

    label: str
    number: int
    before: int | None = None
    query: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers that belong together, under a title, with what has to be known of them."""

    name: str
    title: str
    about: str
    rows: Sequence[Row]


_DONE: Final = {
    "1": "binnen een dag",
    "3": "binnen drie dagen",
    "7": "binnen een week",
    "30": "binnen een maand",
    "later": "later",
    "": "nog niet",
}
_CONTACT: Final = {
    "gesproken": "gesproken of gemaild",
    "wacht": "nog niet: de melder wacht",
    "niet_gesproken": "niet bereikt, of niet meer nodig",
    "niet_gevraagd": "niet gevraagd",
}
_VERDICTS: Final = {**dict(VERDICTS), "": "geen antwoord"}
_MORE: Final = "Een melding kan hier vaker staan."
# Title, what has to be known, the values in their order, and the filter of the inbox.
_TABLES: Final[Mapping[str, tuple[str, str, Mapping[str, str], str]]] = {
    "vorm": ("Vormen", _MORE, dict(Form.choices()), "vorm"),
    "plek": ("Soort plek", "", dict(PlaceType.choices()), "plek"),
    "wijk": ("Wijken", "", {}, "wijk"),
    "leeftijd": ("Leeftijd van de melder", "", dict(AgeGroup.choices()), ""),
    "opvolging": ("Wat er is gedaan", _MORE, {"": "nog niets", **dict(FollowUp.choices())}, ""),
    "contact": ("Contact waar de melder om vroeg", "", _CONTACT, ""),
    "beoordeeld": ("Tijd tot de beoordeling", "", _DONE, ""),
    "klaar": ("Tijd tot de melding klaar was", "", _DONE, ""),
    "oordeel": ("Hielp het, volgens de melder", "", _VERDICTS, "oordeel"),
}
# The table that goes into no file: no list that leaves the house tells an age (P1).
STAYS: Final = "leeftijd"
NAMES: Final = ("totaal", "maand", "moment", *_TABLES)
Counts = Mapping[str, Mapping[str, int]]


def tables_of(
    period: Period, counts: Counts, other: Counts | None, areas: Mapping[str, str]
) -> list[Table]:
    """Return the tables of a period beside another; values that don't occur are left out.

    `areas`: names of wijken by code; without them there is no table of wijken.
    """
    made = []
    for name, (title, about, given, asked) in _TABLES.items():
        words = areas if name == "wijk" else given
        before = other[name] if other is not None else None
        rows = [
            Row(
                label,
                counts[name].get(code, 0),
                None if before is None else before.get(code, 0),
                _query(period.value, **{asked: code}) if asked and code else "",
            )
            for code, label in ({"": UNKNOWN} | dict(words)).items()
            if counts[name].get(code) or (before and before.get(code))
        ]
        if rows and words:
            made.append(Table(name, title, about, rows))
    return made


def months_table(
    period: Period, counts: Counts, beside: Period | None, other: Counts | None
) -> Table:
    """Return the numbers by month, each beside the same place in the other period."""
    earlier = [f"{day:%Y-%m}" for day in beside.months] if beside else []
    rows = []
    for place, day in enumerate(period.months):
        code = f"{day:%Y-%m}"
        before = other["maand"].get(earlier[place], 0) if other else None
        query = _query(f"{code}/{code}")
        rows.append(Row(month_name(day), counts["maand"].get(code, 0), before, query))
    return Table("maand", "Meldingen per maand", "", rows)


def numbers_before(table: Table) -> list[int]:
    """Return the numbers of the other period; none where there is none."""
    return [row.before for row in table.rows if row.before is not None]


def month_name(day: date) -> str:
    """Return the short name of a month: aug 26."""
    return f"{SHORT_MONTHS[day.month - 1]} {day.year % 100:02d}"


def week_of(counts: Counts) -> list[tuple[str, list[int]]]:
    """Return the numbers by weekday and part of the day."""
    cells = counts["moment"]
    return [
        (day, [cells.get(f"{row}-{part}", 0) for part in PARTS_OF_DAY])
        for row, day in enumerate(DAYS)
    ]


def _query(months: str, **filters: str) -> str:
    """Return the address of the list with the same reports."""
    return urlencode({"toestand": "telt", "ontvangen": months, **filters})
