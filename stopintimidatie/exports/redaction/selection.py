"""The reports of a dossier that one recipient gets, and the rules for their fields.

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

from stopintimidatie.core.text import AMSTERDAM, DAYS, SHORT_MONTHS, day_of
from stopintimidatie.exports.profiles.defaults import MINORS
from stopintimidatie.exports.profiles.rules import (
    FREE_TEXT,
    Coarse,
    Field,
    Profile,
    Rule,
    Sharing,
    Treatment,
    rules_under,
)
from stopintimidatie.exports.redaction.content import Count, HeatRow
from stopintimidatie.exports.redaction.source import Despite, Offenders, SourceReport, Term
from stopintimidatie.exports.vocabulary import listed
from stopintimidatie.reports.rules import PARTS_OF_DAY, known_part_of_day
from stopintimidatie.reports.vocabulary import TimePrecision

# The key figures of a dossier, counted over the reports that this recipient gets.
#
# Pure. Reports that are left out count nowhere, so no figure can give away what was left out.
# If the reports themselves aren't listed, numbers go by fives and under five they are None
# ("<5").


THRESHOLD = 5
MONTHS_SHOWN = 24
PERIOD = 91
ENOUGH_FOR_A_PEAK = 5
ENOUGH_FOR_A_TREND = 10

# The default maximum of reports told in full; each other report gets a row.
FULL_MOST: Final = 60
# The fields in the row of a report, beside its number.
ROW_FIELDS: Final = frozenset({Field.TIME, Field.PLACE, Field.FORMS, Field.REFERENCE})


def part_of_day(report: SourceReport) -> str | None:
    """Return nacht, ochtend, middag or avond; None when the reporter didn't know."""
    return known_part_of_day(report.happened_at, report.precision, report.part_of_day)


def ranked(labels: Iterable[str]) -> tuple[Count, ...]:
    """Count how often each label occurs, most frequent first."""
    numbers = Counter(sorted(labels))
    return tuple(Count(label, number) for label, number in numbers.most_common())


def by_weekday(reports: Iterable[SourceReport]) -> tuple[HeatRow, ...]:
    """Count reports by weekday and part of day; those without a known part aren't counted."""
    cells = Counter(
        (day_of(report.happened_at).weekday(), part_of_day(report)) for report in timed(reports)
    )
    return tuple(
        HeatRow(name, tuple(cells[index, part] for part in PARTS_OF_DAY))
        for index, name in enumerate(DAYS)
    )


def timed(reports: Iterable[SourceReport]) -> tuple[SourceReport, ...]:
    """Return the reports of which day and part of day are known."""
    return tuple(
        report
        for report in reports
        if report.precision is not TimePrecision.UNKNOWN and part_of_day(report) is not None
    )


def by_month(reports: Sequence[SourceReport]) -> tuple[Count, ...]:
    """Count reports by month from the first to the last, empty ones too; at most two years."""
    if not reports:
        return ()
    days = [day_of(report.happened_at) for report in reports]
    numbers = Counter((day.year, day.month) for day in days)
    (year, month), last = min(numbers), max(numbers)
    counts = []
    while (year, month) <= last:
        counts.append(Count(f"{SHORT_MONTHS[month - 1]} {year}", numbers[year, month]))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return tuple(counts[-MONTHS_SHOWN:])


def trend(reports: Iterable[SourceReport], today: date) -> tuple[int, int]:
    """Count the reports of the last three months, and of the three before."""
    ages = [(today - day_of(report.happened_at)).days for report in reports]
    recent = sum(0 <= age < PERIOD for age in ages)
    return recent, sum(PERIOD <= age < 2 * PERIOD for age in ages)


def trend_in_words(recent: int, before: int, *, exact: bool) -> str:
    """Tell which way it goes, with both numbers where exact; of few reports nothing is said."""
    if recent + before < ENOUGH_FOR_A_TREND:
        words = "De aantallen zijn te klein voor een trend"
    elif recent * 4 >= before * 5:
        words = "Neemt toe"
    elif recent * 5 <= before * 4:
        words = "Neemt af"
    else:
        words = "Blijft ongeveer gelijk"
    numbers = f"{recent} in de laatste 3 maanden, {before} in de 3 maanden daarvoor"
    return f"{words}: {numbers}." if exact else f"{words}."


