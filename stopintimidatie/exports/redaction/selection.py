"""Which reports of a dossier one recipient gets, and which rule holds for a field of one.

Figures, chronology and page one are made of this selection alone, so what is left out is
nowhere, not even in a sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from typing import Any, Final

from stopintimidatie.core.text import AMSTERDAM, DAYS, SHORT_MONTHS, plural
from stopintimidatie.exports.profiles.defaults import MINORS
from stopintimidatie.exports.profiles.rules import (
    Coarse,
    Field,
    Overlay,
    Profile,
    Rule,
    Sharing,
    Treatment,
    rule_for,
)
from stopintimidatie.exports.redaction.content import Count, HeatRow
from stopintimidatie.exports.redaction.source import (
    PARTS_OF_DAY,
    DossierSource,
    Offenders,
    Precision,
    SourceReport,
    Term,
)
from stopintimidatie.exports.vocabulary import listed

# The key figures of a dossier, counted over the reports that this recipient gets.
#
# Pure. Reports that are left out count nowhere, so no figure can give away what was left out.
# Where the reports themselves aren't listed, numbers go by fives and under five they are None
# ("<5").


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


# A report as one recipient may know it: what a rule hides is gone before anything is made of it.
#
# Pure. Lines, figures, chronology and page one are all made of reports that went through here, so
# no part of the document can tell what another leaves out.


NOTHING: Final = Term("", "")
_EMPTY: Final[Mapping[Field, Mapping[str, Any]]] = MappingProxyType(
    {
        Field.REFERENCE: {"reference": ""},
        Field.ROLE: {"role": NOTHING},
        Field.RECURRENCE: {"recurrence": None},
        Field.FEELING: {"feeling": None},
        Field.CONSEQUENCES: {"consequences": ()},
        Field.REPORTER_AGE: {"reporter_age": None},
        Field.BYSTANDERS: {"bystanders": None},
        Field.POLICE: {"police": None},
        Field.WILLING: {"willing_to_talk": False},
    }
)


def coarsened(report: SourceReport, profile: Profile, overlay: Overlay | None) -> SourceReport:
    """What of it this recipient may know."""
    known = report
    for field in Field:
        known = applied(known, field, rule_for(profile, field, overlay))
    return replace(known, reviewed=())


def applied(report: SourceReport, field: Field, rule: Rule) -> SourceReport:
    """The report after one rule about one field."""
    if rule.treatment is Treatment.SHOWN:
        return report
    if field in _EMPTY:
        return replace(report, **_EMPTY[field])
    change = _CHANGES.get(field)
    return report if change is None else change(report, rule)


def hides(report: SourceReport, field: Field, rule: Rule) -> bool:
    """Whether this rule keeps anything of this report from the reader."""
    if field is Field.TIME:
        return rule.treatment is not Treatment.SHOWN and _time_is_finer(report, rule.how)
    return applied(report, field, rule) != report


def _time_is_finer(report: SourceReport, how: Coarse | None) -> bool:
    part = how is Coarse.DAY and part_of_day(report) is not None
    return part or report.precision in (Precision.EXACT, Precision.HOUR)


def _time(report: SourceReport, rule: Rule) -> SourceReport:
    """Noon of that day, so that not even the order tells more."""
    part = None if rule.how is Coarse.DAY else part_of_day(report)
    noon = datetime.combine(day(report), time(12), AMSTERDAM).astimezone(UTC)
    precision = report.precision
    if precision is not Precision.UNKNOWN:
        precision = Precision.PART_OF_DAY if part else Precision.DAY
    return replace(report, happened_at=noon, part_of_day=part, precision=precision)


def _place(report: SourceReport, rule: Rule) -> SourceReport:
    named = report.street if rule.how is Coarse.STREET else ""
    return replace(report, place=named, point=None)


def _offenders(report: SourceReport, rule: Rule) -> SourceReport:
    seen, words = report.offenders, report.offenders.appearance
    if rule.how is Coarse.NUMBER:
        left = Offenders(number=seen.number, in_group=seen.in_group, appearance=words)
    else:
        left = Offenders(appearance=words)
    return replace(report, offenders=left)


def _note(report: SourceReport, rule: Rule) -> SourceReport:
    return replace(report, place_note=_read(report, Field.PLACE_NOTE, rule))


def _account(report: SourceReport, rule: Rule) -> SourceReport:
    return replace(report, account=_read(report, Field.ACCOUNT, rule))


def _appearance(report: SourceReport, rule: Rule) -> SourceReport:
    words = _read(report, Field.APPEARANCE, rule)
    return replace(report, offenders=replace(report.offenders, appearance=words))


def _read(report: SourceReport, field: Field, rule: Rule) -> str:
    """The text as it was looked at; nothing when nobody did."""
    texts = {one.field: one.text for one in report.reviewed}
    return texts.get(field, "") if rule.how is Coarse.REVIEWED else ""


_CHANGES: Final[Mapping[Field, Callable[[SourceReport, Rule], SourceReport]]] = MappingProxyType(
    {
        Field.TIME: _time,
        Field.PLACE: _place,
        Field.OFFENDERS: _offenders,
        Field.PLACE_NOTE: _note,
        Field.APPEARANCE: _appearance,
        Field.ACCOUNT: _account,
    }
)


@dataclass(frozen=True, slots=True)
class Selection:
    """What this recipient may see of the reports, in order of what happened; the rest is gone."""

    profile: Profile
    reports: tuple[SourceReport, ...]
    withheld: int

    def rule(self, report: SourceReport, field: Field) -> Rule:
        return rule_for(self.profile, field, overlay_for(report))

    def treatment(self, report: SourceReport, field: Field) -> Treatment:
        return self.rule(report, field).treatment


def overlay_for(report: SourceReport) -> Overlay | None:
    return MINORS if report.minor else None


def select(reports: Sequence[SourceReport], profile: Profile) -> Selection:
    """The reports that go along, each as this recipient may know it."""
    allowed = permitted(reports, profile)
    known = [coarsened(report, profile, overlay_for(report)) for report in allowed]
    ordered = sorted(known, key=lambda report: (report.happened_at, report.serial))
    return Selection(profile, tuple(ordered), len(reports) - len(allowed))


def permitted(reports: Sequence[SourceReport], profile: Profile) -> list[SourceReport]:
    """The reports that go along, whole: to count and to show what is hidden of them."""
    return [report for report in reports if accepts(report, profile.sharing)]


def accepts(report: SourceReport, sharing: Sharing) -> bool:
    """Whether it may go to this kind of recipient: by its reporter's wish, or on a ground."""
    return report.despite is not None or wanted(report, sharing)


def wanted(report: SourceReport, sharing: Sharing) -> bool:
    """Whether the reporter's own preference allows this kind of recipient."""
    if sharing is Sharing.POLICE:
        return report.share_police
    return report.share_partners or sharing is Sharing.NONE


def pseudonym(report: SourceReport) -> str:
    """M-01: lasting, and meaningless outside the dossier."""
    return f"M-{report.serial:02d}"


def today(source: DossierSource) -> date:
    moment: datetime = source.edition.frozen_at
    return moment.astimezone(AMSTERDAM).date()
