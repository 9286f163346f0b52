"""The desk's queue: waiting reports, routing by hand or by address, the call list, figures.

A job looks up the address of a report without a point after the intake, and only where `geocoder`
is switched on. A report whose address isn't found with certainty, or lies in a municipality that
isn't connected, stays at the desk.

Lists and figures are about reports that the desk itself holds or held: nothing here looks inside a
connected municipality.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import COUNTED, count_at_most
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.desk.agreements.views import agreed_rows
from stopintimidatie.desk.models import LocalPolicy
from stopintimidatie.municipalities.areas.facts import is_practice
from stopintimidatie.municipalities.areas.geocoder import FoundAddress, Geocoder
from stopintimidatie.municipalities.areas.locator import LocatorCache, Method
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import all_municipalities, municipality_by_code
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.municipalities.settings.models import MunicipalitySetting
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.reports.arrival.services import announce, wanted_address
from stopintimidatie.reports.arrival.submission import routing_for
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import append_move, move_report, reindex_report
from stopintimidatie.reports.vocabulary import KIND

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
    return report.delivery == "te_routeren" and report.state == "nieuw" and report.lat is None


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

DELIVERY_LABELS: Final = {
    "te_routeren": "Nog te routeren",
    "wacht_op_afspraak": "Wacht op afspraak",
    "verlopen": "Niet opgehaald",
    "aangeboden": "Aangeboden, nog niet opgehaald",
    "opgehaald": "Opgehaald",
}
# The municipality must be rung about these; offered reports need nothing of the desk.
TO_RING: Final = ("wacht_op_afspraak", "verlopen")
WAITING: Final = ("te_routeren", *TO_RING)
UNPLACED: Final = "geen"


@dataclass(frozen=True)
class QueueFilter:
    """Filter in the address of the queue; without a delivery, all that waits for the desk."""

    delivery: str | None = None
    municipality: str | None = None

    def conditions(self, *, without: str = "") -> list[ColumnElement[bool]]:
        """Return the conditions in SQL; `without` leaves one out, to count its alternatives."""
        conditions = [
            Report.holder == NATIONAL,
            Report.delivery.is_not(None),
            # Withdrawn reports don't wait.
            Report.ended_at.is_(None),
        ]
        if without != "delivery":
            deliveries = (self.delivery,) if self.delivery else WAITING
            conditions.append(Report.delivery.in_(deliveries))
        if self.municipality == UNPLACED and without != "municipality":
            conditions.append(Report.municipality_code.is_(None))
        elif self.municipality and without != "municipality":
            conditions.append(Report.municipality_code == self.municipality)
        return conditions


def count(session: Session, wanted: QueueFilter, most: int) -> int:
    """Count the reports that wait; one more than `most` when there are more."""
    return count_at_most(session, select(Report.id).where(*wanted.conditions()), most)


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


def by_delivery(session: Session, wanted: QueueFilter) -> dict[str, int | None]:
    """Count waiting reports by their delivery; without numbers when there are too many."""
    base = select(Report.delivery).where(*wanted.conditions(without="delivery"))
    if count_at_most(session, base, COUNTED) > COUNTED:
        return dict.fromkeys(DELIVERY_LABELS)
    rows = session.execute(base.add_columns(func.count()).group_by(Report.delivery))
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


# Call list and figures

FIGURES_OVER: Final = timedelta(days=365)
_HANDED: Final = "doorgegeven"


@dataclass(frozen=True, slots=True)
class CallRow:
    """A municipality to ring, with what waits for it and how its agreement stands."""

    name: str
    slug: str
    waiting: int
    urgent: int
    oldest: datetime
    telephone: str | None
    standing: str
    policy: str | None


def call_list(session: Session, keys: KeyRing) -> list[CallRow]:
    """Return the municipalities for which reports wait: urgent first, then longest waiting."""
    rows = session.execute(
        select(
            Report.municipality_code,
            func.count(),
            func.sum(case((Report.urgent, 1), else_=0)),
            func.min(Report.received_at),
        )
        .where(Report.holder == NATIONAL, Report.delivery.in_(TO_RING), Report.ended_at.is_(None))
        .group_by(Report.municipality_code)
    ).all()
    codes = [code for code, *_ in rows]
    phones, policies = telephones(session, codes), policies_of(session, codes)
    towns = _towns(session, codes)
    standings = {row.slug: row.word for row in agreed_rows(session, keys)}
    calls = [
        CallRow(
            name=towns[code].name,
            slug=towns[code].slug,
            waiting=waiting,
            urgent=int(urgent or 0),
            oldest=oldest,
            telephone=phones.get(code),
            standing=standings.get(towns[code].slug, "geen afspraak"),
            policy=policies.get(code),
        )
        for code, waiting, urgent, oldest in rows
        if code in towns
    ]
    return sorted(calls, key=lambda row: (-row.urgent, row.oldest))


def _towns(session: Session, codes: Collection[str]) -> dict[str, Municipality]:
    rows = session.scalars(select(Municipality).where(Municipality.code.in_(codes)))
    return {row.code: row for row in rows}


def telephones(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Return the telephone number of each municipality, as reporters are given it."""
    published = (
        select(MunicipalitySetting.owner, MunicipalitySetting.content)
        .where(
            MunicipalitySetting.part == Part.CONTACT,
            MunicipalitySetting.owner.in_(codes),
            MunicipalitySetting.effective_from <= utc_now(),
            MunicipalitySetting.withdrawn_at.is_(None),
        )
        .order_by(MunicipalitySetting.effective_from, MunicipalitySetting.number)
    )
    # A later version replaces the earlier one.
    numbers = {code: content.get("telefoon") for code, content in session.execute(published)}
    return {code: number for code, number in numbers.items() if number}


