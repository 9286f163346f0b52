"""What becomes of a copy that somebody outside has. Each step is a line in the register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.disclosures.models import (
    CopyState,
    DisclosedCopy,
    Disclosure,
    DisclosureEvent,
)
from stopintimidatie.storage.session import locked

AUDIT_KIND: Final = "verstrekking"


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
    """The copy as it stands, kept from others until this transaction ends."""
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
    """What became of it, the latest first."""
    return session.scalars(
        select(DisclosureEvent)
        .where(DisclosureEvent.disclosure_id == disclosure_id)
        .order_by(DisclosureEvent.at.desc(), DisclosureEvent.id)
    ).all()


def stand_of(copy: DisclosedCopy | None, today: date) -> str:
    """How a copy stands, in words. Pure."""
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
    """The line in words; a kind of a later release by its code."""
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
