"""The desk's queue: waiting reports, routing by hand or by address.

A job looks up the address of a report without a point after the intake, and only where `geocoder`
is switched on. A report whose address isn't found with certainty, or lies in a municipality that
isn't connected, stays at the desk.

Lists are about reports that the desk itself holds or held: nothing here looks inside a
connected municipality.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.desk.models import LocalPolicy
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.municipalities.areas.geocoder import FoundAddress, Geocoder
from stopintimidatie.municipalities.areas.locator import LocatorCache, Method
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.reports.arrival.services import announce, wanted_address
from stopintimidatie.reports.arrival.submission import routing_for
from stopintimidatie.reports.inbox.queries import number_up_to
from stopintimidatie.reports.inbox.services import FOR_DESK
from stopintimidatie.reports.models import Report, ReportProposal
from stopintimidatie.reports.services import move_report, reindex_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import Delivery, ReportState

S: Final = ReportState
REASON: Final = "Het adres dat de melder noemt, ligt in deze gemeente."


def find_addresses(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Find the addresses of reports without a point, and route those that still wait (job).

    The geocoder is asked outside any transaction.
    """
    geocoder: Geocoder | None = context.registry.geocoder
    if geocoder is None:
        return
    for payload in payloads:
        report_id = UUID(payload["id"])
        with context.transaction() as session:
            report = session.get(Report, report_id)
            wanted = wanted_address(report.address) if report and _waits(report) else None
        house = None if wanted is None else geocoder.find(wanted)
        if house is None:
            continue
        with context.transaction() as session:
            report = session.get(Report, report_id, with_for_update=True)
            if report is not None and _waits(report):
                _place(session, context.registry, report, house)


def _waits(report: Report) -> bool:
    return report.delivery == Delivery.TO_ROUTE and report.state == S.NEW and report.lat is None


def _place(session: Session, registry: Any, report: Report, house: FoundAddress) -> None:
    locators: LocatorCache = registry.locator_cache
    place = locators.current(session).locate(house.lat, house.lon)
    if place.municipality_code is None:
        return
    report.lat, report.lon = house.lat, house.lon
    report.located_by = Method.ADDRESS
    report.municipality_code = place.municipality_code
    report.neighbourhood_code = place.neighbourhood_code
    report.subneighbourhood_code = place.subneighbourhood_code
    report.near_municipality_code = place.near_municipality_code
    routing = routing_for(place, level_of(session, place.municipality_code))
    report.delivery = routing.delivery or report.delivery
    fields = ["gemeente", "wijk", "punt"]
    record(session, SYSTEM, "melding.adres", NATIONAL, KIND, [report.id], fields=fields)
    reindex_report(session, report)
    if routing.holder != NATIONAL:
        values = {"gemeente": routing.holder, "reden": REASON}
        move_report(session, WORKFLOW_EFFECTS.of(registry), report, "doorgeven", values, SYSTEM)
    else:
        # Now that its municipality is known, an agreement may have it forwarded.
        announce(session, report)


# The queue; each count is that of the rows it leads to

