"""The register: writing it, reading it, and each step of a copy that somebody outside has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.session import locked
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.disclosures.models import (
    CopyState,
    DisclosedCopy,
    Disclosure,
    DisclosureEvent,
    DisclosureSubject,
)

AUDIT_KIND = "verstrekking"
# Of what a copy lies with somebody who must destroy it. What the desk forwarded became the
# municipality's own.
COPIED = "dossier"


@dataclass(frozen=True, slots=True)
class Subject:
    """A document whose data goes along, under its name there, with the categories of it."""

    id: UUID
    label: str
    categories: tuple[str, ...]
    kind: str = "melding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Everything that the register wants to know."""

    reference: str
    document_id: UUID
    source_kind: str
    source_id: UUID
    source_reference: str
    restricted: bool
    recipient: str
    recipient_kind: str
    profile: str
    profile_version: int
    purpose: str
    legal_basis: str
    legal_basis_words: str
    covenant: str | None
    minors_ground: str | None
    destroy_by: date
    content_sha256: str
    file_sha256: str
    file_size: int
    made_at: datetime
    requested_at: datetime
    requested_by_id: str | None
    requested_by: str
    approved_at: datetime
    approved_by_id: str | None
    approved_by: str


def record_disclosure(
    session: Session, entry: Entry, subjects: Sequence[Subject], actor: Actor
) -> Disclosure:
    """Append one disclosure; asked again for the same export it gives the row that is there."""
    present = find_disclosure(session, entry.reference)
    if present is not None:
        return present
    holder = current_holder(session) or ""
    values: dict[str, Any] = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    row = Disclosure(holder=holder, **values)
    row.subjects = [
        DisclosureSubject(
            holder=holder,
            kind=subject.kind,
            subject_id=subject.id,
            label=subject.label,
            categories=list(subject.categories),
        )
        for subject in subjects
    ]
    session.add(row)
    session.flush()
    if entry.source_kind == COPIED:
        session.add(DisclosedCopy(holder=holder, disclosure_id=row.id, destroy_by=row.destroy_by))
        session.flush()
    record(session, actor, "verstrekking.vastgelegd", holder, AUDIT_KIND, [row.id, row.source_id])
    return row


def find_disclosure(session: Session, reference: str) -> Disclosure | None:
    """Return the entry of one export, or None."""
    return session.scalars(
        select(Disclosure).where(Disclosure.reference == reference)
    ).one_or_none()


def subjects_of(session: Session, disclosure_id: UUID) -> Sequence[DisclosureSubject]:
    """Return the people whose data went along, in the order of the document."""
    return session.scalars(
        select(DisclosureSubject)
        .where(DisclosureSubject.disclosure_id == disclosure_id)
        .order_by(DisclosureSubject.label, DisclosureSubject.id)
    ).all()


# Copies: each step is a line in the register.


class EventKind(StrEnum):
    """The steps of a copy."""

    OFFERED = "klaargezet"
    GIVEN = "gegeven"
    ANSWERED = "antwoord"
    WITHDRAWN = "ingetrokken"
    REMINDED = "herinnerd"
    ALARM = "alarm"
    DESTROYED = "vernietigd"
    CORRECTED = "correctie"
    CORRECTION_DONE = "correctie_verwerkt"
    APPROVED_AFTER = "achteraf_goedgekeurd"
    REJECTED_AFTER = "achteraf_afgewezen"


WORDS: Final = {
    EventKind.OFFERED: "Klaargezet om op te halen",
    EventKind.GIVEN: "Gegeven",
    EventKind.ANSWERED: "Ontvanger gaf antwoord",
    EventKind.WITHDRAWN: "Ingetrokken",
    EventKind.REMINDED: "Herinnerd aan vernietigen",
    EventKind.ALARM: "Niet bevestigd dat het vernietigd is",
    EventKind.DESTROYED: "Ontvanger meldt: vernietigd",
    EventKind.CORRECTED: "Correctie gemeld",
    EventKind.CORRECTION_DONE: "Ontvanger meldt: correctie verwerkt",
    EventKind.APPROVED_AFTER: "Achteraf goedgekeurd",
    EventKind.REJECTED_AFTER: "Achteraf afgewezen",
}


