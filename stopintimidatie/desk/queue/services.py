"""The desk's queue: what waits, routing by hand or by address, whom to ring, figures.

An address without a point is looked up by a job after the intake, which waits for nobody; and only
where `geocoder` is switched on. What isn't found with certainty, or lies in a municipality that
isn't connected, stays at the desk.

Of municipalities: Only of what the desk itself holds or held: nothing here looks inside a connected
municipality.
"""

from __future__ import annotations

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
from stopintimidatie.municipalities.areas.geocoder import FoundAddress, Geocoder
from stopintimidatie.municipalities.areas.locator import LocatorCache, Method
from stopintimidatie.municipalities.areas.models import FormerArea, Municipality
from stopintimidatie.municipalities.areas.queries import municipality_by_code
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
    reindex_report(session, report)
    if routing.holder != NATIONAL:
        values = {"gemeente": routing.holder, "reden": REASON}
        move_report(session, WORKFLOW_EFFECTS.of(registry), report, "doorgeven", values, SYSTEM)
    else:
        # Now that its municipality is known, an agreement may have it forwarded.
        announce(session, report)


# The queue: counts equal the rows

DELIVERY_LABELS: Final = {
    "te_routeren": "Nog te routeren",
    "wacht_op_afspraak": "Wacht op afspraak",
    "verlopen": "Niet opgehaald",
    "aangeboden": "Aangeboden, nog niet opgehaald",
    "opgehaald": "Opgehaald",
}
# Somebody must be rung about these; the desk has nothing to do for what is on its way.
TO_RING: Final = ("wacht_op_afspraak", "verlopen")
WAITING: Final = ("te_routeren", *TO_RING)
UNPLACED: Final = "geen"


@dataclass(frozen=True)
class QueueFilter:
    """Filter of the address; without a delivery: all that waits for the desk."""

    delivery: str | None = None
    municipality: str | None = None

    def conditions(self, *, without: str = "") -> list[ColumnElement[bool]]:
        """Return the conditions in SQL; `without` leaves one out, to count its alternatives."""
        found = [
            Report.holder == NATIONAL,
            Report.delivery.is_not(None),
            # What was withdrawn waits for nobody.
            Report.ended_at.is_(None),
        ]
        if without != "delivery":
            asked = (self.delivery,) if self.delivery else WAITING
            found.append(Report.delivery.in_(asked))
        if self.municipality == UNPLACED and without != "municipality":
            found.append(Report.municipality_code.is_(None))
        elif self.municipality and without != "municipality":
            found.append(Report.municipality_code == self.municipality)
        return found


def count(session: Session, wanted: QueueFilter, most: int) -> int:
    """Count how many wait; one more than `most` when there are more."""
    return count_at_most(session, select(Report.id).where(*wanted.conditions()), most)


def page(
    session: Session, wanted: QueueFilter, offset: int, limit: int
) -> Sequence[tuple[Report, str | None]]:
    """Return waiting reports with the name of their municipality, longest waiting first."""
    wanted_ids = _longest(wanted.conditions(), offset + limit)
    rows = session.execute(
        select(Report, Municipality.name)
        .outerjoin(Municipality, Municipality.code == Report.municipality_code)
        .where(Report.id.in_(wanted_ids))
        .order_by(Report.urgent.desc(), Report.received_at, Report.id)
        .offset(offset)
        .limit(limit)
    )
    return [(report, name) for report, name in rows]


def _longest(conditions: Sequence[ColumnElement[bool]], most: int) -> Select[Any]:
    """Select the ids of the urgent and of the others that wait longest, as an index gives them."""
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
    """Count how many wait for what; without numbers when that is too much to count."""
    base = select(Report.delivery).where(*wanted.conditions(without="delivery"))
    if count_at_most(session, base, COUNTED) > COUNTED:
        return dict.fromkeys(DELIVERY_LABELS)
    rows = session.execute(base.add_columns(func.count()).group_by(Report.delivery))
    return {str(code): number for code, number in rows}


