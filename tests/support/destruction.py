"""Destruction lists with their lines, and tombstones, made by rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    Tombstone,
)
from stopintimidatie.privacy.retention.models import Extension, RetentionSchedule
from stopintimidatie.privacy.retention.rules import HANDLED, Schedule
from tests.support.factories import DORDRECHT


def a_list(session: Session, number: str = "2031-4", **more: Any) -> DestructionList:
    """A list, with its number as the quarter."""
    values: dict[str, Any] = {
        "holder": DORDRECHT,
        "period_from": date(2031, 10, 1),
        "period_until": date(2031, 12, 31),
        "state": "voorgesteld",
    }
    row = DestructionList(id=uuid4(), number=number, **values | more)
    session.add(row)
    session.flush()
    return row


def a_line(session: Session, row: DestructionList, reference: str, **more: Any) -> DestructionLine:
    """A line of a list: a report that was handled, unless told otherwise."""
    ended = day_of(utc_now()) - timedelta(days=5 * 365)
    values: dict[str, Any] = {
        "document_kind": "melding",
        "document_id": uuid4(),
        "retention_class": HANDLED,
        "category": "8.1",
        "outcome": "vernietigen",
        "received_on": ended - timedelta(days=20),
        "ended_on": ended,
        "starts_on": ended,
        "due_on": row.period_from + timedelta(days=14),
    }
    line = DestructionLine(
        id=uuid4(), holder=row.holder, list_id=row.id, reference=reference, **values | more
    )
    session.add(line)
    return line


def an_extension(session: Session, reference: str, **more: Any) -> Extension:
    """A request to keep a report beyond its maximum: granted when it has a day."""
    day = day_of(utc_now())
    values: dict[str, Any] = {
        "holder": DORDRECHT,
        "document_kind": "melding",
        "document_id": uuid4(),
        "wanted_until": day + timedelta(days=365),
        "reason": "Er loopt onderzoek.",
        "asked_by": "De proceseigenaar",
    }
    if "until" in more:
        values |= {"outcome": "ja", "decided_body": "college", "decided_number": "B-1"}
        values |= {"decided_on": day, "entered_at": utc_now(), "entered_by": "De proceseigenaar"}
    row = Extension(id=uuid4(), reference=reference, **values | more)
    session.add(row)
    session.flush()
    return row


def let_the_officer_check(session: Session, holder: str = DORDRECHT) -> None:
    """Terms that count, by which the privacy officer looks at each list."""
    begun = utc_now() - timedelta(days=1)
    session.add(
        RetentionSchedule(
            holder=holder,
            number=1,
            content=Schedule(checks=True).as_json(),
            approved=True,
            effective_from=begun,
            proposed_by="Bo",
        )
    )
    session.flush()


def a_statement(session: Session, number: str = "V-2031-0001", **more: Any) -> DestructionStatement:
    """A statement of three reports, with something that isn't a PDF."""
    count = {
        "klasse": HANDLED,
        "soort": "Meldingen die zijn afgehandeld",
        "categorie": "8.1",
        "gevolg": "vernietigd",
        "aantal": 3,
        "ontvangen_van": "2026-03-01",
        "ontvangen_tot": "2026-03-31",
        "weg_van": "2031-10-09",
        "weg_tot": "2031-10-09",
    }
    content = {
        "besluit": "lijst",
        "toelichting": "Vernietigingslijst 2031-4 is langs twee mensen gegaan.",
        "gegevens": [["Lijst", "2031-4"]],
        "aantallen": [count],
        "bleef": [["vastgehouden", 1]],
        "hoe": "De rijen zijn verwijderd.",
    }
    values: dict[str, Any] = {"holder": DORDRECHT, "content": content, "pdf": b"%PDF-1.7 stad"}
    row = DestructionStatement(number=number, sha256="0" * 64, **values | more)
    session.add(row)
    session.flush()
    return row


def a_tombstone(session: Session, reference: str, **more: Any) -> Tombstone:
    """What stays of a report that was handled, unless told otherwise."""
    values: dict[str, Any] = {
        "holder": DORDRECHT,
        "document_kind": "melding",
        "document_id": uuid4(),
        "received_on": date(2026, 3, 1),
        "ended_on": date(2026, 3, 20),
        "gone_on": date(2031, 3, 20),
        "outcome": "vernietigd",
        "retention_class": HANDLED,
        "category": "8.1",
    }
    stone = Tombstone(reference=reference, **values | more)
    session.add(stone)
    return stone
