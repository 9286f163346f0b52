"""Numbers of what went, as a statement of destruction tells them: by class, category, outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.destruction.documents import GONE, outcomes_of
from stopintimidatie.privacy.destruction.models import DestructionLine, Tombstone
from stopintimidatie.privacy.destruction.sweeps import ACTION as SWEPT
from stopintimidatie.privacy.destruction.words import CLASSES
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.rules import DAY, Choice, Outcome, schedule_of

NO_CATEGORY: Final = "geen categorie"


@dataclass(frozen=True)
class Counted:
    """Number of documents of one class that went: of which period, and between which days."""

    retention_class: str
    label: str
    category: str
    outcome: str
    number: int
    # Unknown for data of which no tombstone stays.
    received_from: date | None
    received_until: date | None
    gone_from: date
    gone_until: date

    def as_json(self) -> dict[str, Any]:
        """Return the row as it is stored."""
        return {
            "klasse": self.retention_class,
            "soort": self.label,
            "categorie": self.category,
            "gevolg": self.outcome,
            "aantal": self.number,
            "ontvangen_van": self.received_from.isoformat() if self.received_from else "",
            "ontvangen_tot": self.received_until.isoformat() if self.received_until else "",
            "weg_van": self.gone_from.isoformat(),
            "weg_tot": self.gone_until.isoformat(),
        }


def counted(
    registry: Any,
    session: Session,
    gone: Sequence[DestructionLine] | Sequence[Tombstone],
    list_id: UUID | None,
) -> list[Counted]:
    """Count what went by class, category and outcome."""
    outcomes = outcomes_of(session, list_id) if list_id is not None else {}
    groups: dict[tuple[str, str, str], list[tuple[date, date]]] = {}
    for row in gone:
        if isinstance(row, DestructionLine):
            outcome = outcomes.get(row.document_id) or GONE[Outcome(row.outcome)]
            gone_on = day_of(row.gone_at) if row.gone_at is not None else row.due_on
        else:
            outcome, gone_on = row.outcome, row.gone_on
        key = (row.retention_class, row.category or NO_CATEGORY, outcome)
        groups.setdefault(key, []).append((row.received_on, gone_on))
    rows = []
    for (code, category, outcome), days in sorted(groups.items()):
        received, went = [day[0] for day in days], [day[1] for day in days]
        between = (min(received), max(received), min(went), max(went))
        label = label_of(registry, code)
        rows.append(Counted(code, label, category, outcome, len(days), *between))
    return rows


def swept(
    registry: Any,
    session: Session,
    versions: Sequence[RetentionSchedule],
    period: tuple[date, date],
) -> list[Counted]:
    """Count from the log what went of short classes, of which no tombstone stays."""
    first, last = period
    begin, end = (datetime.combine(day, time(0), AMSTERDAM) for day in (first, last + DAY))
    rows = session.execute(
        select(AuditEvent.fields, AuditEvent.at, func.count(AuditSubject.id))
        .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
        .where(AuditEvent.action == SWEPT, AuditEvent.at >= begin, AuditEvent.at < end)
        .group_by(AuditEvent.id, AuditEvent.at)
    ).all()
    days: dict[str, list[date]] = {}
    numbers: Counter[str] = Counter()
    for fields, moment, number in rows:
        code = fields[0] if fields else ""
        days.setdefault(code, []).append(day_of(moment))
        numbers[code] += number
    choices: dict[str, Choice] = {}
    for version in versions:
        choices |= schedule_of(version.content).choices
    return [
        Counted(
            code,
            label_of(registry, code),
            choices[code].category if code in choices else NO_CATEGORY,
            GONE[Outcome.DESTROY],
            numbers[code],
            None,
            None,
            min(days[code]),
            max(days[code]),
        )
        for code in sorted(numbers)
    ]


def label_of(registry: Any, code: str) -> str:
    """Return a retention class in words."""
    classes = RETENTION_CLASSES.of(registry)
    return classes[code].label if code in classes else CLASSES.get(code, code)