# The views of the queue. Without one: all that the desk must decide on now.
STANDINGS: Final = {
    Delivery.TO_ROUTE: "Gemeente onbekend",
    Delivery.EXPIRED: "Niet opgehaald, of teruggegeven",
    Delivery.WAITING: "Wacht op afspraak",
    S.WAITING_FOR_REPORTER: "Wacht op de melder",
    "tweede_blik": "Een collega beslist mee",
    Delivery.OFFERED: "Aangeboden, nog niet opgehaald",
    Delivery.PICKED_UP: "Opgehaald",
    "afgesloten": "Afgesloten",
}
SECOND_LOOK, CLOSED = "tweede_blik", "afgesloten"
# The municipality must be rung about these; offered reports need nothing of the desk.
TO_RING: Final = (Delivery.WAITING, Delivery.EXPIRED)
UNPLACED: Final = "geen"
_PROPOSED: Final = exists().where(ReportProposal.report_id == Report.id, ReportProposal.waiting())
# A report that the desk has, that waits for no undoing and no second person, and that is open.
_FREE: Final = (
    Report.holder == NATIONAL,
    Report.delivery.is_not(None),
    Report.state == S.NEW,
    Report.leaves_at.is_(None),
)
# Each report stands in one view: in the first of these that holds.
_STANDING: Final[ColumnElement[str]] = case(
    (Report.state == S.WAITING_FOR_REPORTER, S.WAITING_FOR_REPORTER),
    (Report.state == S.NOT_HANDLED, CLOSED),
    (_PROPOSED, SECOND_LOOK),
    else_=Report.delivery,
)
_LISTED: Final = (
    Report.holder == NATIONAL,
    Report.delivery.is_not(None),
    Report.state.in_((S.NEW, S.WAITING_FOR_REPORTER, S.NOT_HANDLED, S.QUARANTINE)),
    # Quarantine has a page of its own; here stands what a colleague must look at too.
    (Report.state != S.QUARANTINE) | _PROPOSED,
    Report.leaves_at.is_(None),
)


def _to_decide() -> ColumnElement[bool]:
    """Build the condition of what the desk must decide on now.

    Urgent reports are there too until they are picked up: somebody must ring about them at once.
    And what a reporter wrote about a report that was closed, or that isn't the desk's to decide on.
    """
    waits = and_(
        Report.state == S.NEW,
        FOR_DESK,
        ~_PROPOSED,
    )
    return or_(waits, Report.reporter_spoke_at.is_not(None))


def _in_standing(standing: str) -> ColumnElement[bool]:
    return cast(ColumnElement[bool], standing == _STANDING)


@dataclass(frozen=True)
class QueueFilter:
    """Filter in the address of the queue; without a standing, all that must be decided on."""

    standing: str | None = None
    municipality: str | None = None

    def conditions(self, *, without: str = "") -> list[ColumnElement[bool]]:
        """Return the conditions in SQL; `without` leaves one out, to count its alternatives."""
        conditions: list[ColumnElement[bool]] = list(_LISTED)
        if without != "standing":
            conditions.append(_in_standing(self.standing) if self.standing else _to_decide())
        if self.municipality == UNPLACED and without != "municipality":
            conditions.append(Report.municipality_code.is_(None))
        elif self.municipality and without != "municipality":
            conditions.append(Report.municipality_code == self.municipality)
        return conditions


def number_waiting(wanted: QueueFilter, most: int) -> ScalarSelect[Any]:
    """Return a subquery that counts the reports that wait, up to one more than `most`."""
    return number_up_to(select(Report.id).where(*wanted.conditions()), most)


def page(
    session: Session, wanted: QueueFilter, offset: int, limit: int
) -> Sequence[tuple[Report, str | None]]:
    """Return waiting reports with the name of their municipality, longest waiting first."""
    rows = session.execute(
        select(Report, Municipality.name)
        .outerjoin(Municipality, Municipality.code == Report.municipality_code)
        .where(Report.id.in_(_longest(wanted.conditions(), offset + limit)))
        .order_by(Report.urgent.desc(), Report.received_at, Report.id)
        .offset(offset)
        .limit(limit)
    )
    return [(report, name) for report, name in rows]


def _longest(conditions: Sequence[ColumnElement[bool]], most: int) -> Select[Any]:
    """Select the ids of the urgent reports, and of the others, that wait longest, by an index."""
    urgent, others = (
        select(Report.id)
        .where(*conditions, Report.urgent.is_(first))
        .order_by(Report.received_at, Report.id)
        .limit(most)
        .subquery()
        for first in (True, False)
    )
    both = union_all(select(urgent.c.id), select(others.c.id)).subquery()
    return select(both.c.id)


