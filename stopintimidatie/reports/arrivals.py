"""Who must know that a report came in: higher rooms say what then happens.

A job of its own, after the commit: that it can't be done now never keeps a report out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.jobs import JobContext, enqueue
from stopintimidatie.reports.arriving import ARRIVED
from stopintimidatie.reports.models import Report

ARRIVALS_KEY: Final = "stopintimidatie.reports.arrivals"
TOGETHER: Final = 50
OnArrival = Callable[[JobContext, Session, Report], None]


def add_arrival(config: Any, name: str, function: OnArrival) -> None:
    """Directive `config.add_arrival`: what to do when a holder has a new report.

    May be called twice for one report: be harmless.
    """

    def register() -> None:
        config.registry.setdefault(ARRIVALS_KEY, {})[name] = function

    config.action(("arrival", name), register)


def announce(session: Session, report: Report) -> None:
    """A holder has a report it didn't have: by hand-over, or out of quarantine."""
    enqueue(session, ARRIVED, report.holder, {"report": str(report.id)})


def arrived(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """The job."""
    functions: Mapping[str, OnArrival] = context.registry.get(ARRIVALS_KEY, {})
    for place, payload in enumerate(payloads):
        with context.ending(place) as session:
            report = session.get(Report, UUID(payload["report"])) if session else None
            if session is not None and report is not None:
                for function in functions.values():
                    function(context, session, report)
