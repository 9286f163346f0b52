"""The key figures of a dossier, counted over the reports that this recipient gets.

Pure. Reports that are left out count nowhere, so no figure can give away what was left out.
Where the reports themselves aren't listed, numbers go by fives and under five they are None
("<5").
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from stopintimidatie.exports.content import Count, HeatRow
from stopintimidatie.exports.source import PARTS_OF_DAY, Precision, SourceReport
from stopintimidatie.exports.text import listed
from stopintimidatie.web.filters import AMSTERDAM, DAYS, SHORT_MONTHS, plural

THRESHOLD = 5
MONTHS_SHOWN = 24
PERIOD = 91
ENOUGH_FOR_A_PEAK = 5
ENOUGH_FOR_A_TREND = 10

_WITHOUT_PART = (Precision.DAY, Precision.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Trend:
    """The last three months beside the three before."""

    recent: int
    before: int

    @property
    def direction(self) -> str:
        """In a word; with few reports nothing can be said."""
        if self.recent + self.before < ENOUGH_FOR_A_TREND:
            return "De aantallen zijn te klein voor een trend"
        if self.recent * 4 >= self.before * 5:
            return "Neemt toe"
        if self.recent * 5 <= self.before * 4:
            return "Neemt af"
        return "Blijft ongeveer gelijk"

    def in_words(self) -> str:
        """The direction with both numbers."""
        return (
            f"{self.direction}: {self.recent} in de laatste 3 maanden, "
            f"{self.before} in de 3 maanden daarvoor."
        )


def day(report: SourceReport) -> date:
    """The day in Amsterdam."""
    return report.happened_at.astimezone(AMSTERDAM).date()


def part_of_day(report: SourceReport) -> str | None:
    """nacht, ochtend, middag or avond; None when the reporter didn't know."""
    if report.part_of_day is not None:
        return report.part_of_day
    if report.precision in _WITHOUT_PART:
        return None
    return PARTS_OF_DAY[report.happened_at.astimezone(AMSTERDAM).hour // 6]


def by_form(reports: Iterable[SourceReport]) -> tuple[Count, ...]:
    """Reports per form, most frequent first; a report may have several."""
    return _ranked(form.label for report in reports for form in report.forms)


def by_place_type(reports: Iterable[SourceReport]) -> tuple[Count, ...]:
    """Reports per kind of place, most frequent first."""
    return _ranked(report.place_type.label for report in reports)


def by_weekday(reports: Iterable[SourceReport]) -> tuple[HeatRow, ...]:
    """Weekday by part of day; reports without a known part of day aren't counted here."""
    cells = Counter((day(report).weekday(), part_of_day(report)) for report in timed(reports))
    return tuple(
        HeatRow(name, tuple(cells[index, part] for part in PARTS_OF_DAY))
        for index, name in enumerate(DAYS)
    )


def timed(reports: Iterable[SourceReport]) -> tuple[SourceReport, ...]:
    """The reports of which day and part of day are known."""
    return tuple(
        report
        for report in reports
        if report.precision is not Precision.UNKNOWN and part_of_day(report) is not None
    )


def by_month(reports: Sequence[SourceReport]) -> tuple[Count, ...]:
    """Reports per month from the first to the last, the empty ones too; at most two years."""
    if not reports:
        return ()
    numbers = Counter((day(report).year, day(report).month) for report in reports)
    (year, month), last = min(numbers), max(numbers)
    counts = []
    while (year, month) <= last:
        counts.append(Count(f"{SHORT_MONTHS[month - 1]} {year}", numbers[year, month]))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return tuple(counts[-MONTHS_SHOWN:])


def trend(reports: Iterable[SourceReport], today: date) -> Trend:
    """Three months back from today, and the three before."""
    ages = [(today - day(report)).days for report in reports]
    return Trend(
        recent=sum(0 <= age < PERIOD for age in ages),
        before=sum(PERIOD <= age < 2 * PERIOD for age in ages),
    )


def period(reports: Sequence[SourceReport]) -> tuple[date, date] | None:
    """The first and the last day."""
    days = sorted(map(day, reports))
    return (days[0], days[-1]) if days else None


def peak(reports: Iterable[SourceReport], *, exact: bool) -> str:
    """The days and the part of day on which most happened, in words."""
    known = timed(reports)
    if len(known) < ENOUGH_FOR_A_PEAK:
        return "Te weinig meldingen om een piek te zien."
    parts = Counter(part_of_day(report) for report in known)
    part = max(PARTS_OF_DAY, key=lambda name: parts[name])
    share = f" ({parts[part]} van {len(known)})" if exact else ""
    return f"{_busiest_days(known, exact=exact)}; meest in de {_hours(part)}{share}."


def _busiest_days(known: Sequence[SourceReport], *, exact: bool) -> str:
    days = Counter(day(report).weekday() for report in known)
    ranked = sorted(days, key=lambda index: (-days[index], index))
    busiest = [index for index in ranked[:2] if days[index] * 5 > len(known)]
    if not busiest:
        return "Verspreid over de week"
    names = [f"{DAYS[i]} ({days[i]})" if exact else DAYS[i] for i in sorted(busiest)]
    return f"Vooral op {listed(names)}"


def coarse(number: int | None) -> int | None:
    """A number as it may be told to who doesn't see the reports: by fives, under five not at all.

    Nought is under the threshold too: "nobody" also tells something about the few. By fives,
    because exact totals beside each other would give a hidden cell away.
    """
    if number is None or number < THRESHOLD:
        return None
    return number - number % THRESHOLD


def coarse_counts(counts: Iterable[Count]) -> tuple[Count, ...]:
    return tuple(Count(count.label, coarse(count.number)) for count in counts)


def coarse_rows(rows: Iterable[HeatRow]) -> tuple[HeatRow, ...]:
    return tuple(HeatRow(row.label, tuple(map(coarse, row.cells))) for row in rows)


def in_reports(number: int) -> str:
    """1 melding, 3 meldingen"""
    return plural(number, "melding", "meldingen")


def _ranked(labels: Iterable[str]) -> tuple[Count, ...]:
    numbers = Counter(labels)
    ranked = sorted(numbers, key=lambda label: (-numbers[label], label))
    return tuple(Count(label, numbers[label]) for label in ranked)


def _hours(part: str) -> str:
    hours = {"nacht": "0–6", "ochtend": "6–12", "middag": "12–18", "avond": "18–24"}
    return f"{part} ({hours[part]} uur)"
