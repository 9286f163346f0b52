"""Personal data of a report on its way to another holder: sealed, until the receiver has it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import (
    ErasureCount,
    Fragment,
    PersonalDataHolder,
    Subject,
    count_filled,
    empty_rows,
    redact_rows,
    texts,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.reports.handover.transfer import PURPOSE
from stopintimidatie.reports.models import Report, ReportTransfer
from stopintimidatie.reports.personal import COLUMNS as REPORT_COLUMNS
from stopintimidatie.reports.vocabulary import KIND as REPORT

COLUMNS: Final = {
    "report_transfer": treated(
        sealed="content offer", text="reason answer", staff="actor_name answered_by"
    ),
}

# The typed texts in the conversation and the history that go along.
_LINES: Final = {"messages": "text", "custody": "values"}


def _of_holder(session: Session) -> Any:
    """Return the condition of the hand-overs from or to this holder: the table has no wall."""
    holder = current_holder(session)
    return or_(ReportTransfer.giver == holder, ReportTransfer.receiver == holder)


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find hand-overs by reference; or by the sealed content of those still on their way."""
    rows = session.scalars(select(ReportTransfer).where(_of_holder(session))).all()
    return [row.id for row in rows if _is_about(row, keys, subject)]


def _is_about(row: ReportTransfer, keys: KeyRing, subject: Subject) -> bool:
    if subject.reference and row.reference == subject.reference.strip().upper():
        return True
    if row.content is None or not (subject.email or subject.phone):
        return False
    contact = _opened(row, keys).get("contact") or {}
    email = (contact.get("email") or "").lower()
    return bool(
        (subject.email and email == subject.email.strip().lower())
        or (subject.phone and contact.get("phone") == subject.phone.strip())
    )


def _opened(row: ReportTransfer, keys: KeyRing) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(keys.decrypt(PURPOSE, row.content or "", str(row.id)))
    return content


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Redact the reason, the offer, and the content that is still on its way."""
    mine = (ReportTransfer.id == document) & _of_holder(session)
    count = redact_rows(session, ReportTransfer, mine, COLUMNS["report_transfer"], fragment)
    row = session.scalars(select(ReportTransfer).where(mine)).one_or_none()
    if row is None:
        return count
    return count + _redact_offer(row, keys, fragment) + _redact_content(row, keys, fragment)


def _redact_offer(row: ReportTransfer, keys: KeyRing, fragment: Fragment) -> int:
    """Redact the offer that the receiver sees before it answers: all of it is text."""
    if row.offer is None:
        return 0
    shown = json.loads(keys.decrypt(PURPOSE, row.offer, str(row.id)))
    changes = {
        name: after
        for name, text in shown.items()
        if isinstance(text, str) and (after := fragment.taken_out_of(text)) != text
    }
    if changes:
        row.offer = keys.encrypt(PURPOSE, json.dumps(shown | changes), str(row.id))
    return len(changes)


def _redact_content(row: ReportTransfer, keys: KeyRing, fragment: Fragment) -> int:
    if row.content is None:
        return 0
    content = _opened(row, keys)
    # Not in codes, references and contact data: the copy must remain a report.
    changes = {
        name: after
        for name in texts(REPORT_COLUMNS["report"])
        if (after := fragment.taken_out_of(content.get(name))) != content.get(name)
    }
    for name, part in _LINES.items():
        lines = content.get(name, [])
        without = [{**line, part: fragment.taken_out_of(line[part])} for line in lines]
        if without != lines:
            changes[name] = without
    if changes:
        row.content = keys.encrypt(PURPOSE, json.dumps(content | changes), str(row.id))
    return len(changes)


def erase(session: Session, document: UUID) -> None:
    """Empty the content and the reason of a hand-over; the row stays."""
    mine = (ReportTransfer.id == document) & _of_holder(session)
    empty_rows(session, ReportTransfer, mine, COLUMNS["report_transfer"])


def _of_report(session: Session, kind: str, document: UUID) -> ColumnElement[bool]:
    """Return the condition of a report's hand-overs, without those still on their way."""
    if kind != REPORT:
        return false()
    reference = select(Report.reference).where(Report.id == document).scalar_subquery()
    arrived = ReportTransfer.content.is_(None) & ReportTransfer.offer.is_(None)
    return and_(ReportTransfer.reference == reference, _of_holder(session), arrived)


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Empty the reasons of the hand-overs of a report; the rows stay."""
    mine = _of_report(session, kind, document)
    empty_rows(session, ReportTransfer, mine, COLUMNS["report_transfer"])
    return 0


def source_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[ErasureCount]:
    """Return what `source_erased` would empty."""
    mine = _of_report(session, kind, document)
    return [count_filled(session, "report_transfer", COLUMNS["report_transfer"], mine)]


PERSONAL_DATA: Final = PersonalDataHolder(
    "overdracht",
    COLUMNS,
    find,
    redact,
    erase,
    source_erased=source_erased,
    source_told=source_told,
)

RETENTION: Final = RetentionClass(
    "overdracht",
    "Overdrachten tussen gemeenten: reden en antwoord; de inhoud gaat weg bij ontvangst",
    ("report_transfer",),
    Way.ALONG,
    "de ontvanger vernietigt de melding",
    until="met de melding bij de ontvanger",
    source="eigen beleid",
)
