"""What was said with the reporter goes along at a hand-over: content, so the giver keeps none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.reports.custody import holder_name
from stopintimidatie.reports.models import Report, ReporterMessage

LONGEST_NAME = 200


def give_messages(session: Session, report: Report) -> list[dict[str, Any]]:
    """Part with the conversation; what the receiver's copy needs of it.

    Who wrote for the giver is told with whom they worked, for the receiver doesn't know them.
    """
    rows = session.scalars(
        select(ReporterMessage)
        .where(ReporterMessage.report_id == report.id)
        .order_by(ReporterMessage.at, ReporterMessage.id)
    ).all()
    here = holder_name(session, report.holder)
    given = [_told(row, here) for row in rows]
    session.execute(delete(ReporterMessage).where(ReporterMessage.report_id == report.id))
    return given


def _told(row: ReporterMessage, here: str) -> dict[str, Any]:
    name = row.actor_name
    # One that came with an earlier hand-over says already where it was written.
    if name is not None and not name.endswith(")"):
        name = f"{name} ({here})"[-LONGEST_NAME:]
    return {"at": row.at.isoformat(), "kind": row.kind, "text": row.text, "actor_name": name}


def receive_messages(session: Session, report: Report, given: Sequence[Mapping[str, Any]]) -> None:
    """Put the conversation so far with the copy. It was told before: nobody is mailed."""
    for told in given:
        values = {**told, "at": datetime.fromisoformat(told["at"])}
        session.add(ReporterMessage(holder=report.holder, report_id=report.id, **values))
