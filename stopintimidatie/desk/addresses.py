"""Job of the desk: an address without a point is looked up, and its report passed on.

After the intake, which waits for nobody; and only where `geocoder` is switched on. What isn't
found with certainty, or lies in a municipality that isn't connected, stays at the desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM, record
from stopintimidatie.jobs import JobContext
from stopintimidatie.municipalities.services import level_of
from stopintimidatie.register.geocoding import FoundAddress, Geocoder
from stopintimidatie.register.locating import LocatorCache, Method
from stopintimidatie.reports.arrivals import announce
from stopintimidatie.reports.arriving import KIND, wanted_address
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.routing import routing_for
from stopintimidatie.reports.services import changed, move
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS

REASON: Final = "Het adres dat de melder noemt, ligt in deze gemeente."


def find_addresses(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Ask the geocoder outside any transaction; then place the report, if it still waits."""
    geocoder: Geocoder | None = context.registry.geocoder
    if geocoder is None:
        return
    for payload in payloads:
        report_id = UUID(payload["id"])
        with context.transaction() as session:
            report = session.get(Report, report_id)
            wanted = wanted_address(report.address) if report and _waits(report) else None
        found = None if wanted is None else geocoder.find(wanted)
        if found is None:
            continue
        with context.transaction() as session:
            report = session.get(Report, report_id, with_for_update=True)
            if report is not None and _waits(report):
                _place(session, context.registry, report, found)


def _waits(report: Report) -> bool:
    return report.delivery == "te_routeren" and report.state == "nieuw" and report.lat is None


def _place(session: Session, registry: Any, report: Report, found: FoundAddress) -> None:
    locators: LocatorCache = registry.locator_cache
    place = locators.current(session).locate(found.lat, found.lon)
    if place.municipality_code is None:
        return
    report.lat, report.lon = found.lat, found.lon
    report.located_by = Method.ADDRESS
    report.municipality_code = place.municipality_code
    report.neighbourhood_code = place.neighbourhood_code
    report.subneighbourhood_code = place.subneighbourhood_code
    report.near_municipality_code = place.near_municipality_code
    routing = routing_for(place, level_of(session, place.municipality_code))
    report.delivery = routing.delivery or report.delivery
    fields = ["gemeente", "wijk", "punt"]
    record(session, SYSTEM, "melding.adres", NATIONAL, KIND, [report.id], fields=fields)
    changed(session, report)
    if routing.holder != NATIONAL:
        values = {"gemeente": routing.holder, "reden": REASON}
        move(session, WORKFLOW_EFFECTS.of(registry), report, "doorgeven", values, SYSTEM)
    else:
        # Now that its municipality is known, an agreement may have it forwarded.
        announce(session, report)