def copy_of(session: Session, disclosure_id: UUID) -> DisclosedCopy | None:
    """Return the copy as it stands, kept from others until this transaction ends."""
    found = select(DisclosedCopy).where(DisclosedCopy.disclosure_id == disclosure_id)
    return session.scalars(locked(session, found)).one_or_none()


def note_event(
    session: Session, row: Disclosure, kind: EventKind, actor: Actor, code: str | None = None
) -> DisclosedCopy | None:
    """Append a line to the register and let the copy follow; the copy, where one is kept."""
    now = utc_now()
    session.add(
        DisclosureEvent(
            holder=row.holder,
            disclosure_id=row.id,
            at=now,
            kind=kind.value,
            code=code,
            actor_id=actor.id,
            actor_name=actor.name,
        )
    )
    copy = copy_of(session, row.id)
    if copy is not None:
        _follow(copy, kind)
    session.flush()
    about = [row.id, row.document_id]
    record(session, actor, "verstrekking.stap", row.holder, AUDIT_KIND, about, fields=[kind.value])
    return copy


def _follow(copy: DisclosedCopy, kind: EventKind) -> None:
    now = utc_now()
    match kind:
        case EventKind.OFFERED if copy.state == CopyState.MADE:
            copy.state = CopyState.OFFERED.value
        case EventKind.GIVEN:
            copy.given_at = copy.given_at or now
            if copy.state != CopyState.DESTROYED:
                copy.state = CopyState.GIVEN.value
        case EventKind.WITHDRAWN:
            copy.withdrawn_at = copy.withdrawn_at or now
            if copy.given_at is None:
                copy.state = CopyState.LAPSED.value
        case EventKind.DESTROYED:
            copy.state, copy.destroyed_at, copy.alarm_at = CopyState.DESTROYED.value, now, None
            copy.corrections = 0
        case EventKind.REMINDED:
            copy.reminders += 1
        case EventKind.ALARM:
            copy.alarm_at = now
        case EventKind.CORRECTED:
            copy.corrections += 1
        case EventKind.CORRECTION_DONE:
            copy.corrections = max(copy.corrections - 1, 0)
        case _:
            pass


def events_of(session: Session, disclosure_id: UUID) -> Sequence[DisclosureEvent]:
    """Return what became of it, the latest first."""
    return session.scalars(
        select(DisclosureEvent)
        .where(DisclosureEvent.disclosure_id == disclosure_id)
        .order_by(DisclosureEvent.at.desc(), DisclosureEvent.id)
    ).all()


def stand_of(copy: DisclosedCopy | None, today: date) -> str:
    """Say how a copy stands. Pure."""
    if copy is None:
        return ""
    match copy.state:
        case CopyState.GIVEN if copy.withdrawn_at:
            return "ingetrokken; ontvanger bevestigde nog niet"
        case CopyState.GIVEN if copy.alarm_at:
            return "bel de ontvanger"
        case CopyState.GIVEN if copy.destroy_by < today:
            return "had vernietigd moeten zijn"
        case CopyState.GIVEN if copy.corrections:
            return "bij de ontvanger; correctie niet bevestigd"
        case CopyState.GIVEN:
            return "bij de ontvanger"
        case CopyState.DESTROYED:
            return "vernietigd door de ontvanger"
        case CopyState.LAPSED:
            return "ingetrokken, nooit gegeven"
        case CopyState.OFFERED:
            return "klaargezet"
    return "nog niet gegeven"


def event_words(event: DisclosureEvent) -> str:
    """Write the line in words; a kind of a later release by its code."""
    said = {kind.value: words for kind, words in WORDS.items()}.get(event.kind, event.kind)
    return f"{said}: {CODES.get(event.code, event.code)}" if event.code else said


# What the codes of events say; a name in the document, such as M-03, says itself.
CODES: Final = {
    "download": "gedownload door de gemeente",
    "opgehaald": "opgehaald door de ontvanger",
    "onjuist": "er staat iets onjuists in",
    "verkeerde_ontvanger": "voor de verkeerde ontvanger",
    "niet_meer_nodig": "niet meer nodig",
    "bron_gewijzigd": "gegevens waarvan het was gemaakt zijn gewist of gewijzigd",
    "achteraf_afgewezen": "achteraf niet goedgekeurd",
    "anders": "een andere reden",
    "vooraf": "een week van tevoren",
    "daarna": "de dag erna",
    "telefonisch": "telefonisch of op een andere manier gehoord",
}