def by_standing(session: Session, wanted: QueueFilter) -> dict[str, int | None]:
    """Count the reports in each view; without numbers when there are too many."""
    some = select(_STANDING.label("standing")).where(*wanted.conditions(without="standing"))
    counted = some.limit(COUNTED + 1).subquery()
    rows = session.execute(
        select(counted.c.standing, func.count()).group_by(counted.c.standing)
    ).all()
    if sum(number for _, number in rows) > COUNTED:
        return dict.fromkeys(STANDINGS)
    return {str(code): number for code, number in rows}


def by_municipality(
    session: Session, wanted: QueueFilter, limit: int
) -> Sequence[tuple[str | None, str | None, int | None]]:
    """Return code, name and number of reports of the busiest municipalities, the busiest first.

    Code and name are None for reports without a municipality. When too many reports wait, these are
    the busiest among those that wait longest, without numbers.
    """
    some = _longest(wanted.conditions(without="municipality"), COUNTED + 1)
    longest = select(Report.municipality_code).where(Report.id.in_(some)).subquery()
    number = func.count()
    rows = session.execute(
        select(longest.c.municipality_code, Municipality.name, number, func.sum(number).over())
        .outerjoin(Municipality, Municipality.code == longest.c.municipality_code)
        .group_by(longest.c.municipality_code, Municipality.name)
        .order_by(number.desc(), Municipality.name)
        .limit(limit)
    )
    return [
        (code, name, amount if whole <= COUNTED else None) for code, name, amount, whole in rows
    ]


# Reports that wait until a municipality is rung


@dataclass(frozen=True, slots=True)
class Waiting:
    """The reports that wait for a municipality: how many, how many of them urgent, since when.

    `to_offer`: those that go by themselves once an agreement is valid; the others were offered
    before. `first`: when the first one came that no hold keeps. `ready`: those with a message on
    its way, for which nobody rings under a valid agreement; urgent ones aren't among them.
    """

    number: int = 0
    urgent: int = 0
    oldest: datetime | None = None
    to_offer: int = 0
    first: datetime | None = None
    ready: int = 0

    def to_ring(self, *, valid: bool) -> Waiting:
        """Return what waits for a call, under a valid agreement or without one."""
        ready = self.ready if valid else 0
        return replace(self, number=self.number - ready, to_offer=self.to_offer - ready)


_READY: Final = exists().where(
    Pickup.document_id == Report.id,
    Pickup.state == PickupState.READY,
    Pickup.returned_at.is_(None),
    Report.urgent.is_(False),
)


def waiting_reports(session: Session, code: str | None = None) -> dict[str, Waiting]:
    """Return what waits until a municipality is rung, by its code: of one, or of all."""
    only = () if code is None else (Report.municipality_code == code,)
    rows = session.execute(
        select(
            Report.municipality_code,
            func.count(),
            func.sum(case((Report.urgent, 1), else_=0)),
            func.min(Report.received_at),
            func.sum(case((Report.delivery == Delivery.WAITING, 1), else_=0)),
            func.min(case((Report.frozen.is_(False), Report.received_at))),
            func.sum(case((_READY, 1), else_=0)),
        )
        .where(*_FREE, Report.delivery.in_(TO_RING), Report.municipality_code.is_not(None), *only)
        .group_by(Report.municipality_code)
    )
    return {town: Waiting(*numbers) for town, *numbers in rows}


def towns_of(session: Session, codes: Collection[str]) -> dict[str, Municipality]:
    """Return the municipalities with these codes, by code."""
    rows = session.scalars(select(Municipality).where(Municipality.code.in_(codes)))
    return {row.code: row for row in rows}


def policies_of(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Return the campaign or policy of each municipality that has one, in words."""
    rows = session.scalars(select(LocalPolicy).where(LocalPolicy.code.in_(codes)))
    return {row.code: f"eigen {row.kind}: {row.name}" for row in rows}
