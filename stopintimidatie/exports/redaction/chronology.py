"""Chronologie: reports and events in the order in which they happened. Pure.

Many reports in a row become one line, so that two years can be read in a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from stopintimidatie.core.text import date_short, day_of
from stopintimidatie.dossiers.rules import effect_in_words, window
from stopintimidatie.exports.profiles.rules import Field, Profile, Section, Treatment
from stopintimidatie.exports.redaction import selection
from stopintimidatie.exports.redaction.content import (
    ActionContent,
    AgreementContent,
    ConsultationContent,
    Event,
)
from stopintimidatie.exports.redaction.selection import Selection, pseudonym
from stopintimidatie.exports.redaction.source import (
    DossierSource,
    EventKind,
    Reliability,
    SourceAction,
    SourceEvent,
    SourceMeasure,
    SourceReport,
)
from stopintimidatie.exports.vocabulary import capital, clean, clean_line, listed

FOLD_FROM = 4
NAMES_MAX = 8


# An event that belongs to a part of the document is left out with it.
SECTIONS = {
    EventKind.ACTION: Section.ACTIONS,
    EventKind.AGREEMENT: Section.AGREEMENTS,
    EventKind.CONSULTATION: Section.CONSULTATIONS,
}
# By the role of the reporter; other roles saw it themselves.
RELIABILITIES = {"": Reliability.UNKNOWN, "namens_ander": Reliability.FROM_OTHERS}


def chronology(source: DossierSource, chosen: Selection) -> tuple[Event, ...]:
    """Put reports and events in one order, as far as this recipient may know of them."""
    if not chosen.profile.has(Section.CHRONOLOGY):
        return ()
    passing = [event for event in source.events if _passes(event, chosen.profile)]
    dated = []
    for event in passing:
        text, where = clean(event.text), clean_line(event.source)
        line = Event(date_short(event.on), text, where, event.reliability.value)
        dated.append((event.on, 1, [line]))
    if chosen.profile.lists_reports:
        for group in _runs(chosen.reports, [event.on for event in passing]):
            dated.append((day_of(group[0].happened_at), 0, _report_events(group)))
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


def _runs(reports: Sequence[SourceReport], breaks: Sequence[date]) -> list[list[SourceReport]]:
    """Group reports that follow each other in one month with no other event in between."""
    runs: dict[tuple[int, int, int], list[SourceReport]] = {}
    for report in reports:
        on = day_of(report.happened_at)
        passed = sum(stop < on for stop in breaks)
        runs.setdefault((on.year, on.month, passed), []).append(report)
    return list(runs.values())


def _report_events(group: Sequence[SourceReport]) -> list[Event]:
    if len(group) >= FOLD_FROM:
        return [_folded(group)]
    return [
        Event(
            date_short(report.happened_at),
            f"Melding {pseudonym(report)}: {listed([form.label for form in report.forms])}",
            f"melder ({report.role.label})" if report.role.label else "melder",
            RELIABILITIES.get(report.role.code, Reliability.OWN_OBSERVATION).value,
        )
        for report in group
    ]


def _folded(group: Sequence[SourceReport]) -> Event:
    first, last = day_of(group[0].happened_at), day_of(group[-1].happened_at)
    when = date_short(first) if first == last else f"{first:%d-%m} t/m {date_short(last)}"
    kinds = sorted(
        {RELIABILITIES.get(report.role.code, Reliability.OWN_OBSERVATION).value for report in group}
    )
    names = ranges(sorted(report.serial for report in group))
    which = f": {listed(names)}" if len(names) <= NAMES_MAX else ""
    return Event(when, f"{len(group)} meldingen{which}", "melders", listed(kinds))


def ranges(serials: Sequence[int]) -> list[str]:
    """Return these numbers in ascending order as M-03 t/m M-07, M-09."""
    spans: list[list[int]] = []
    for serial in serials:
        if spans and serial == spans[-1][1] + 1:
            spans[-1][1] = serial
        else:
            spans.append([serial, serial])
    return [
        f"M-{low:02d}" if low == high else f"M-{low:02d} t/m M-{high:02d}" for low, high in spans
    ]


# Actions, consultations and agreements of a dossier, for one recipient. Pure.


def actions(source: DossierSource, chosen: Selection) -> tuple[ActionContent, ...]:
    """Return what was done: agreements kept, and measures with the reports before and after."""
    if not chosen.profile.has(Section.ACTIONS):
        return ()
    done: list[SourceAction | SourceMeasure] = [
        action for action in source.actions if not action.police_sourced
    ]
    done += source.measures
    return tuple(
        ActionContent(
            what=clean(action.text),
            who=clean_line(action.who),
            when=_period(action),
            counts=_counts(action, source, chosen),
            effect=clean(action.effect),
        )
        for action in sorted(done, key=lambda action: (action.on, action.text))
    )


def _period(action: SourceAction | SourceMeasure) -> str:
    if isinstance(action, SourceMeasure) and action.ended_on and action.ended_on != action.on:
        return f"{date_short(action.on)} t/m {date_short(action.ended_on)}"
    return date_short(action.on)


def _counts(action: SourceAction | SourceMeasure, source: DossierSource, chosen: Selection) -> str:
    """Count the reports of this recipient over as many days before a measure as after it."""
    if not isinstance(action, SourceMeasure):
        return ""
    days = window(action.on, day_of(source.edition.frozen_at))
    before = _within(chosen.reports, action.on - timedelta(days=days), action.on)
    after = _within(chosen.reports, action.on, action.on + timedelta(days=days))
    counts: list[int | None] = [before, after, *action.rest]
    if not chosen.profile.lists_reports:
        counts = [selection.coarse(number) for number in counts]
    return effect_in_words(days, (counts[0], counts[1]), (counts[2], counts[3]))


def _within(reports: Sequence[SourceReport], first: date, end: date) -> int:
    return sum(first <= day_of(report.happened_at) < end for report in reports)


def consultations(source: DossierSource, chosen: Selection) -> tuple[ConsultationContent, ...]:
    """Return the meetings that were held, the latest first."""
    if not chosen.profile.has(Section.CONSULTATIONS):
        return ()
    return tuple(
        ConsultationContent(
            when=date_short(meeting.on),
            kind=capital(meeting.kind),
            seats=clean_line("; ".join(meeting.seats)),
            decisions=clean(meeting.decisions),
            next_date=date_short(meeting.next_date),
        )
        for meeting in sorted(source.consultations, key=lambda meeting: meeting.on, reverse=True)
    )


def agreements(source: DossierSource, chosen: Selection) -> tuple[AgreementContent, ...]:
    """Return the agreements, the open ones first, by date."""
    if not chosen.profile.has(Section.AGREEMENTS):
        return ()
    ordered = sorted(
        source.agreements,
        key=lambda agreement: (not agreement.open, agreement.due or date.max, agreement.text),
    )
    return tuple(
        AgreementContent(
            clean(agreement.text),
            clean_line(agreement.who),
            date_short(agreement.due),
            agreement.state.label,
            date_short(agreement.next_date),
        )
        for agreement in ordered
    )
