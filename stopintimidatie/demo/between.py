"""What the demo shows between holders: an offer that waits for an answer, a campaign to notice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import clock_at
from stopintimidatie.desk.models import LocalPolicy, PolicyKind
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move

TILBURG: Final = "GM0855"
REASON: Final = (
    "De melder noemt een halte die bij u in de gemeente ligt. Wij hoorden dat pas later."
)


def offer_one(
    session: Session, effects: Mapping[str, Any], receiver: str, actor: Actor, moment: datetime
) -> None:
    """Offer the report that came in last of those in hand: the same one every time."""
    report = session.scalars(
        select(Report)
        .where(Report.state == "in_behandeling", Report.received_at < moment)
        .order_by(Report.received_at.desc(), Report.reference)
        .limit(1)
    ).first()
    if report is not None:
        with clock_at(moment):
            values = {"gemeente": receiver, "reden": REASON}
            move(session, effects, report, "overdracht_aanbieden", values, actor)
            session.flush()


def note_campaign(session: Session) -> None:
    """A municipality without the programme that does something of its own."""
    if session.get(LocalPolicy, TILBURG) is None:
        session.add(LocalPolicy(code=TILBURG, kind=PolicyKind.CAMPAIGN, name="Voorbeeldcampagne"))
