"""Reading what belongs to a request: its documents, what was done with them, its history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, cast, exists, literal, null, or_, select, union_all
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


@dataclass(frozen=True)
class Bound:
    """Restriction or correction of a document, in words for who may see the document."""

    id: UUID
    request_id: UUID
    document_id: UUID
    reference: str
    kind: str
    words: str
    ground: str
    since: datetime
    by: str
    lifted_at: datetime | None

    @property
    def restricts(self) -> bool:
        """Tell whether it is a restriction."""
        return self.kind == "beperking"


def restricted_among(session: Session, documents: Collection[UUID]) -> dict[UUID, str]:
    """Return which of these documents are restricted now, each with its grounds in words."""
    rows = session.execute(
        select(Restriction.document_id, Restriction.ground)
        .where(Restriction.document_id.in_(documents), Restriction.lifted_at.is_(None))
        .order_by(Restriction.document_id, Restriction.started_at, Restriction.id)
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
    """Return the restrictions and corrections of a document or of a request, in one statement.

    Of a document only what is in force.
    """
    restriction, correction = Restriction, Correction
    # SQLite makes a number of a moment that is cast.
    never = cast(null(), restriction.lifted_at.type)
    kinds: tuple[tuple[Any, str, tuple[Any, ...]], ...] = (
        (
            restriction,
            "beperking",
            (restriction.about, restriction.ground, restriction.started_at, restriction.started_by),
        ),
        (
            correction,
            "correctie",
            (correction.text, literal(""), correction.made_at, correction.made_by),
        ),
    )
    parts = []
    for entity, kind, columns in kinds:
        lifted = restriction.lifted_at if entity is restriction else never
        named = (entity.id, entity.request_id, entity.document_id, entity.reference)
        labels = zip(("words", "ground", "since", "by"), columns, strict=True)
        more = (column.label(name) for name, column in labels)
        query = select(*named, literal(kind).label("kind"), *more, lifted.label("lifted_at"))
        if request is not None:
            query = query.where(entity.request_id == request)
        if document is not None:
            query = query.where(entity.document_id == document, lifted.is_(None))
        parts.append(query)
    rows = union_all(*parts).subquery()
    ordered = select(rows).order_by(rows.c.since, rows.c.id)
    return [Bound(*row) for row in session.execute(ordered)]