def peak(reports: Iterable[SourceReport], *, exact: bool) -> str:
    """Tell on which days and part of day most happened."""
    known = timed(reports)
    if len(known) < ENOUGH_FOR_A_PEAK:
        return "Te weinig meldingen om een piek te zien."
    parts = Counter(part_of_day(report) for report in known)
    part = max(PARTS_OF_DAY, key=lambda name: parts[name])
    share = f" ({parts[part]} van {len(known)})" if exact else ""
    return f"{_busiest_days(known, exact=exact)}; meest in de {_hours(part)}{share}."


def _busiest_days(known: Sequence[SourceReport], *, exact: bool) -> str:
    days = Counter(day_of(report.happened_at).weekday() for report in known)
    ranked = sorted(days, key=lambda index: (-days[index], index))
    busiest = [index for index in ranked[:2] if days[index] * 5 > len(known)]
    if not busiest:
        return "Verspreid over de week"
    names = [f"{DAYS[i]} ({days[i]})" if exact else DAYS[i] for i in sorted(busiest)]
    return f"Vooral op {listed(names)}"


def coarse(number: int | None) -> int | None:
    """Round a number down to fives for who doesn't see the reports; under five it is None.

    Nought is under the threshold too: "nobody" also tells something about the few. By fives,
    because exact totals beside each other would give a hidden cell away.
    """
    if number is None or number < THRESHOLD:
        return None
    return number - number % THRESHOLD


def coarse_counts(counts: Iterable[Count]) -> tuple[Count, ...]:
    """Make these counts coarse."""
    return tuple(Count(count.label, coarse(count.number)) for count in counts)


def coarse_rows(rows: Iterable[HeatRow]) -> tuple[HeatRow, ...]:
    """Make the numbers of these rows coarse."""
    return tuple(HeatRow(row.label, tuple(map(coarse, row.cells))) for row in rows)


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


def coarsen(
    report: SourceReport, rules: Mapping[Field, Rule]
) -> tuple[SourceReport, tuple[tuple[Field, Rule], ...]]:
    """Coarsen a report by these rules; return also the rules that hid something."""
    known, hid = report, []
    for field, rule in rules.items():
        left = _under(known, field, rule)
        if left != known and (field is not Field.TIME or _time_is_finer(known, rule.how)):
            hid.append((field, rule))
        known = left
    return replace(known, reviewed=()), tuple(hid)


def _under(report: SourceReport, field: Field, rule: Rule) -> SourceReport:
    """Coarsen a report by one rule about one field."""
    if rule.treatment is Treatment.SHOWN:
        return report
    if field in _EMPTY:
        return replace(report, **_EMPTY[field])
    if field in FREE_TEXT:
        return _as_reviewed(report, field, rule)
    change = _CHANGES.get(field)
    return report if change is None else change(report, rule)


def _time_is_finer(report: SourceReport, how: Coarse | None) -> bool:
    part = how is Coarse.DAY and part_of_day(report) is not None
    return part or report.precision in (TimePrecision.EXACT, TimePrecision.HOUR)


def _time(report: SourceReport, rule: Rule) -> SourceReport:
    """Set the time to noon of that day, so that not even the order tells more."""
    part = None if rule.how is Coarse.DAY else part_of_day(report)
    noon = datetime.combine(day_of(report.happened_at), time(12), AMSTERDAM).astimezone(UTC)
    precision = report.precision
    if precision is not TimePrecision.UNKNOWN:
        precision = TimePrecision.PART_OF_DAY if part else TimePrecision.DAY
    return replace(report, happened_at=noon, part_of_day=part, precision=precision)


def _place(report: SourceReport, rule: Rule) -> SourceReport:
    named = report.street or report.buurt if rule.how is Coarse.STREET else ""
    return replace(report, place=named, street=named, point=None)