def by_municipality(
    session: Session, wanted: QueueFilter, limit: int
) -> Sequence[tuple[str | None, str | None, int | None]]:
    """Return code, name and number, the busiest first; None is: no municipality found.

    When too many wait, these are the busiest among those that wait longest, without numbers.
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
    """A municipality to ring, and why."""

    name: str
    slug: str
    waiting: int
    urgent: int
    oldest: datetime
    telephone: str | None
    standing: str
    policy: str | None


def call_list(session: Session, keys: KeyRing) -> list[CallRow]:
    """Return where reports wait for an agreement: the urgent first, then the longest waiting."""
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
    towns = _towns(session, codes)
    phones = telephones(session, codes)
    policies = policies_of(session, codes)
    standings = {row.slug: row.word for row in agreed_rows(session, keys)}
    found = [
        CallRow(
            towns[code].name,
            towns[code].slug,
            waiting,
            int(urgent or 0),
            oldest,
            phones.get(code),
            standings.get(towns[code].slug, "geen afspraak"),
            policies.get(code),
        )
        for code, waiting, urgent, oldest in rows
        if code in towns
    ]
    return sorted(found, key=lambda row: (-row.urgent, row.oldest))


def _towns(session: Session, codes: Collection[str]) -> dict[str, Municipality]:
    rows = session.scalars(select(Municipality).where(Municipality.code.in_(codes)))
    return {row.code: row for row in rows}


def telephones(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Return the number of each municipality, as reporters are given it."""
    known = select(MunicipalityProfile.code, MunicipalityProfile.telephone).where(
        MunicipalityProfile.code.in_(codes), MunicipalityProfile.telephone.is_not(None)
    )
    found = {code: str(phone) for code, phone in session.execute(known)}
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
    for code, content in session.execute(published):
        if content.get("telefoon"):
            found[code] = str(content["telefoon"])
    return found


def policies_of(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Return what municipalities do of their own, in words."""
    rows = session.scalars(select(LocalPolicy).where(LocalPolicy.code.in_(codes)))
    return {row.code: f"eigen {row.kind}: {row.name}" for row in rows}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """Figures of what passed the desk for one municipality in the last year."""

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
        return self.waiting + self.offered + self.picked_up + self.handed_over

    @property
    def offer_programme(self) -> bool:
        """Does something of its own, and isn't connected: a good reason to ring."""
        return self.policy is not None and self.level is not ParticipationLevel.PROGRAMME


@dataclass(frozen=True, slots=True)
class Figures:
    """Per municipality, the busiest first; how many there are at each level; what has no place."""

    rows: Sequence[FigureRow]
    levels: Mapping[ParticipationLevel, int]
    unplaced: int


def figures(session: Session) -> Figures:
    """Count what passed the desk in the last year, and what municipalities do of their own."""
    counts = _counts(session)
    unplaced = sum(counts.pop(None, {}).values())
    marked = set(session.scalars(select(LocalPolicy.code)))
    codes = {code for code in (*counts, *marked) if code is not None}
    towns, policies = _towns(session, codes), policies_of(session, codes)
    levels = _levels(session)
    rows = [
        _figure(town, levels.get(code), counts.get(code, {}), policies.get(code))
        for code, town in towns.items()
    ]
    return Figures(
        sorted(rows, key=lambda row: (not row.offer_programme, -row.total, row.name)),
        _per_level(session, levels),
        unplaced,
    )


def _counts(session: Session) -> dict[str | None, dict[str, int]]:
    """Count reports per municipality, per state of delivery."""
    whose = func.coalesce(Report.handed_to, Report.municipality_code)
    how = case((Report.state == "overgedragen", _HANDED), else_=Report.delivery)
    rows = session.execute(
        select(whose, how, func.count())
        .where(Report.holder == NATIONAL, Report.received_at >= utc_now() - FIGURES_OVER)
        .group_by(whose, how)
    )
    found: dict[str | None, dict[str, int]] = {}
    for code, state, number in rows:
        found.setdefault(code, {})[state or ""] = number
    return found


def _levels(session: Session) -> dict[str, ParticipationLevel]:
    rows = session.execute(select(MunicipalityProfile.code, MunicipalityProfile.level))
    return {code: ParticipationLevel(level) for code, level in rows}


def _figure(
    town: Municipality,
    level: ParticipationLevel | None,
    counts: Mapping[str, int],
    policy: str | None,
) -> FigureRow:
    return FigureRow(
        town.name,
        town.slug,
        level or ParticipationLevel.NO_AGREEMENT,
        waiting=sum(counts.get(state, 0) for state in ("te_routeren", *TO_RING)),
        offered=counts.get("aangeboden", 0),
        picked_up=counts.get("opgehaald", 0),
        handed_over=counts.get(_HANDED, 0),
        policy=policy,
    )


def _per_level(
    session: Session, levels: Mapping[str, ParticipationLevel]
) -> dict[ParticipationLevel, int]:
    """Count how many of today's municipalities take part how far."""
    ended = select(FormerArea.code)
    codes = session.scalars(select(Municipality.code).where(Municipality.code.not_in(ended)))
    found: dict[ParticipationLevel, Any] = dict.fromkeys(ParticipationLevel, 0)
    for code in codes:
        found[levels.get(code, ParticipationLevel.NO_AGREEMENT)] += 1
    return found


# Routing by hand

ROUTED: Final = "gerouteerd"
ROUTABLE: Final = frozenset({"te_routeren", "wacht_op_afspraak", "verlopen"})


def can_be_routed(report: Report) -> bool:
    """Tell whether the desk must still find it a municipality, or one with an agreement."""
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
    # Where an agreement is in force already, what listens to this passes it on.
    announce(session, report)
    record(session, actor, "melding.gerouteerd", NATIONAL, KIND, [report.id], fields=[code])
    return False
