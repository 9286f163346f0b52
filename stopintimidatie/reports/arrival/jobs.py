"""Reports get the name of the place that they are at: after they arrived, and when names change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.storage import Holder, transaction
from stopintimidatie.municipalities.areas.landmarks import find_near, load_in_force
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE

NAME_PLACES: Final = Job("melding.plekken")
PORTION: Final = 200


def name_arrived(context: JobContext, session: Session, report: Report) -> None:
    """Name the place of a report that a holder has now."""
    if report.lat is not None and report.state not in GONE:
        _store(session, report.holder, [_named_by(session, report)])


def name_places(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Name the places of reports by the names in force (job): some, and then the next ones."""
    for number, payload in enumerate(payloads):
        with transaction(context.engine, context.holder, write=False) as session:
            load = session.scalar(load_in_force())
            wanted = select(Report.id, Report.lat, Report.lon, Report.accuracy_m).where(
                Report.lat.is_not(None),
                Report.state.not_in(GONE),
                Report.near_load.is_distinct_from(load),
            )
            if after := payload.get("after"):
                wanted = wanted.where(Report.id > UUID(after))
            reports = session.execute(wanted.order_by(Report.id).limit(PORTION)).all()
            named = [_named_by(session, report) for report in reports]
        with context.ending(number) as writing:
            if writing is not None and named:
                _store(writing, context.holder, named)
                after = {"after": str(named[-1]["report"])}
                enqueue(writing, NAME_PLACES, context.holder, after)


def ask_for_places(session: Session) -> None:
    """Ask to name the places of the reports of every holder."""
    for holder in session.scalars(select(Holder.code).order_by(Holder.code)):
        enqueue(session, NAME_PLACES, holder, {})


def _named_by(session: Session, report: Any) -> dict[str, Any]:
    load, near = find_near(session, report.lat, report.lon, report.accuracy_m)
    return {"report": report.id, "place": near and asdict(near), "load": load}


def _store(session: Session, holder: str, named: Sequence[Mapping[str, Any]]) -> None:
    """Write names into rows; the version stays, for nobody changed what an officer looks at."""
    table: Any = Report.__table__
    naming = update(table).where(
        # A report may have gone since it was read: nothing is left of its place then.
        table.c.holder == holder,
        table.c.id == bindparam("report"),
        table.c.lat.is_not(None),
    )
    values = naming.values(near_place=bindparam("place"), near_load=bindparam("load"))
    session.connection().execute(values, named)
