"""Reading what belongs to a request: its documents, what was done with them, its history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.models import CopyCorrection
from stopintimidatie.privacy.requests.models import (
    Correction,
    RequestTrace,
    Restriction,
    RestrictionGround,
    SubjectRequest,
    SubjectRequestMove,
)
from stopintimidatie.reports.models import Report, ReportMove

ERASED: Final = "vernietigd"


def traces_of(session: Session, row: SubjectRequest) -> Sequence[RequestTrace]:
    """Return the documents in which something about the person was found."""
    mine = select(RequestTrace).where(RequestTrace.request_id == row.id)
    by_document = RequestTrace.reference, RequestTrace.document_kind, RequestTrace.document_id
    return session.scalars(mine.order_by(*by_document)).all()


def done_for(session: Session, row: SubjectRequest) -> dict[str, list[str]]:
    """Return what was done for a request, by our own records: codes of acts, each with its things.

    `gewist`, `onleesbaar`, `verbeterd` and `beperkt` name documents, `verteld` who has a copy.
    """
    mine = {
        trace.document_id: trace.reference for trace in traces_of(session, row) if trace.included
    }
    bound = bound_of(session, request=row.id)
    acts: dict[str, list[str]] = {
        "gewist": [
            mine[number]
            for entity in (Report, Dossier)
            for number in session.scalars(
                select(entity.id).where(entity.id.in_(mine), entity.state == ERASED)
            )
        ],
        "onleesbaar": [
            mine[move.report_id]
            for move in session.scalars(
                select(ReportMove).where(
                    ReportMove.report_id.in_(mine), ReportMove.name == "onleesbaar"
                )
            )
            if row.reference in move.values.get("grond", "")
        ],
        "verbeterd": [item.reference for item in bound if not item.restricts],
        "beperkt": [item.reference for item in bound if item.restricts and not item.lifted_at],
    }
    if any(acts.values()):
        about = {*mine, *(item.document_id for item in bound)}
        inside = select(DisclosureSubject.disclosure_id).where(
            DisclosureSubject.subject_id.in_(about)
        )
        recipients = (
            select(Disclosure.recipient)
            .join(CopyCorrection, CopyCorrection.export_id == Disclosure.document_id)
            .where(or_(Disclosure.id.in_(inside), Disclosure.source_id.in_(about)))
            .where(CopyCorrection.told_at >= row.made_at)
        )
        acts["verteld"] = list(session.scalars(recipients))
    return {act: sorted(set(things)) for act, things in acts.items() if things}


def moves_of(session: Session, row: SubjectRequest) -> Sequence[SubjectRequestMove]:
    """Return the history of a request, the latest first."""
    mine = select(SubjectRequestMove).where(SubjectRequestMove.request_id == row.id)
    newest = (SubjectRequestMove.at.desc(), SubjectRequestMove.id)
    return session.scalars(mine.order_by(*newest)).all()


Bound = Restriction | Correction


def restricted_among(session: Session, documents: Collection[UUID]) -> dict[UUID, str]:
    """Return which of these documents are restricted now, each with its grounds in words."""
    rows = session.execute(
        select(Restriction.document_id, Restriction.ground)
        .where(Restriction.document_id.in_(documents), Restriction.lifted_at.is_(None))
        .order_by(Restriction.document_id, Restriction.since, Restriction.id)
    )
    grounds: dict[UUID, dict[str, None]] = {}
    for number, ground in rows:
        grounds.setdefault(number, {})[RestrictionGround.word(ground)] = None
    return {number: ", ".join(words) for number, words in grounds.items()}


def binds(document: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return the condition that the document with this id, a column, is restricted now."""
    return exists().where(Restriction.document_id == document, Restriction.lifted_at.is_(None))


def bound_of(
    session: Session, *, document: UUID | None = None, request: UUID | None = None
) -> list[Bound]:
    """Return the restrictions and corrections of a document or of a request, the oldest first.

    Of a document only what is in force.
    """
    restrictions, corrections = select(Restriction), select(Correction)
    if request is not None:
        restrictions = restrictions.where(Restriction.request_id == request)
        corrections = corrections.where(Correction.request_id == request)
    if document is not None:
        in_force = Restriction.document_id == document, Restriction.lifted_at.is_(None)
        restrictions = restrictions.where(*in_force)
        corrections = corrections.where(Correction.document_id == document)
    bound = [*session.scalars(restrictions), *session.scalars(corrections)]
    return sorted(bound, key=lambda row: (row.since, row.id))
