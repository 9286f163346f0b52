"""Who must know that a report came in: higher rooms say what then happens.

A job of its own, after the commit: that it can't be done now never keeps a report out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.jobs import JobContext, enqueue
from stopintimidatie.registry import Directive
from stopintimidatie.reports.arriving import ARRIVED
from stopintimidatie.reports.models import Report

TOGETHER: Final = 50
# What to do when a holder has a new report. May be called twice for one report: be harmless.
OnArrival = Callable[[JobContext, Session, Report], None]
ARRIVALS: Final = Directive[str, OnArrival]("add_arrival", "arrivals")


def announce(session: Session, report: Report) -> None:
    """A holder has a report it didn't have: by hand-over, or out of quarantine."""
    enqueue(session, ARRIVED, report.holder, {"report": str(report.id)})


def arrived(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """The job."""
    for place, payload in enumerate(payloads):
        with context.ending(place) as session:
            report = session.get(Report, UUID(payload["report"])) if session else None
            if session is not None and report is not None:
                for function in ARRIVALS.of(context.registry).values():
                    function(context, session, report)
