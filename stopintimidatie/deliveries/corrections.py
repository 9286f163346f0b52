"""Correction notices: who holds a copy hears what changed, and it stays open until they confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.deliveries.models import CopyCorrection
from stopintimidatie.deliveries.vocabulary import Part
from stopintimidatie.disclosures.copies import EventKind, note_event
from stopintimidatie.disclosures.models import (
    CopyState,
    DisclosedCopy,
    Disclosure,
    DisclosureSubject,
)
from stopintimidatie.disclosures.references import KIND
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.exports.withdrawing import Change

# What somebody who holds a copy must do.
WORDS: Final = {
    Change.CORRECTED: "Er klopt iets niet. Pas uw kopie aan, of vernietig haar.",
    Change.REDACTED: "Woorden zijn onleesbaar gemaakt. Vernietig uw kopie.",
    Change.ERASED: "De melding is gewist. Vernietig uw kopie, en wat u eruit overnam.",
}
# Of a dossier as a whole: no report in it has a name then.
WHOLE: Final = "Het dossier is gewist. Vernietig uw kopie, en wat u eruit overnam."


@dataclass(frozen=True)
class Correction:
    """What is to be told; words for colleagues elsewhere, never in a repr."""

    change: Change
    parts: tuple[str, ...] = ()
    note: str | None = None


def copies_with(session: Session, report_id: UUID) -> Sequence[tuple[Disclosure, str]]:
    """The disclosed documents that this report is in and that somebody may still have."""
    rows = session.execute(
        select(Disclosure, DisclosureSubject.label)
        .join(DisclosureSubject, DisclosureSubject.disclosure_id == Disclosure.id)
        .join(DisclosedCopy, DisclosedCopy.disclosure_id == Disclosure.id)
        .where(
            DisclosureSubject.subject_id == report_id,
            DisclosedCopy.state == CopyState.GIVEN.value,
        )
        .order_by(Disclosure.made_at, Disclosure.id)
    )
    return [(row[0], row[1]) for row in rows]


def open_correction(
    session: Session,
    export: Export,
    disclosure: Disclosure,
    label: str,
    correction: Correction,
    actor: Actor,
) -> CopyCorrection:
    """Note it; the caller has the holder told."""
    row = CopyCorrection(
        holder=export.holder,
        export_id=export.id,
        label=label,
        change=correction.change.value,
        parts=list(correction.parts),
        note=correction.note,
        made_at=utc_now(),
        made_by=actor.name,
    )
    session.add(row)
    session.flush()
    note_event(session, disclosure, EventKind.CORRECTED, actor, label)
    record(session, actor, "uitvoer.correctie", export.holder, KIND, [export.id])
    return row


def corrections_of(session: Session, export_id: UUID) -> Sequence[CopyCorrection]:
    """The latest first."""
    return session.scalars(
        select(CopyCorrection)
        .where(CopyCorrection.export_id == export_id)
        .order_by(CopyCorrection.made_at.desc(), CopyCorrection.id)
    ).all()


def confirm(
    session: Session, export: Export, disclosure: Disclosure, number: str, who: Actor
) -> None:
    """The holder says that it is done.

    :raises ExportError: there is none of that number that is open.
    """
    row = next((one for one in corrections_of(session, export.id) if str(one.id) == number), None)
    if row is None or row.confirmed_at is not None:
        raise ExportError("Deze correctie is al bevestigd.")
    _confirm(row, who)
    note_event(session, disclosure, EventKind.CORRECTION_DONE, who, row.label)


def confirm_all(session: Session, export: Export, who: Actor) -> None:
    """A copy that is destroyed needs no corrections."""
    for row in corrections_of(session, export.id):
        if row.confirmed_at is None:
            _confirm(row, who)


def _confirm(row: CopyCorrection, who: Actor) -> None:
    row.confirmed_at, row.confirmed_by = utc_now(), who.name


def correction_words(row: CopyCorrection) -> str:
    """What changed and what to do."""
    parts = ", ".join(Part.word(code) for code in row.parts)
    if not row.label:
        return WHOLE
    said = {change.value: words for change, words in WORDS.items()}.get(row.change, row.change)
    return f"{said} Het gaat om: {parts}." if parts else said
