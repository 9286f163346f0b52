"""Destroying one document: content, copies, index, messages and tasks go; a tombstone stays.

All of it is one transaction, with the tombstone, the log and the ledger's job in it: a process that
dies halfway leaves the document whole, and doing it again finds nothing left to do. The index of
Whoosh and the ledger are files; their jobs stand in the outbox of the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.ledger import JOB as LEDGER
from stopintimidatie.core.ledger import note_gone
from stopintimidatie.core.mail.models import MailAddress, MailMessage
from stopintimidatie.core.search import enqueue_index
from stopintimidatie.core.search.registry import INDEX
from stopintimidatie.core.search.services import enqueue_purge
from stopintimidatie.core.storage.personal import erase_document, ids_of_rows
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree import Redirect
from stopintimidatie.disclosures.models import Pickup
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.patterns.models import Pattern
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.exports.models import Export, PartnerAnswer
from stopintimidatie.privacy.destruction.models import ArchiveTransfer, DestructionLine, Tombstone
from stopintimidatie.privacy.erasure.models import ErasureProposal
from stopintimidatie.privacy.holds.models import Hold
from stopintimidatie.privacy.holds.services import BELONGS
from stopintimidatie.privacy.retention.rules import (
    DOUBLE,
    NOT_HANDLED,
    WITHDRAWN,
    Outcome,
    Schedule,
    class_of_report,
)
from stopintimidatie.reports.models import Report, ReportTransfer
from stopintimidatie.reports.vocabulary import KIND as REPORT

# The words of the outcome in the tombstone, the log and the ledger.
GONE: Final = {Outcome.DESTROY: "vernietigd", Outcome.TRANSFER: "overgebracht"}


@dataclass(frozen=True)
class Fate:
    """The decision by which a document goes.

    `list_number`: None for what goes by the standing decision.
    """

    retention_class: str
    category: str
    list_number: str | None = None
    outcome: Outcome = Outcome.DESTROY


def destroy_document(
    registry: Any,
    session: Session,
    kind: str,
    document: UUID,
    fate: Fate,
    actor: Actor = SYSTEM,
) -> Tombstone | None:
    """Destroy a report or dossier of the transaction's holder; None when it is gone already.

    Whether it may go is the caller's to ask, in the same transaction.
    """
    entity: Any = Report if kind == REPORT else Dossier
    row = session.get(entity, document, with_for_update=True, populate_existing=True)
    if row is None:
        return None
    holder, word = row.holder, GONE[fate.outcome]
    tombstone = tombstone_for(row, fate, word)
    ids = ids_of_rows(registry, session, kind, document)
    erase_document(registry, session, kind, document)
    more = _unlink_report(session, row) if kind == REPORT else _unlink_dossier(session, row)
    _forget_traces(session, holder, [*ids, *more])
    enqueue_index(session, holder, kind, document)
    # The words stay in the index's files until these are written anew.
    enqueue_purge(session, holder)
    session.execute(delete(entity).where(entity.id == document))
    session.expire_all()
    session.add(tombstone)
    session.flush()
    record(session, actor, f"{kind}.{word}", holder, kind, [document])
    note_gone(session, holder, kind, [document], word)
    return tombstone


def _unlink_report(session: Session, report: Report) -> Sequence[UUID]:
    """Take a report out of what points to it; return the ids of rows that go with it."""
    session.execute(
        update(Report).where(Report.duplicate_of_id == report.id).values(duplicate_of_id=None)
    )
    # A hand-over stays with who received it; its giver's half goes when the receiver's does.
    received = ReportTransfer.receiver == report.holder
    session.execute(
        delete(ReportTransfer).where(ReportTransfer.reference == report.reference, received)
    )
    return ()


def _unlink_dossier(session: Session, dossier: Dossier) -> Sequence[UUID]:
    """Take a dossier out of what points to it; return the ids of its exports, which go with it."""
    document = dossier.id
    exports = session.scalars(select(Export.id).where(Export.dossier_id == document)).all()
    _let_reports_go(session, document)
    session.execute(delete(PartnerAnswer).where(PartnerAnswer.dossier_id == document))
    session.execute(delete(Export).where(Export.id.in_(exports)))
    session.execute(update(Pattern).where(Pattern.dossier_id == document).values(dossier_id=None))
    session.execute(
        update(Dossier).where(Dossier.merged_into_id == document).values(merged_into_id=None)
    )
    return exports


def _let_reports_go(session: Session, document: UUID) -> None:
    """Give the reports of a dossier the address of their neighbourhood.

    Their membership goes with the dossier, so that their own term doesn't start anew.
    """
    inside = select(DossierMembership.report_id).where(DossierMembership.dossier_id == document)
    living = inside.where(*BELONGS)
    for report in session.scalars(select(Report).where(Report.id.in_(living))):
        report.dossier_number = None
        enqueue_index(session, report.holder, REPORT, report.id)
    session.flush()


def tombstone_for(row: Report | Dossier, fate: Fate, outcome: str) -> Tombstone:
    """Return what stays of a document that goes."""
    if isinstance(row, Report):
        kind, reference, begin, end = REPORT, row.reference, row.received_at, row.ended_at
    else:
        kind, reference, begin, end = DOSSIER, row.number, row.made_at, row.closed_at
    return Tombstone(
        holder=row.holder,
        document_kind=kind,
        document_id=row.id,
        reference=reference,
        received_on=day_of(begin),
        ended_on=day_of(end) if end is not None else None,
        gone_on=today(),
        outcome=outcome,
        retention_class=fate.retention_class,
        category=fate.category,
        list_number=fate.list_number,
    )


def today() -> date:
    """Return the day in the Netherlands."""
    return day_of(utc_now())


def _forget_traces(session: Session, holder: str, ids: Sequence[UUID]) -> None:
    """Delete mail, tasks, holds, proposals, pick-ups and old addresses of these rows."""
    written = {str(number) for number in ids}
    messages = session.scalars(select(MailMessage.id).where(MailMessage.about_id.in_(ids))).all()
    session.execute(delete(MailMessage).where(MailMessage.about_id.in_(ids)))
    session.execute(delete(MailAddress).where(MailAddress.owner_id.in_(written)))
    session.execute(delete(Hold).where(Hold.document_id.in_(ids)))
    session.execute(delete(ErasureProposal).where(ErasureProposal.document_id.in_(ids)))
    session.execute(delete(Pickup).where(Pickup.document_id.in_(ids)))
    session.execute(delete(Redirect).where(Redirect.target.in_(ids)))
    # The few other tasks of a holder are read one by one: a payload names its ids in many ways.
    gone = written | {str(number) for number in messages}
    others = select(OutboxJob.id, OutboxJob.payload).where(
        OutboxJob.holder == holder, OutboxJob.kind.not_in([INDEX.name, LEDGER.name])
    )
    named = [
        number
        for number, payload in session.execute(others)
        if not gone.isdisjoint(map(str, payload.values()))
    ]
    session.execute(delete(OutboxJob).where(OutboxJob.id.in_(named)))


def fate_of(session: Session, line: DestructionLine, number: str) -> Fate:
    """Return the decision of a line; a report that an archive has is transferred, and not lost.

    The content of a withdrawn report is in no package.
    """
    outcome, report = Outcome(line.outcome), line.document_kind == REPORT
    withdrawn = line.retention_class == WITHDRAWN
    if report and not withdrawn and may_go(session, REPORT, line.document_id):
        outcome = Outcome.TRANSFER
    return Fate(line.retention_class, line.category, number, outcome)


def category_of(session: Session, schedule: Schedule | None, code: str, document: UUID) -> str:
    """Return the category by which a document goes; a double has that of its original.

    Without an original that has one, a double is a report that nobody took in hand.
    """
    choices = schedule.choices if schedule is not None else {}
    if code == DOUBLE:
        original = aliased(Report)
        known = session.execute(
            select(original.state, original.ended_reason)
            .join(Report, Report.duplicate_of_id == original.id)
            .where(Report.id == document)
        ).first()
        of_original = class_of_report(*known) if known is not None else NOT_HANDLED
        code = of_original if of_original in choices else NOT_HANDLED
    return choices[code].category if code in choices else ""


def outcomes_of(session: Session, list_id: UUID) -> dict[UUID, str]:
    """Return what became of the documents of a list, as their tombstones say."""
    stones = select(Tombstone.document_id, Tombstone.outcome)
    mine = stones.join(DestructionLine, DestructionLine.document_id == Tombstone.document_id)
    rows: Any = session.execute(mine.where(DestructionLine.list_id == list_id)).all()
    return dict(rows)


def may_go(session: Session, kind: str, document: UUID) -> bool:
    """Tell whether the archive confirmed that it has this document.

    What must be transferred waits until then. A report goes to the archive in its dossier.
    """
    received = select(ArchiveTransfer).where(ArchiveTransfer.received_at.is_not(None))
    if kind == DOSSIER:
        return session.scalar(received.where(ArchiveTransfer.dossier_id == document)) is not None
    return any(str(document) in transfer.reports for transfer in session.scalars(received))
