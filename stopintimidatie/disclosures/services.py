"""The register: writing and reading it, and the steps of a copy that a recipient has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.session import locked
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.text import Term
from stopintimidatie.disclosures.models import (
    CopyState,
    DisclosedCopy,
    Disclosure,
    DisclosureEvent,
    DisclosureSubject,
)
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis

AUDIT_KIND = "verstrekking"
# The kind of document whose recipient must destroy its copy. A forwarded report isn't: it became
# the municipality's own.
COPIED = "dossier"


@dataclass(frozen=True, slots=True)
class Subject:
    """A document whose data goes along: its label in what is disclosed, and the categories."""

    id: UUID
    label: str
    categories: tuple[str, ...]
    kind: str = "melding"


def record_disclosure(
    session: Session, entry: Disclosure, subjects: Sequence[Subject], actor: Actor
) -> Disclosure:
    """Append a disclosure to the register, for the holder of this transaction.

    A disclosure with this reference that is there already is returned instead.
    """
    present = find_disclosure(session, entry.reference)
    if present is not None:
        return present
    entry.holder = holder = current_holder(session) or ""
    entry.subjects = [
        DisclosureSubject(
            holder=holder,
            kind=subject.kind,
            subject_id=subject.id,
            label=subject.label,
            categories=list(subject.categories),
        )
        for subject in subjects
    ]
    session.add(entry)
    session.flush()
    if entry.source_kind == COPIED:
        copy = DisclosedCopy(holder=holder, disclosure_id=entry.id, destroy_by=entry.destroy_by)
        session.add(copy)
        session.flush()
    about = [entry.id, entry.source_id]
    record(session, actor, "verstrekking.vastgelegd", holder, AUDIT_KIND, about)
    return entry


def find_disclosure(session: Session, reference: str) -> Disclosure | None:
    """Return the disclosure with this reference, or None."""
    return session.scalars(
        select(Disclosure).where(Disclosure.reference == reference)
    ).one_or_none()


def subjects_of(session: Session, disclosure_id: UUID) -> Sequence[DisclosureSubject]:
    """Return the documents whose data went along, by their label."""
    return session.scalars(
        select(DisclosureSubject)
        .where(DisclosureSubject.disclosure_id == disclosure_id)
        .order_by(DisclosureSubject.label, DisclosureSubject.id)
    ).all()


# Copies; each step is a line in the register


class EventKind(Term):
    """Step of a copy."""

    OPENED = "bekeken", "Geopend door de gemeente", "opened by the municipality"
    OFFERED = "klaargezet", "Klaargezet om op te halen", "ready to be fetched"
    GIVEN = "gegeven", "Gegeven", "given"
    ANSWERED = "antwoord", "Ontvanger gaf antwoord", "recipient answered"
    WITHDRAWN = "ingetrokken", "Ingetrokken", "withdrawn"
    REMINDED = "herinnerd", "Herinnerd aan vernietigen", "reminded to destroy"
    ALARM = "alarm", "Niet bevestigd dat het vernietigd is", "destruction not confirmed"
    DESTROYED = "vernietigd", "Ontvanger meldt: vernietigd", "destroyed"
    CORRECTED = "correctie", "Correctie gemeld", "correction told"
    CORRECTION_DONE = "correctie_verwerkt", "Ontvanger meldt: correctie verwerkt", "corrected"
    APPROVED_AFTER = "achteraf_goedgekeurd", "Achteraf goedgekeurd", "approved afterwards"
    REJECTED_AFTER = "achteraf_afgewezen", "Achteraf afgewezen", "rejected afterwards"


def copy_of(session: Session, disclosure_id: UUID) -> DisclosedCopy | None:
    """Return the copy of a disclosure, locked until this transaction ends; None without one."""
    wanted = select(DisclosedCopy).where(DisclosedCopy.disclosure_id == disclosure_id)
    return session.scalars(locked(session, wanted)).one_or_none()


def note_event(
    session: Session, row: Disclosure, kind: EventKind, actor: Actor, code: str | None = None
) -> DisclosedCopy | None:
    """Append a step to the register and change the copy by it; return the copy, if there is one."""
    session.add(
        DisclosureEvent(
            holder=row.holder,
            disclosure_id=row.id,
            kind=kind.value,
            code=code,
            actor_id=actor.id,
            actor_name=actor.name,
        )
    )
    copy = copy_of(session, row.id)
    if copy is not None:
        _follow(copy, kind, public=is_public(row))
    session.flush()
    about = [row.id, row.document_id]
    record(session, actor, "verstrekking.stap", row.holder, AUDIT_KIND, about, fields=[kind.value])
    return copy


def is_public(row: Disclosure) -> bool:
    """Tell whether everybody may read what was disclosed: then no copy need be destroyed."""
    return row.legal_basis == LegalBasis.PUBLIC_ACCESS


def _follow(copy: DisclosedCopy, kind: EventKind, *, public: bool) -> None:
    """Change a copy by a step."""
    now = utc_now()
    match kind:
        case EventKind.OFFERED if copy.state == CopyState.MADE:
            copy.state = CopyState.OFFERED.value
        case EventKind.GIVEN:
            copy.given_at = copy.given_at or now
            if copy.state != CopyState.DESTROYED:
                copy.state = (CopyState.PUBLIC if public else CopyState.GIVEN).value
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


def events_of(session: Session, disclosure_id: UUID) -> Sequence[DisclosureEvent]:
    """Return the steps of a disclosure, the latest first."""
    return session.scalars(
        select(DisclosureEvent)
        .where(DisclosureEvent.disclosure_id == disclosure_id)
        .order_by(DisclosureEvent.at.desc(), DisclosureEvent.id)
    ).all()


def stand_of(copy: DisclosedCopy | None, today: date) -> str:
    """Return how a copy stands, in words. Pure."""
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
        case CopyState.PUBLIC:
            return "ingetrokken; het was openbaar" if copy.withdrawn_at else "openbaar"
        case CopyState.DESTROYED:
            return "vernietigd door de ontvanger"
        case CopyState.LAPSED:
            return "ingetrokken, nooit gegeven"
        case CopyState.OFFERED:
            return "klaargezet"
    return "nog niet gegeven"


def event_words(event: DisclosureEvent) -> str:
    """Return a step in words; an unknown kind, of a later release, as its code."""
    words = EventKind.word(event.kind)
    return f"{words}: {CODES.get(event.code, event.code)}" if event.code else words


# The codes of events in words; a label in the document, such as M-03, needs none.
CODES: Final = {
    # Once a download counted as given.
    "download": "gedownload door de gemeente",
    "papier": "op papier, door de gemeente",
    "eigen_mail": "met de beveiligde mail van de gemeente",
    "zelf": "door de gemeente zelf",
    "opgehaald": "opgehaald door de ontvanger",
    "pdf": "als pdf, door wie het ophaalde",
    "weer": "na de eerste keer",
    "onjuist": "er staat iets onjuists in",
    "verkeerde_ontvanger": "voor de verkeerde ontvanger",
    "niet_meer_nodig": "niet meer nodig",
    "bron_gewijzigd": "gegevens waarvan het was gemaakt zijn gewist of gewijzigd",
    "achteraf_afgewezen": "achteraf niet goedgekeurd",
    "bewaartermijn": "de termijn is voorbij: de inhoud is vernietigd",
    "anders": "een andere reden",
    "vooraf": "een week van tevoren",
    "daarna": "de dag erna",
    "telefonisch": "telefonisch of op een andere manier gehoord",
}
