"""Documents of a request: where something was found, and what waits for destruction meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import GONE, holds_on, lift_hold, place_hold
from stopintimidatie.privacy.requests.models import RequestTrace, Right, SubjectRequest
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT


def traces_of(session: Session, row: SubjectRequest) -> Sequence[RequestTrace]:
    """Return the documents in which something about the person was found."""
    mine = select(RequestTrace).where(RequestTrace.request_id == row.id)
    return session.scalars(mine.order_by(RequestTrace.reference, RequestTrace.id)).all()


def add_trace(
    session: Session,
    row: SubjectRequest,
    document: tuple[str, UUID, str],
    places: Sequence[str],
    actor: Actor,
    *,
    included: bool | None = None,
) -> RequestTrace:
    """Note a document in which something was found; noted again, its places are added.

    `document`: its kind, id and reference. `included`: whether it is part of the answer, if that
    is known already.
    """
    kind, number, reference = document
    known = session.scalars(
        select(RequestTrace).where(
            RequestTrace.request_id == row.id,
            RequestTrace.document_kind == kind,
            RequestTrace.document_id == number,
        )
    ).one_or_none()
    if known is not None:
        known.places = list(dict.fromkeys([*known.places, *places]))
        return known
    made = RequestTrace(
        holder=row.holder,
        request_id=row.id,
        document_kind=kind,
        document_id=number,
        reference=reference,
        places=list(places),
        included=included,
        found_by=actor.name,
    )
    session.add(made)
    session.flush()
    return made


def hold_traces(session: Session, row: SubjectRequest, actor: Actor) -> int:
    """Keep the documents of a running request from destruction; return how many were added.

    Not for a request to erase: what it asks for can then be done.
    """
    if row.ended_at is not None or row.right == Right.ERASURE:
        return 0
    held = 0
    for trace in traces_of(session, row):
        document = _document(session, trace)
        if not trace.included or document is None or document.state in GONE:
            continue
        if not any(hold.case_reference == row.reference for hold in holds_on(session, document.id)):
            place_hold(
                session,
                document,
                HoldReason.REQUEST,
                row.due_on,
                actor,
                case_reference=row.reference,
            )
            held += 1
    return held


def release_traces(session: Session, row: SubjectRequest, actor: Actor) -> None:
    """End the holds of a request that is over."""
    for trace in traces_of(session, row):
        document = _document(session, trace)
        for hold in holds_on(session, trace.document_id) if document is not None else ():
            if document is not None and hold.case_reference == row.reference:
                lift_hold(session, document, hold, f"Verzoek {row.reference} is afgerond.", actor)


def _document(session: Session, trace: RequestTrace) -> Report | Dossier | None:
    if trace.document_kind == REPORT:
        return session.get(Report, trace.document_id)
    return session.get(Dossier, trace.document_id)
