"""The chain of custody: who had a report before, from when, and why it went on.

It travels with the report, so that the holder of the copy sees the whole way, not the last step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.arriving import TAKEN_OVER
from stopintimidatie.reports.models import Report, ReportMove, ReportTransfer
from stopintimidatie.reports.services import append_move
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.web.filters import datetime_short

# What happened on the way counts too: that and when it was forwarded and picked up before.
KEPT: Final = ("ontvangen", TAKEN_OVER, "aangeboden", "opgehaald", "verlopen")


def custody_of(session: Session, report: Report) -> list[dict[str, Any]]:
    """The lines of the history that tell whose the report was, oldest first."""
    moves = session.scalars(
        select(ReportMove)
        .where(ReportMove.report_id == report.id, ReportMove.name.in_(KEPT))
        .order_by(ReportMove.at, ReportMove.id)
    )
    return [
        {
            "at": move.at.isoformat(),
            "name": move.name,
            "kind": move.actor_kind,
            "actor": move.actor_name,
            "values": {**move.values, "reden": move.reason},
        }
        for move in moves
    ]


def keep_custody(session: Session, report: Report, earlier: Sequence[Mapping[str, Any]]) -> None:
    """Write the way so far in the history of the copy."""
    for line in earlier:
        actor = Actor(line["kind"], None, line["actor"])
        at = datetime.fromisoformat(line["at"])
        append_move(session, report, actor, line["name"], None, line["values"], at=at)


def step_here(session: Session, transfer: ReportTransfer) -> dict[str, Any]:
    """What the history of the copy tells of the step that brought it here."""
    values = {"reden": transfer.reason, "van": holder_name(session, transfer.giver)}
    if transfer.answered_at is not None:
        values |= {
            "aangeboden_op": datetime_short(transfer.given_at),
            "aangenomen_door": transfer.answered_by or "",
            "aangenomen_op": datetime_short(transfer.answered_at),
        }
    return values


def holder_name(session: Session, code: str) -> str:
    """The name of a holder, as people say it."""
    if code == NATIONAL:
        return "landelijk meldpunt"
    found = session.get(Municipality, code)
    return code if found is None else f"gemeente {found.name}"
