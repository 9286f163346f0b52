"""A municipality that went into another: its open reports go to the successor, in bulk.

Each is handed over as any report is: the successor makes its own copy, with the chain of custody
and the same follow code; what is left is a tombstone. What somebody is in the middle of (a
dossier, an offer, quarantine) is left for its people to end first, and what has ended stays with
its own holder for as long as its term lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import KIND, move
from stopintimidatie.reports.transfer import hand_over
from stopintimidatie.reports.workflow import ENDED, MERGEABLE
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.tenancy import NATIONAL, current_holder

AT_ONCE: Final = 50
REASON: Final = "De gemeente is opgegaan in een andere."


def standing_of(session: Session, code: str) -> dict[str, int]:
    """How many reports the holder at hand has of this municipality that haven't ended, by state."""
    rows = session.execute(
        select(Report.state, func.count())
        .where(*_of(session, code), Report.state.not_in(ENDED))
        .group_by(Report.state)
        .order_by(Report.state)
    )
    return {state: number for state, number in rows}  # noqa: C416 - rows are no pairs to mypy


def hand_some_over(
    session: Session, effects: Mapping[str, Any], code: str, successor: str, actor: Actor
) -> int:
    """Hand some reports over to the successor; how many. Again and again until there is none.

    :raises WorkflowError: the successor has no portal to put them in.
    """
    desk = current_holder(session) == NATIONAL
    name, states = ("doorgeven", {"nieuw"}) if desk else ("samenvoegen", MERGEABLE)
    reports = session.scalars(
        select(Report)
        .where(*_of(session, code), Report.state.in_(states))
        .order_by(Report.received_at, Report.id)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    for report in reports:
        move(session, effects, report, name, {"gemeente": successor, "reden": REASON}, actor)
    if reports:
        ids = [report.id for report in reports]
        holder = reports[0].holder
        fields = [code, successor]
        record(session, actor, "melding.samengevoegd", holder, KIND, ids, fields=fields)
    return len(reports)


def _of(session: Session, code: str) -> tuple[ColumnElement[bool], ...]:
    """What a municipality holds; of the desk, what lies in the municipality."""
    holder = current_holder(session)
    mine = Report.holder == holder
    return (mine, Report.municipality_code == code) if holder == NATIONAL else (mine,)


def go_over(
    keys: KeyRing, session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Effect of `samenvoegen`: nobody waits for an answer here any more, and it is handed over."""
    report.waiting_until = None
    hand_over(keys, session, report, values, actor)