def policies_of(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Return the campaign or policy of each municipality that has one, in words."""
    rows = session.scalars(select(LocalPolicy).where(LocalPolicy.code.in_(codes)))
    return {row.code: f"eigen {row.kind}: {row.name}" for row in rows}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """Numbers of reports for a municipality that passed the desk in the last year."""

    name: str
    slug: str
    level: ParticipationLevel
    waiting: int
    offered: int
    picked_up: int
    handed_over: int
    policy: str | None

    @property
    def total(self) -> int:
        """The number of all these reports."""
        return self.waiting + self.offered + self.picked_up + self.handed_over

    @property
    def offer_programme(self) -> bool:
        """True if the programme is to be offered: it has its own policy and isn't connected."""
        return self.policy is not None and self.level is not ParticipationLevel.PROGRAMME


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows of municipalities, numbers of municipalities by level, reports without municipality."""

    rows: Sequence[FigureRow]
    levels: Mapping[ParticipationLevel, int]
    unplaced: int


def figures(session: Session) -> Figures:
    """Return the figures of the last year, also of municipalities with a policy of their own.

    Those to offer the programme come first, then the busiest.
    """
    counts = _counts(session)
    unplaced = sum(counts.pop(None, {}).values())
    marked = set(session.scalars(select(LocalPolicy.code)))
    codes = {code for code in (*counts, *marked) if code is not None and not is_practice(code)}
    towns, policies = _towns(session, codes), policies_of(session, codes)
    stored = session.execute(select(MunicipalityProfile.code, MunicipalityProfile.level)).all()
    levels = defaultdict(lambda: ParticipationLevel.NO_AGREEMENT, stored)
    rows = [
        _figure(town, levels[code], counts.get(code, {}), policies.get(code))
        for code, town in towns.items()
    ]
    return Figures(
        sorted(rows, key=lambda row: (not row.offer_programme, -row.total, row.name)),
        Counter(ParticipationLevel(levels[row.code]) for row in all_municipalities(session)),
        unplaced,
    )


def _counts(session: Session) -> dict[str | None, dict[str, int]]:
    """Count the reports of each municipality by their delivery."""
    municipality = func.coalesce(Report.handed_to, Report.municipality_code)
    delivery = case((Report.state == "overgedragen", _HANDED), else_=Report.delivery)
    rows = session.execute(
        select(municipality, delivery, func.count())
        .where(Report.holder == NATIONAL, Report.received_at >= utc_now() - FIGURES_OVER)
        .group_by(municipality, delivery)
    )
    counts: dict[str | None, dict[str, int]] = {}
    for code, state, number in rows:
        counts.setdefault(code, {})[state or ""] = number
    return counts


def _figure(
    town: Municipality, level: str, counts: Mapping[str, int], policy: str | None
) -> FigureRow:
    return FigureRow(
        town.name,
        town.slug,
        ParticipationLevel(level),
        waiting=sum(counts.get(state, 0) for state in WAITING),
        offered=counts.get("aangeboden", 0),
        picked_up=counts.get("opgehaald", 0),
        handed_over=counts.get(_HANDED, 0),
        policy=policy,
    )


# Routing by hand

ROUTED: Final = "gerouteerd"
ROUTABLE: Final = frozenset({"te_routeren", "wacht_op_afspraak", "verlopen"})


def can_be_routed(report: Report) -> bool:
    """Tell whether the desk may still choose the municipality of a report."""
    return report.state == "nieuw" and report.delivery in ROUTABLE


def route_by_hand(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    code: str,
    reason: str,
    actor: Actor,
) -> bool:
    """Set the municipality of a report; return whether it went there at once (it is connected).

    Raises:
        WorkflowError: it can't be routed any more, or there is no such municipality.
    """
    if not can_be_routed(report):
        raise WorkflowError("Deze melding is intussen doorgegeven of ingetrokken.", None)
    town = municipality_by_code(session, code)
    if town is None:
        raise WorkflowError("Kies een gemeente uit de lijst.", "gemeente")
    if level_of(session, code) is ParticipationLevel.PROGRAMME:
        values = {"gemeente": code, "reden": reason}
        move_report(session, effects, report, "doorgeven", values, actor)
        return True
    if report.municipality_code != code:
        report.neighbourhood_code = report.subneighbourhood_code = None
    report.municipality_code = code
    report.located_by = Method.OFFICER
    report.delivery = "wacht_op_afspraak"
    values = {"gemeente": town.name, "reden": reason}
    append_move(session, report, actor, ROUTED, report.state, values)
    reindex_report(session, report)
    # A room that listens offers the report at once where an agreement is in force.
    announce(session, report)
    record(session, actor, "melding.gerouteerd", NATIONAL, KIND, [report.id], fields=[code])
    return False