def _offenders(report: SourceReport, rule: Rule) -> SourceReport:
    seen, words = report.offenders, report.offenders.appearance
    if rule.how is Coarse.NUMBER:
        left = Offenders(number=seen.number, in_group=seen.in_group, appearance=words)
    else:
        left = Offenders(appearance=words)
    return replace(report, offenders=left)


def _as_reviewed(report: SourceReport, field: Field, rule: Rule) -> SourceReport:
    """Put the text as it was looked at for what the reporter wrote; nothing when nobody did."""
    texts = {review.field: review.text for review in report.reviewed}
    words = texts.get(field, "") if rule.how is Coarse.REVIEWED else ""
    if field is Field.APPEARANCE:
        return replace(report, offenders=replace(report.offenders, appearance=words))
    if field is Field.ACCOUNT:
        return replace(report, account=words)
    return replace(report, place_note=words)


_CHANGES: Final[Mapping[Field, Callable[[SourceReport, Rule], SourceReport]]] = MappingProxyType(
    {
        Field.TIME: _time,
        Field.PLACE: _place,
        Field.OFFENDERS: _offenders,
    }
)


@dataclass(frozen=True, slots=True)
class Selection:
    """The reports as this recipient may see them, in order of time; the rest is gone.

    By serial number: `in_full` are the reports that are told in full, the others are rows; `hidden`
    are the rules that hid something of a report that goes along, `withheld` the reports that don't
    go along (`restricted` of these: as their use is restricted), `against` those that do all the
    same, and why.
    """

    profile: Profile
    reports: tuple[SourceReport, ...]
    in_full: frozenset[int]
    hidden: Mapping[int, tuple[tuple[Field, Rule], ...]]
    withheld: frozenset[int]
    restricted: frozenset[int]
    against: Mapping[int, Despite]

    @property
    def number_withheld(self) -> int | None:
        """The number of reports that stay out, for a recipient outside; None under five."""
        number = len(self.withheld)
        return number if number >= THRESHOLD else None


def select(
    reports: Sequence[SourceReport],
    profile: Profile,
    in_full: Iterable[int] | None = None,
    *,
    most: int = FULL_MOST,
) -> Selection:
    """Choose the reports that go along, each as this recipient may know it.

    Args:
        reports: all reports of the dossier.
        profile: what this kind of recipient may know.
        in_full: the numbers of the reports that are told in full; None means the newest.
        most: the highest number of reports that are told in full.
    """
    minors = {report.minor for report in reports}
    rules = {minor: rules_under(profile, MINORS if minor else None) for minor in minors}
    unwanted = [r for r in reports if r.restricted or not wanted(r, profile.sharing)]
    against = {report.serial: report.despite for report in unwanted if report.despite is not None}
    withheld = frozenset(report.serial for report in unwanted) - frozenset(against)
    bound = frozenset(r.serial for r in unwanted if r.restricted)
    known, hidden = [], {}
    for report in reports:
        if report.serial not in withheld:
            left, hidden[report.serial] = coarsen(report, rules[report.minor])
            known.append(left)
    ordered = sorted(known, key=lambda report: (report.happened_at, report.serial))
    numbers = [report.serial for report in ordered]
    wish = set(numbers if in_full is None else in_full)
    full = frozenset([number for number in numbers if number in wish][-most:])
    for number in numbers:
        if number not in full:
            hidden[number] = tuple(rule for rule in hidden[number] if rule[0] in ROW_FIELDS)
    return Selection(profile, tuple(ordered), full, hidden, withheld, withheld & bound, against)


def wanted(report: SourceReport, sharing: Sharing) -> bool:
    """Tell whether the reporter's own preference allows this kind of recipient."""
    if sharing is Sharing.POLICE:
        return report.share_police
    return report.share_partners or sharing is Sharing.NONE


def pseudonym(report: SourceReport) -> str:
    """Return M-01 for serial 1: a name that lasts, and means nothing outside the dossier."""
    return f"M-{report.serial:02d}"
