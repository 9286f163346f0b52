"""Messages about forwarding that came back, as long as somebody must do something about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.desk.forwarding_pickup import STATES
from stopintimidatie.disclosures.pickup_models import Pickup, PickupState
from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.models import Report

MOST_SHOWN: Final = 100


@dataclass(frozen=True)
class Returned:
    """What came back of which report, for which municipality."""

    reference: str
    report_id: UUID
    town: str
    state: str
    returned_at: datetime | None


def number_returned(session: Session) -> int:
    """How many there are; one question."""
    found = select(func.count()).select_from(Pickup).join(Report, Report.id == Pickup.document_id)
    return session.scalar(found.where(*_unsolved())) or 0


def returned(session: Session) -> Sequence[Returned]:
    """The latest first."""
    rows = session.execute(
        select(Pickup.state, Pickup.returned_at, Report.reference, Report.id, Municipality.name)
        .join(Report, Report.id == Pickup.document_id)
        .join(Municipality, Municipality.code == Report.municipality_code)
        .where(*_unsolved())
        .order_by(Pickup.returned_at.desc(), Pickup.id)
        .limit(MOST_SHOWN)
    )
    return [
        Returned(reference, number, town, state, returned_at)
        for state, returned_at, reference, number, town in rows
    ]


def _unsolved() -> tuple[ColumnElement[bool], ...]:
    """Not picked up after all, not offered anew since, and the report still waits."""
    later = aliased(Pickup)
    anew = exists().where(later.document_id == Pickup.document_id, later.made_at > Pickup.made_at)
    return (
        Pickup.returned_at.is_not(None),
        Pickup.state != PickupState.PICKED_UP,
        Report.state.in_(STATES),
        ~anew,
    )
