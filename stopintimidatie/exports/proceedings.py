"""What was done, talked over and agreed, for one recipient. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from stopintimidatie.dossiers.measures import SHORTEST, window
from stopintimidatie.exports import figures
from stopintimidatie.exports.content import (
    ActionContent,
    AgreementContent,
    ConsultationContent,
)
from stopintimidatie.exports.profiles import Section
from stopintimidatie.exports.selection import Selection, today
from stopintimidatie.exports.source import (
    DossierSource,
    SourceAction,
    SourceMeasure,
    SourceReport,
)
from stopintimidatie.exports.text import capital, clean, clean_line
from stopintimidatie.web.filters import date_short


def actions(source: DossierSource, chosen: Selection) -> tuple[ActionContent, ...]:
    """What was done: agreements that were kept, and measures with the reports before and after."""
    if not chosen.profile.has(Section.ACTIONS):
        return ()
    done: list[SourceAction | SourceMeasure] = [
        action for action in source.actions if not action.police_sourced
    ]
    done += source.measures
    return tuple(
        ActionContent(
            what=clean(one.what),
            who=clean_line(one.who),
            when=_period(one),
            counts=_counts(one, source, chosen),
            effect=clean(one.effect),
        )
        for one in sorted(done, key=lambda one: (one.on, one.what))
    )


def _period(one: SourceAction | SourceMeasure) -> str:
    if isinstance(one, SourceMeasure) and one.ended_on and one.ended_on != one.on:
        return f"{date_short(one.on)} t/m {date_short(one.ended_on)}"
    return date_short(one.on)


def _counts(one: SourceAction | SourceMeasure, source: DossierSource, chosen: Selection) -> str:
    """As long before as after, over the reports that this recipient gets and no others."""
    if not isinstance(one, SourceMeasure):
        return ""
    days = window(one.on, today(source))
    if days < SHORTEST:
        return "nog te kort geleden"
    before = _within(chosen.reports, one.on - timedelta(days=days), one.on)
    after = _within(chosen.reports, one.on, one.on + timedelta(days=days))
    if not chosen.profile.lists_reports:
        before, after = figures.coarse(before), figures.coarse(after)
    return f"{_told(before)} voor, {_told(after)} na ({days} dagen)"


def _within(reports: Sequence[SourceReport], first: date, end: date) -> int | None:
    return sum(first <= figures.day(report) < end for report in reports)


def _told(number: int | None) -> str:
    return "<5" if number is None else str(number)


def consultations(source: DossierSource, chosen: Selection) -> tuple[ConsultationContent, ...]:
    """The meetings that were held, the latest first."""
    if not chosen.profile.has(Section.CONSULTATIONS):
        return ()
    return tuple(
        ConsultationContent(
            when=date_short(one.on),
            kind=capital(one.kind),
            seats=clean_line("; ".join(one.seats)),
            decisions=clean(one.decisions),
            next_date=date_short(one.next_date),
        )
        for one in sorted(source.consultations, key=lambda one: one.on, reverse=True)
    )


def agreements(source: DossierSource, chosen: Selection) -> tuple[AgreementContent, ...]:
    """Open ones first, by date."""
    if not chosen.profile.has(Section.AGREEMENTS):
        return ()
    ordered = sorted(
        source.agreements,
        key=lambda agreement: (not agreement.open, agreement.due or date.max, agreement.what),
    )
    return tuple(
        AgreementContent(
            clean(agreement.what),
            clean_line(agreement.who),
            date_short(agreement.due),
            agreement.state.label,
            date_short(agreement.next_date),
        )
        for agreement in ordered
    )
