"""Routing a report to a municipality: which one it seems to be, and whether that can be right.

Routing waits ten minutes, so that it can be undone; of an urgent report it is done at once. A
report for a municipality that isn't connected stays at the desk, on the call list, and is offered
where an agreement is in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.municipalities.areas.locator import LocatorCache, Method
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import (
    find_municipality,
    municipalities_named_in,
    municipality_by_code,
)
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.reports.arrival.services import announce
from stopintimidatie.reports.models import Report, ReportDecision
from stopintimidatie.reports.page.decisions import hold_step
from stopintimidatie.reports.services import append_move, move_report, reindex_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import Delivery, ReportState

ROUTABLE: Final = frozenset({Delivery.TO_ROUTE, Delivery.WAITING, Delivery.EXPIRED})
# The name of the step that is held.
HELD: Final = "routeren"


def can_be_routed(report: Report) -> bool:
    """Tell whether the desk may still choose the municipality of a report."""
    new = report.state == ReportState.NEW
    return new and report.delivery in ROUTABLE and report.leaves_at is None


def _check_town(session: Session, report: Report, code: str) -> Municipality:
    if not can_be_routed(report):
        raise WorkflowError("Deze melding is intussen doorgegeven, afgesloten of ingetrokken.")
    town = municipality_by_code(session, code)
    if town is None:
        raise WorkflowError("Kies een gemeente uit de lijst.", "gemeente")
    return town


def route(
    session: Session, registry: Any, report: Report, code: str, reason: str, actor: Actor
) -> ReportDecision:
    """Decide to which municipality a report goes; it goes in ten minutes, an urgent one at once.

    The caller has locked the report.

    Raises:
        WorkflowError: It can't be routed any more, or there is no such municipality.
    """
    _check_town(session, report, code)
    answers = {"gemeente": code, "reden": reason}
    return hold_step(registry, session, report, HELD, answers, actor)


def route_held(
    registry: Any, session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Route a report as was decided (held step).

    Raises:
        WorkflowError: It can't be routed any more, or there is no such municipality.
    """
    code, reason = str(values["gemeente"]), str(values["reden"])
    town = _check_town(session, report, code)
    if level_of(session, code) is ParticipationLevel.PROGRAMME:
        effects, values = WORKFLOW_EFFECTS.of(registry), {"gemeente": code, "reden": reason}
        move_report(session, effects, report, "doorgeven", values, actor)
        return
    if report.municipality_code != code:
        report.neighbourhood_code = report.subneighbourhood_code = None
    report.municipality_code = code
    report.located_by = Method.OFFICER
    report.delivery = Delivery.WAITING
    named = {"gemeente": town.name, "reden": reason}
    append_move(session, report, actor, "gerouteerd", report.state, named)
    reindex_report(session, report)
    # A room that listens offers the report at once where an agreement is in force.
    announce(session, report)
    record(session, actor, "melding.gerouteerd", NATIONAL, KIND, [report.id], fields=[code])


@dataclass(frozen=True, slots=True)
class Guess:
    """The municipality that a report seems to be about, and a sentence that says why."""

    town: Municipality
    reason: str


def guess(session: Session, locators: LocatorCache, report: Report) -> Guess | None:
    """Return where a report seems to belong: by its point, its municipality, or its words."""
    there = _town_of_point(session, locators, report)
    if there is not None:
        return Guess(there, f"Het punt op de kaart ligt in de gemeente {there.name}.")
    if report.municipality_code is not None:
        known = session.get_one(Municipality, report.municipality_code)
        return Guess(known, f"De melding noemt de gemeente {known.name}.")
    name = str((report.address or {}).get("town") or "")
    town = find_municipality(session, name) if name else None
    if town is not None:
        return Guess(town, f"De melder noemt {town.name} in het adres.")
    return _named(session, report)


def _named(session: Session, report: Report) -> Guess | None:
    """Return the one municipality that the words about the place name, if there is one."""
    stop = str((report.transit or {}).get("stop") or "")
    for text in (report.location_text or "", stop):
        named = municipalities_named_in(session, text, nearly=False)
        if len(named) == 1:
            town = named[0].named.municipality
            return Guess(town, f"De melder noemt {named[0].named.also or town.name}.")
    return None


def _town_of_point(session: Session, locators: LocatorCache, report: Report) -> Municipality | None:
    if report.lat is None or report.lon is None:
        return None
    place = locators.current(session).locate(report.lat, report.lon)
    code = place.municipality_code
    return None if code is None else session.get(Municipality, code)


def disagreement(
    session: Session, locators: LocatorCache, report: Report, town: Municipality
) -> str | None:
    """Return a sentence that says how the place of a report contradicts a municipality, if so."""
    if report.lat is not None and report.lon is not None:
        return _elsewhere(session, locators, report, town)
    name = str((report.address or {}).get("town") or "")
    there = find_municipality(session, name) if name else None
    if there is None or there.code == town.code:
        return None
    return f"De melder noemt {there.name} in het adres, niet {town.name}."


def _elsewhere(
    session: Session, locators: LocatorCache, report: Report, town: Municipality
) -> str | None:
    """Return how far the point lies from the municipality; None within it or near its border."""
    there = _town_of_point(session, locators, report)
    if town.code in (there and there.code, report.near_municipality_code):
        return None
    lat, lon = float(report.lat or 0), float(report.lon or 0)
    metres = locators.current(session).metres_to(lat, lon, town.code)
    if metres is not None and metres <= (report.accuracy_m or 0):
        return None
    where = f"in de gemeente {there.name}" if there else ""
    far = "" if metres is None else f"ongeveer {_kilometres(metres)} van {town.name}"
    both = ", ".join(filter(None, [where, far])) or "in geen gemeente die wij kennen"
    return f"Het punt op de kaart ligt {both}."


def _kilometres(metres: float) -> str:
    return f"{round(metres)} meter" if metres < 950 else f"{round(metres / 1000)} km"
