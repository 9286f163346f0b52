"""Nodes of the tree, /gemeenten/dordrecht/verzoeken and a request below it; what belongs to one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, exists, func, null, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.workflow import DossierState
from stopintimidatie.exports.models import CopyCorrection
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import (
    HolderBranch,
    RowResource,
    holder_levels,
    row_levels,
)
from stopintimidatie.privacy.log.resources import LogDocument
from stopintimidatie.privacy.requests.models import (
    KIND,
    Correction,
    RequestTrace,
    Restriction,
    RestrictionGround,
    SubjectRequest,
    SubjectRequestMove,
)
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.workflow import ReportState

NAME: Final = "verzoeken"
REFERENCE: Final = re.compile(r"V-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


class RequestRegister(HolderBranch):
    """/gemeenten/dordrecht/verzoeken, or /landelijk/verzoeken."""

    kind = NAME
    label = "Verzoeken"


class RequestResource(RowResource):
    """/gemeenten/dordrecht/verzoeken/V-4F7K-2QXJ."""

    kind = KIND


LEVELS: Final = (
    *holder_levels(RequestRegister, RequestRegister),
    *row_levels(RequestResource, NAME, REFERENCE, SubjectRequest),
)

IN_LOG: Final = LogDocument(
    KIND,
    select(SubjectRequest.id, SubjectRequest.reference, null()),
    Permission.VIEW_REQUESTS,
    f"{{home}}/{NAME}/{{name}}",
)


def path_of_request(session: Session, request_id: UUID) -> str | None:
    """Return the address of a request, or None when there is no such request."""
    row = session.get(SubjectRequest, request_id)
    if row is None:
        return None
    slug = session.scalar(select(Municipality.slug).where(Municipality.code == row.holder))
    home = f"/{NATIONAL}" if row.holder == NATIONAL else f"/gemeenten/{slug}"
    return f"{home}/{NAME}/{row.reference}"


def unanswered() -> Select[Any]:
    """Select the requests that wait for an answer, or for it to be sent; the first due first."""
    by_day = (SubjectRequest.due_on, SubjectRequest.reference)
    return select(SubjectRequest).where(SubjectRequest.ended_at.is_(None)).order_by(*by_day)


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select what waits for the privacy officer at a holder, for the menu."""
    return select(SubjectRequest.id).where(
        SubjectRequest.holder == holder, SubjectRequest.ended_at.is_(None)
    )


def count_requests(session: Session, today: date) -> tuple[int, int, int]:
    """Count the requests of the transaction's holder: all, the open ones, and the late ones."""
    is_open = SubjectRequest.ended_at.is_(None)
    late = func.count().filter(is_open, SubjectRequest.due_on < today)
    counts = select(func.count(), func.count().filter(is_open), late)
    total, open_count, late_count = session.execute(counts.select_from(SubjectRequest)).one()
    return total, open_count, late_count


def list_requests(session: Session, offset: int, size: int) -> Sequence[SubjectRequest]:
    """Return a page of the requests: the open ones by their day, then the latest that ended."""
    ended = SubjectRequest.ended_at
    order = (
        ended.is_not(None),
        case((ended.is_(None), SubjectRequest.due_on)),
        ended.desc(),
        SubjectRequest.reference,
    )
    rows = select(SubjectRequest).order_by(*order).offset(offset).limit(size)
    return session.scalars(rows).all()


def asked(document: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return the condition that a request about the document with this id, a column, runs."""
    mine = RequestTrace.document_id == document, RequestTrace.included.is_(True)
    runs = RequestTrace.request_id == SubjectRequest.id, SubjectRequest.ended_at.is_(None)
    return exists().where(*mine, *runs)


# Documents of a request, the acts done with them, and its history


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
    gone = (Report, ReportState.DESTROYED), (Dossier, DossierState.DESTROYED)
    acts: dict[str, list[str]] = {
        "gewist": [
            mine[number]
            for entity, state in gone
            for number in session.scalars(
                select(entity.id).where(entity.id.in_(mine), entity.state == state)
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
