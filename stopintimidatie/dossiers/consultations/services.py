"""The services of a consultation: plan it, report on it or drop it; and of participants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.dossiers.models import (
    Consultation,
    ConsultationAgreement,
    ConsultationSeat,
    Dossier,
    DossierAgreement,
    DossierParticipant,
)
from stopintimidatie.dossiers.resources import is_strict
from stopintimidatie.dossiers.services import (
    DossierError,
    append,
    lock,
    lock_live,
    log,
    made_by,
    reindex_dossier,
    set_fields,
    write_down,
)
from stopintimidatie.dossiers.workflow import ConsultationKind, ConsultationState

# Function and organisation.
Seat = tuple[str, str]
PLAN_FIELDS: Final = ("planned_at", "place", "agenda")


def kind_for(dossier: Dossier) -> ConsultationKind:
    """Return the kind of consultation: only about a person it is a casusoverleg."""
    return ConsultationKind.CASE if is_strict(dossier.kind) else ConsultationKind.PLAIN


def plan_consultation(
    session: Session,
    dossier: Dossier,
    planned_at: datetime,
    actor: Actor,
    *,
    place: str | None = None,
    agenda: str | None = None,
) -> Consultation:
    """Put a consultation in the diary of the dossier.

    Raises:
        DossierError: The dossier is closed.
    """
    lock_live(session, dossier)
    last = select(func.max(Consultation.serial)).where(Consultation.dossier_id == dossier.id)
    made = Consultation(
        holder=dossier.holder,
        dossier_id=dossier.id,
        serial=(session.scalar(last) or 0) + 1,
        kind=kind_for(dossier).value,
        state=ConsultationState.PLANNED.value,
        planned_at=planned_at,
        place=place,
        agenda=agenda,
        **made_by(actor),
    )
    session.add(made)
    session.flush()
    _write_down(session, dossier, made, "overleg_gepland", actor)
    return made


def change_plan(
    session: Session,
    dossier: Dossier,
    consultation: Consultation,
    values: Mapping[str, Any],
    actor: Actor,
) -> list[str]:
    """Change moment, place or agenda; return the names of the fields that differ.

    Raises:
        DossierError: The dossier is closed, or it was held or dropped already.
    """
    _still_planned(session, dossier, consultation)
    fields = set_fields(consultation, values, PLAN_FIELDS)
    if fields:
        consultation.changed_at, consultation.changed_by = utc_now(), actor.name
        log(session, dossier, actor, "overleg", fields)
        reindex_dossier(session, dossier)
    return fields


def badge_of(state: str, planned_at: datetime) -> str:
    """Return the badge of its state; what was planned for a past moment waits for its report."""
    past = state == ConsultationState.PLANNED and planned_at < utc_now()
    return "verslag_nodig" if past else state


def drop_consultation(
    session: Session, dossier: Dossier, consultation: Consultation, actor: Actor
) -> None:
    """Note that a consultation doesn't take place.

    Raises:
        DossierError: It was held or dropped already.
    """
    _still_planned(session, dossier, consultation)
    consultation.state = ConsultationState.DROPPED.value
    consultation.changed_at, consultation.changed_by = utc_now(), actor.name
    _write_down(session, dossier, consultation, "overleg_vervallen", actor)


def report_on(
    session: Session,
    dossier: Dossier,
    consultation: Consultation,
    seats: Sequence[Seat],
    decisions: str,
    next_on: date | None,
    actor: Actor,
) -> None:
    """Store who sat at the table, what was decided and when the next one is.

    The report may be mended later.

    Raises:
        DossierError: It was dropped, nobody sat there, or the dossier is closed.
    """
    lock_live(session, dossier, consultation)
    if consultation.state == ConsultationState.DROPPED:
        raise DossierError("Dit overleg is vervallen. Plan een nieuw overleg.")
    if not seats:
        raise DossierError("Kies wie er aan tafel zaten, of vul het in.", "anderen")
    first = consultation.state == ConsultationState.PLANNED
    consultation.state = ConsultationState.HELD.value
    consultation.decisions = decisions
    consultation.next_on = next_on
    session.execute(
        delete(ConsultationSeat).where(ConsultationSeat.consultation_id == consultation.id)
    )
    here = {"holder": dossier.holder, "consultation_id": consultation.id}
    session.add_all(
        ConsultationSeat(**here, function=function, organisation=organisation)
        for function, organisation in dict.fromkeys(seats)
    )
    consultation.changed_at, consultation.changed_by = utc_now(), actor.name
    name = "overleg_gehouden" if first else "overleg_verslag"
    _write_down(session, dossier, consultation, name, actor)


def springs_from(
    session: Session, consultation: Consultation, agreement: DossierAgreement
) -> ConsultationAgreement:
    """Note that an agreement was made at this consultation."""
    link = ConsultationAgreement(
        holder=agreement.holder, consultation_id=consultation.id, agreement_id=agreement.id
    )
    session.add(link)
    return link


def find_consultation(session: Session, dossier: Dossier, serial: str) -> Consultation | None:
    """Return the consultation of this dossier with this number, as typed in an address, or None."""
    wanted = int(serial) if serial.isascii() and serial.isdigit() and len(serial) < 7 else 0
    return session.scalars(
        select(Consultation).where(
            Consultation.dossier_id == dossier.id, Consultation.serial == wanted
        )
    ).one_or_none()


def seats_of(session: Session, consultation: Consultation) -> list[Seat]:
    """Return who sat at the table, by organisation."""
    rows = session.execute(
        select(ConsultationSeat.function, ConsultationSeat.organisation)
        .where(ConsultationSeat.consultation_id == consultation.id)
        .order_by(ConsultationSeat.organisation, ConsultationSeat.function)
    )
    return [(row.function, row.organisation) for row in rows]


def agreements_from(session: Session, consultation: Consultation) -> Sequence[DossierAgreement]:
    """Return the agreements made at a consultation, by due day."""
    return session.scalars(
        select(DossierAgreement)
        .join(ConsultationAgreement, ConsultationAgreement.agreement_id == DossierAgreement.id)
        .where(ConsultationAgreement.consultation_id == consultation.id)
        .order_by(DossierAgreement.due_on, DossierAgreement.made_at)
    ).all()


def participants(session: Session, dossier: Dossier) -> Sequence[DossierParticipant]:
    """Return the participants: those of now by organisation, then the former ones."""
    return session.scalars(
        select(DossierParticipant)
        .where(DossierParticipant.dossier_id == dossier.id)
        .order_by(
            DossierParticipant.left_at.is_not(None),
            DossierParticipant.organisation,
            DossierParticipant.function,
        )
    ).all()


def add_participant(
    session: Session,
    dossier: Dossier,
    function: str,
    organisation: str,
    task: str | None,
    actor: Actor,
) -> DossierParticipant:
    """Add a participant, by function and organisation.

    Raises:
        DossierError: The dossier is closed.
    """
    lock_live(session, dossier)
    participant = DossierParticipant(
        holder=dossier.holder,
        dossier_id=dossier.id,
        function=function,
        organisation=organisation,
        task=task,
        joined_by=actor.name,
    )
    session.add(participant)
    values = {"deelnemer": f"{function}, {organisation}"}
    append(session, dossier, actor, "deelnemer_erbij", values=values)
    log(session, dossier, actor, "deelnemer")
    return participant


def remove_participant(
    session: Session, dossier: Dossier, participant_id: UUID, actor: Actor
) -> None:
    """Note that somebody takes part no longer; the line stays.

    Raises:
        DossierError: There is no such participant (any more).
    """
    lock(session, dossier)
    participant = session.scalars(
        select(DossierParticipant).where(
            DossierParticipant.id == participant_id,
            DossierParticipant.dossier_id == dossier.id,
            DossierParticipant.left_at.is_(None),
        )
    ).one_or_none()
    if participant is None:
        raise DossierError("Deze deelnemer is er niet meer.")
    participant.left_at, participant.left_by = utc_now(), actor.name
    values = {"deelnemer": f"{participant.function}, {participant.organisation}"}
    append(session, dossier, actor, "deelnemer_weg", values=values)
    log(session, dossier, actor, "deelnemer")


def _still_planned(session: Session, dossier: Dossier, consultation: Consultation) -> None:
    lock_live(session, dossier, consultation)
    if consultation.state != ConsultationState.PLANNED:
        word = ConsultationState.word(consultation.state)
        raise DossierError(f"Dit overleg is al {word}.")


def _write_down(
    session: Session, dossier: Dossier, row: Consultation, name: str, actor: Actor
) -> None:
    values = {"overleg": row.serial, "soort": row.kind}
    write_down(session, dossier, actor, name, values, logged="overleg")
