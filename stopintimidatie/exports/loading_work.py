"""The work in a dossier, and the ground it lies on, for a `DossierSource`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.vocabulary import ConsultationKind, ConsultationState
from stopintimidatie.dossiers.work_models import Consultation, ConsultationSeat, DossierMeasure
from stopintimidatie.exports.source import (
    EventKind,
    Reliability,
    SourceArea,
    SourceConsultation,
    SourceEvent,
    SourceMeasure,
)
from stopintimidatie.register.facts import neighbourhood_facts
from stopintimidatie.register.kinds import AreaKind, NeighbourhoodKind
from stopintimidatie.register.models import AreaOutline, Neighbourhood
from stopintimidatie.web.filters import day_of


@dataclass(frozen=True, slots=True)
class LoadedWork:
    """Measures and meetings, with the events that they are in the chronology."""

    measures: tuple[SourceMeasure, ...]
    consultations: tuple[SourceConsultation, ...]
    events: tuple[SourceEvent, ...]


def load_work(session: Session, dossier: Dossier) -> LoadedWork:
    measures = _measures(session, dossier)
    meetings = _consultations(session, dossier)
    begun = [_event(one, f"Maatregel: {one.what} ({one.who})") for one in measures]
    held = [_met(one) for one in meetings]
    return LoadedWork(measures, meetings, (*begun, *held))


def _event(one: SourceMeasure, what: str) -> SourceEvent:
    return SourceEvent(one.on, what, "gemeente", Reliability.ESTABLISHED, EventKind.ACTION)


def _met(one: SourceConsultation) -> SourceEvent:
    who = f" met {'; '.join(one.seats)}" if one.seats else ""
    what = f"{one.kind.capitalize()}{who}"
    return SourceEvent(one.on, what, "gemeente", Reliability.ESTABLISHED, EventKind.CONSULTATION)


def _measures(session: Session, dossier: Dossier) -> tuple[SourceMeasure, ...]:
    rows = session.scalars(
        select(DossierMeasure)
        .where(DossierMeasure.dossier_id == dossier.id)
        .order_by(DossierMeasure.started_on, DossierMeasure.made_at, DossierMeasure.id)
    )
    return tuple(
        SourceMeasure(row.started_on, row.what, row.who, row.effect or "", row.ended_on)
        for row in rows
    )


def _consultations(session: Session, dossier: Dossier) -> tuple[SourceConsultation, ...]:
    rows = session.scalars(
        select(Consultation)
        .where(
            Consultation.dossier_id == dossier.id,
            Consultation.state == ConsultationState.HELD.value,
        )
        .order_by(Consultation.planned_at, Consultation.serial)
    ).all()
    seats = _seats(session, [row.id for row in rows])
    return tuple(
        SourceConsultation(
            on=day_of(row.planned_at),
            kind=ConsultationKind.word(row.kind),
            seats=tuple(seats.get(row.id, ())),
            decisions=row.decisions or "",
            next_date=row.next_on,
        )
        for row in rows
    )


def _seats(session: Session, consultations: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Asked also when there were no meetings, so that every page costs the same."""
    found: dict[UUID, list[str]] = {}
    rows = session.scalars(
        select(ConsultationSeat)
        .where(ConsultationSeat.consultation_id.in_(consultations))
        .order_by(ConsultationSeat.organisation, ConsultationSeat.function, ConsultationSeat.id)
    )
    for row in rows:
        found.setdefault(row.consultation_id, []).append(f"{row.organisation} ({row.function})")
    return found


def load_areas(session: Session, dossier: Dossier) -> tuple[tuple[SourceArea, ...], str]:
    """The neighbourhoods of the municipality, and where their borders come from."""
    rows = session.execute(
        select(Neighbourhood.code, Neighbourhood.name, AreaOutline.wkb, AreaOutline.year)
        .outerjoin(
            AreaOutline,
            (AreaOutline.area_code == Neighbourhood.code)
            & (AreaOutline.kind == AreaKind.NEIGHBOURHOOD),
        )
        .where(
            Neighbourhood.municipality_code == dossier.holder,
            Neighbourhood.kind == NeighbourhoodKind.WIJK,
            Neighbourhood.water.is_(False),
        )
        .order_by(Neighbourhood.code)
    ).all()
    middles = {fact.code: (fact.lat, fact.lon) for fact in neighbourhood_facts()}
    home = dossier.neighbourhood_code
    years = [row.year for row in rows if row.year]
    if years:
        areas = [SourceArea(r.name, r.code == home, r.wkb) for r in rows if r.wkb]
        return tuple(areas), f"Grenzen van de wijken: CBS en Kadaster, {max(years)}."
    known = [
        SourceArea(row.name, row.code == home, None, middles[row.code])
        for row in rows
        if row.code in middles
    ]
    source = "Ligging van de wijken: CBS, indeling 2024, ongeveer." if known else ""
    return tuple(known), source
