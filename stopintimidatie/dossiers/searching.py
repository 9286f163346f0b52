"""What of a dossier can be found: title, summary, assessment, goal, notes and agreements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.access import is_strict
from stopintimidatie.dossiers.models import (
    Dossier,
    DossierAgreement,
    DossierMembership,
    DossierNote,
)
from stopintimidatie.dossiers.notes import for_all
from stopintimidatie.dossiers.paths import dossier_path
from stopintimidatie.dossiers.vocabulary import DossierKind
from stopintimidatie.dossiers.work_models import Consultation, DossierMeasure
from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.search.backend import OPEN_ACCESS, Kind, SearchDocument, Text, Weight

GONE: Final = "vernietigd"
STRICT_ACCESS: Final = "persoonsgericht"
_Extra = dict[UUID, list[Text]]


def load(session: Session, holder: str, ids: Sequence[UUID]) -> Iterator[SearchDocument]:
    """The dossiers with these ids, as search knows them."""
    rows = session.execute(
        select(Dossier, Municipality.slug, Neighbourhood.slug)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .join(Municipality, Municipality.code == Dossier.holder)
        .where(Dossier.id.in_(ids), Dossier.state != GONE)
    ).all()
    extra = _notes_and_agreements(session, ids)
    known = dict(versions(session, holder, ids))
    for dossier, municipality, neighbourhood in rows:
        path = dossier_path(municipality, neighbourhood, dossier.number)
        yield _document(dossier, path, known[dossier.id], extra[dossier.id])


def versions(
    session: Session, holder: str, ids: Sequence[UUID] | None = None
) -> Iterator[tuple[UUID, int]]:
    """Every dossier that can be found, with a number that grows with each change in it.

    Notes, agreements and consultations change without the dossier's own version.
    """
    notes = _per_dossier(session, select(DossierNote.dossier_id, func.count()).where(for_all()))
    agreements = _per_dossier(
        session, select(DossierAgreement.dossier_id, func.sum(DossierAgreement.version))
    )
    talks = _per_dossier(session, select(Consultation.dossier_id, func.sum(Consultation.version)))
    measures = _per_dossier(
        session, select(DossierMeasure.dossier_id, func.sum(DossierMeasure.version))
    )
    wanted = select(Dossier.id, Dossier.version).where(Dossier.state != GONE)
    if ids is not None:
        wanted = wanted.where(Dossier.id.in_(ids))
    for id_, version in session.execute(wanted):
        yield (
            id_,
            version
            + notes.get(id_, 0)
            + agreements.get(id_, 0)
            + talks.get(id_, 0)
            + measures.get(id_, 0),
        )


def _per_dossier(session: Session, statement: Select[UUID, int]) -> dict[UUID, int]:
    column = statement.selected_columns[0]
    return {id_: int(number) for id_, number in session.execute(statement.group_by(column))}


def _notes_and_agreements(session: Session, ids: Sequence[UUID]) -> _Extra:
    found: _Extra = defaultdict(list)
    # A restricted note is found by nobody: the index doesn't know who searches.
    notes = select(DossierNote).where(DossierNote.dossier_id.in_(ids), for_all())
    for note in session.scalars(notes.order_by(DossierNote.at)):
        found[note.dossier_id].append(Text("notitie", note.text))
    agreements = (
        select(DossierAgreement)
        .where(DossierAgreement.dossier_id.in_(ids))
        .order_by(DossierAgreement.due_on)
    )
    for agreement in session.scalars(agreements):
        parts = [agreement.what, agreement.who, agreement.result or ""]
        found[agreement.dossier_id].append(Text("afspraak", "; ".join(p for p in parts if p)))
    talks = select(Consultation).where(Consultation.dossier_id.in_(ids))
    for talk in session.scalars(talks.order_by(Consultation.planned_at)):
        parts = [talk.agenda or "", talk.decisions or ""]
        found[talk.dossier_id].append(Text("overleg", "; ".join(p for p in parts if p)))
    measures = select(DossierMeasure).where(DossierMeasure.dossier_id.in_(ids))
    for measure in session.scalars(measures.order_by(DossierMeasure.started_on)):
        parts = [measure.what, measure.who, measure.effect or ""]
        found[measure.dossier_id].append(Text("maatregel", "; ".join(p for p in parts if p)))
    return found


def _document(dossier: Dossier, path: str, version: int, extra: list[Text]) -> SearchDocument:
    texts = [
        Text("samenvatting", dossier.summary or "", Weight.HIGH),
        Text("duiding", dossier.assessment or ""),
        Text("doel", dossier.goal or ""),
        *extra,
    ]
    return SearchDocument(
        holder=dossier.holder,
        kind=Kind.DOSSIER,
        id=dossier.id,
        version=version,
        reference=dossier.number,
        path=path,
        title=dossier.title,
        moment=dossier.made_at,
        state=dossier.state,
        neighbourhood=dossier.neighbourhood_code,
        access=STRICT_ACCESS if is_strict(dossier.kind) else OPEN_ACCESS,
        dossier=dossier.number,
        texts=tuple(text for text in texts if text.text),
    )


def numbers_of(session: Session, report_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The dossiers that each report is in; person-directed ones stay out, for any may search."""
    rows = session.execute(
        select(DossierMembership.report_id, Dossier.number)
        .join(Dossier, Dossier.id == DossierMembership.dossier_id)
        .where(
            DossierMembership.report_id.in_(report_ids),
            DossierMembership.left_at.is_(None),
            Dossier.kind != DossierKind.PERSON.value,
        )
        .order_by(Dossier.number)
    )
    numbers: dict[UUID, list[str]] = defaultdict(list)
    for report_id, number in rows:
        numbers[report_id].append(number)
    return numbers
