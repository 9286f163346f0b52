"""Numbers of what went, as a statement of destruction tells them: by class, category, outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.rules import (
    DAY,
    LEDGER_CLASS,
    OPEN,
    Choice,
    Outcome,
    schedule_of,
)

NO_CATEGORY: Final = "geen categorie"
# Documents that went by the absolute maximum or the ledger have no class that anybody chose.
_OTHER: Final = {
    OPEN: "Meldingen die nog open staan",
    LEDGER_CLASS: "Niet bekend: opnieuw weg na een reservekopie",
}


def _row(
    registry: Any, code: str, category: str, outcome: str, number: int, *days: date | None
) -> dict[str, Any]:
    """Return how many documents of one class went, as a statement stores it.

    `days`: received from and until, unknown for data of which no tombstone stays; gone the same.
    """
    names = ("ontvangen_van", "ontvangen_tot", "weg_van", "weg_tot")
    return {
        "klasse": code,
        "soort": label_of(registry, code),
        "categorie": category,
        "gevolg": outcome,
        "aantal": number,
        **{name: day.isoformat() if day else "" for name, day in zip(names, days, strict=True)},
    }


def counted(
    registry: Any,
    session: Session,
    gone: Sequence[DestructionLine] | Sequence[Tombstone],
    list_id: UUID | None,
) -> list[dict[str, Any]]:
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
        rows.append(_row(registry, code, category, outcome, len(days), *between))
    return rows


def swept(
    registry: Any,
    session: Session,
    versions: Sequence[RetentionSchedule],
    period: tuple[date, date],
) -> list[dict[str, Any]]:
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
        _row(
            registry,
            code,
            choices[code].category if code in choices else NO_CATEGORY,
            GONE[Outcome.DESTROY],
            numbers[code],
            *(None, None, min(days[code]), max(days[code])),
        )
        for code in sorted(numbers)
    ]


def label_of(registry: Any, code: str) -> str:
    """Return a retention class in words."""
    classes = RETENTION_CLASSES.of(registry)
    return classes[code].label if code in classes else _OTHER.get(code, code)
