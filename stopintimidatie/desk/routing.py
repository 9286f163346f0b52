"""Routing by hand: the desk says in which municipality a report belongs, connected or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.services import level_of
from stopintimidatie.register.locating import Method
from stopintimidatie.register.queries import municipality_by_code
from stopintimidatie.reports.arrivals import announce
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import KIND, append_move, changed, move
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.workflow import WorkflowError

ROUTED: Final = "gerouteerd"
ROUTABLE: Final = frozenset({"te_routeren", "wacht_op_afspraak", "verlopen"})


def can_be_routed(report: Report) -> bool:
    """Whether the desk still has to find it a municipality, or found one that has no agreement."""
    return report.state == "nieuw" and report.delivery in ROUTABLE


def route_by_hand(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    code: str,
    reason: str,
    actor: Actor,
) -> bool:
    """Give the report this municipality; whether it is passed on at once (it is connected).

    :raises WorkflowError: too late, or there is no such municipality.
    """
    if not can_be_routed(report):
        raise WorkflowError("Deze melding is intussen doorgegeven of ingetrokken.", None)
    town = municipality_by_code(session, code)
    if town is None:
        raise WorkflowError("Kies een gemeente uit de lijst.", "gemeente")
    if level_of(session, code) is ParticipationLevel.PROGRAMME:
        values = {"gemeente": code, "reden": reason}
        move(session, effects, report, "doorgeven", values, actor)
        return True
    if report.municipality_code != code:
        report.neighbourhood_code = report.subneighbourhood_code = None
    report.municipality_code = code
    report.located_by = Method.OFFICER
    report.delivery = "wacht_op_afspraak"
    values = {"gemeente": town.name, "reden": reason}
    append_move(session, report, actor, ROUTED, report.state, values)
    changed(session, report)
    # Where an agreement is in force already, what listens to this passes it on.
    announce(session, report)
    record(session, actor, "melding.gerouteerd", NATIONAL, KIND, [report.id], fields=[code])
    return False
