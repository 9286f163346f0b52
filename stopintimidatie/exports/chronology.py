"""Chronologie: what happened, reports and events in one order. Pure.

Many reports in a row become one line, so that two years can be read in a minute.
"""

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from stopintimidatie.exports import figures
from stopintimidatie.exports.content import Event
from stopintimidatie.exports.profiles import Field, Profile, Section, Treatment
from stopintimidatie.exports.selection import Selection, pseudonym
from stopintimidatie.exports.source import (
    DossierSource,
    EventKind,
    Reliability,
    SourceEvent,
    SourceReport,
)
from stopintimidatie.exports.text import clean, clean_line, listed
from stopintimidatie.web.filters import date_short

FOLD_FROM = 4
NAMES_MAX = 8


# An event that belongs to a part of the document is left out with it.
SECTIONS = {
    EventKind.ACTION: Section.ACTIONS,
    EventKind.AGREEMENT: Section.AGREEMENTS,
    EventKind.CONSULTATION: Section.CONSULTATIONS,
}


def chronology(source: DossierSource, chosen: Selection) -> tuple[Event, ...]:
    if not chosen.profile.has(Section.CHRONOLOGY):
        return ()
    dated = [
        (event.on, 1, [_event(event)]) for event in source.events if _passes(event, chosen.profile)
    ]
    if chosen.profile.lists_reports:
        breaks = sorted(on for on, _, _ in dated)
        for group in _runs(chosen.reports, breaks):
            dated.append((figures.day(group[0]), 0, _report_events(group)))
    ordered = sorted(dated, key=lambda entry: entry[:2])
    return tuple(event for _, _, events in ordered for event in events)


def _passes(event: SourceEvent, profile: Profile) -> bool:
    section = SECTIONS.get(event.kind)
    if section is not None and not profile.has(section):
        return False
    asked = {Field.NOTES: event.kind is EventKind.NOTE, Field.POLICE_SOURCED: event.police_sourced}
    return all(
        profile.rules[field].treatment is Treatment.SHOWN for field, holds in asked.items() if holds
    )


def _event(event: SourceEvent) -> Event:
    return Event(
        date_short(event.on), clean(event.what), clean_line(event.source), event.reliability.value
    )


def _runs(reports: Sequence[SourceReport], breaks: Sequence[date]) -> list[list[SourceReport]]:
    """Reports that follow each other in one month with no other event in between."""

    def key(report: SourceReport) -> tuple[int, int, int]:
        on = figures.day(report)
        return on.year, on.month, sum(stop < on for stop in breaks)

    return [list(group) for _, group in groupby(reports, key)]


def _report_events(group: Sequence[SourceReport]) -> list[Event]:
    if len(group) >= FOLD_FROM:
        return [_folded(group)]
    return [
        Event(
            date_short(figures.day(report)),
            f"Melding {pseudonym(report)}: {listed([form.label for form in report.forms])}",
            f"melder ({report.role.label})" if report.role.label else "melder",
            _reliability(report).value,
        )
        for report in group
    ]


def _folded(group: Sequence[SourceReport]) -> Event:
    first, last = figures.day(group[0]), figures.day(group[-1])
    when = date_short(first) if first == last else f"{first:%d-%m} t/m {date_short(last)}"
    kinds = sorted({_reliability(report).value for report in group})
    names = _ranges(sorted(report.serial for report in group))
    which = f": {listed(names)}" if len(names) <= NAMES_MAX else ""
    return Event(when, f"{len(group)} meldingen{which}", "melders", listed(kinds))


def _ranges(serials: Sequence[int]) -> list[str]:
    """M-03 t/m M-07, M-09"""
    spans: list[list[int]] = []
    for serial in serials:
        if spans and serial == spans[-1][1] + 1:
            spans[-1][1] = serial
        else:
            spans.append([serial, serial])
    return [
        f"M-{low:02d}" if low == high else f"M-{low:02d} t/m M-{high:02d}" for low, high in spans
    ]


def _reliability(report: SourceReport) -> Reliability:
    if not report.role.code:
        return Reliability.UNKNOWN
    if report.role.code == "namens_ander":
        return Reliability.FROM_OTHERS
    return Reliability.OWN_OBSERVATION
