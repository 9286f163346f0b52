"""Personal data in reports: found by the reporter's own data, redacted, erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.reports.attachments import destroy
from stopintimidatie.reports.contacts import contact_indexes
from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.reports.models import Report, ReportContact, ReporterMessage, ReportMove
from stopintimidatie.reports.services import KIND, changed
from stopintimidatie.search.services import enqueue_purge
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    empty_rows,
    redact_rows,
)

T: Final = Treatment
COLUMNS: Final = {
    "report": {
        **{name: one.told.personal for name, one in BY_COLUMN.items() if one.told.personal},
        "suspected_offence_reason": T.TEXT,
        "follow_ups": T.CODES,
        "follow_code_hash": T.CODES,
        "reporter_verdict": T.CODES,
    },
    "report_contact": {
        "name": T.SEALED,
        "phone": T.SEALED,
        "email": T.SEALED,
        "contact_when": T.SEALED,
        "phone_index": T.SEALED,
        "email_index": T.SEALED,
    },
    "report_move": {
        "actor_id": T.STAFF,
        "actor_name": T.STAFF,
        "reason": T.TEXT,
        "values": T.TEXT,
    },
    "reporter_message": {"text": T.TEXT, "actor_name": T.STAFF},
    "report_attachment": {"key": T.SEALED},
    "attachment_part": {"content": T.SEALED},
    "report_form": {},
}
_OWN_ROWS: Final = (
    (ReportMove, ReportMove.report_id),
    (ReporterMessage, ReporterMessage.report_id),
)


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """By reference, or by exact e-mail address or telephone number of the reporter."""
    ways: list[ColumnElement[bool]] = []
    if subject.reference:
        ways.append(Report.reference == subject.reference.strip().upper())
    if subject.email:
        ways.append(ReportContact.email_index.in_(contact_indexes(keys, subject.email.strip())))
    if subject.phone:
        ways.append(ReportContact.phone_index.in_(contact_indexes(keys, subject.phone.strip())))
    if not ways:
        return []
    rows = select(Report.id).outerjoin(ReportContact, ReportContact.report_id == Report.id)
    return session.scalars(rows.where(or_(*ways)).order_by(Report.received_at)).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """In the account, its place, the signalement, the history and what the reporter was told."""
    count = redact_rows(session, Report, Report.id == document, COLUMNS["report"], fragment)
    for entity, link in _OWN_ROWS:
        columns = COLUMNS[entity.__tablename__]
        count += redact_rows(session, entity, link == document, columns, fragment)
    _index_anew(session, document)
    return count


def erase(session: Session, document: UUID) -> None:
    """Contact data, messages and attachments go; of the rest only the bare facts stay."""
    session.execute(delete(ReportContact).where(ReportContact.report_id == document))
    session.execute(delete(ReporterMessage).where(ReporterMessage.report_id == document))
    destroy(session, document)
    empty_rows(session, Report, Report.id == document, COLUMNS["report"])
    empty_rows(session, ReportMove, ReportMove.report_id == document, COLUMNS["report_move"])
    _index_anew(session, document)


def _index_anew(session: Session, document: UUID) -> None:
    report = session.scalars(select(Report).where(Report.id == document)).one_or_none()
    if report is not None:
        changed(session, report)
        # Replaced words stay in the index's files until these are written anew.
        enqueue_purge(session, report.holder)


PERSONAL_DATA: Final = PersonalDataHolder(KIND, COLUMNS, find, redact, erase)
