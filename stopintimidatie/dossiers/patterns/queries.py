"""Patterns as they are shown: the list, and the evidence of one with its figures and its map."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Role
from stopintimidatie.core.text import local
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.charts import data_uri, heat_summary, heat_table
from stopintimidatie.core.web.request import Paging
from stopintimidatie.core.web.theme import WHITE, darkened_for
from stopintimidatie.dossiers.filing.services import REFERABLE
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.patterns.jobs import METRES_A_DEGREE, Plane
from stopintimidatie.dossiers.patterns.models import LEFT_OUT, Pattern, PatternReport, PatternState
from stopintimidatie.dossiers.patterns.rules import (
    Seen,
    Table,
    common,
    explanation,
    hours_text,
    week,
)
from stopintimidatie.dossiers.resources import STRICT_ROLES, dossier_path, visible_to
from stopintimidatie.dossiers.workflow import LIVE, DossierKind
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY, known_part_of_day
from stopintimidatie.reports.services import report_path
from stopintimidatie.reports.triage.rules import distance_m
from stopintimidatie.reports.vocabulary import Form, TimePrecision
from stopintimidatie.reports.words import heading, when_short

WIDTH: Final = 420
HEIGHT: Final = 320
AROUND: Final = 3.2
"""Distance from the middle of the map to its nearest edge, in radii of the pattern."""

MOST_AROUND: Final = 400
COLOUR: Final = "#154273"
CHART_TITLE: Final = "Meldingen per weekdag en dagdeel"

# Metres east and north of the middle.
Spots = Sequence[tuple[float, float]]


def counts_by_state(session: Session, holder: str) -> dict[str, int]:
    """Return how many patterns the holder has in each state."""
    rows = session.execute(
        select(Pattern.state, func.count()).where(Pattern.holder == holder).group_by(Pattern.state)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class Card:
    """A pattern in the list: the place and the form that its reports name most."""

    pattern: Pattern
    place: str
    form: str
    reports: Sequence[Report]
    filed: int

    @property
    def title(self) -> str:
        """Place, and what happens there."""
        return f"{self.place}: {self.form}" if self.form else self.place


def list_patterns(session: Session, holder: str, state: PatternState, paging: Paging) -> list[Card]:
    """Return the patterns of a page, the strongest first, each with what its reports name most."""
    rows = session.execute(
        select(Pattern, Neighbourhood.name)
        .outerjoin(Neighbourhood, Neighbourhood.code == Pattern.neighbourhood_code)
        .where(Pattern.holder == holder, Pattern.state == state)
        .order_by(Pattern.strength.desc(), Pattern.number)
        .offset(paging.offset)
        .limit(paging.size)
    )
    patterns = [(row[0], row[1] or "deze gemeente") for row in rows]
    shown = _shown(session, [pattern.id for pattern, _ in patterns])
    inside = in_dossiers(session, (report for reports in shown.values() for report in reports))
    return [card_of(pattern, area, shown.get(pattern.id, []), inside) for pattern, area in patterns]


def _shown(session: Session, patterns: Sequence[UUID]) -> dict[UUID, list[Report]]:
    """Return the reports of each pattern, as far as they count."""
    rows = session.execute(
        select(PatternReport.pattern_id, Report)
        .join(Report, Report.id == PatternReport.report_id)
        .where(PatternReport.pattern_id.in_(patterns), Report.state.not_in(LEFT_OUT))
        .order_by(Report.incident_start, Report.id)
    )
    reports: dict[UUID, list[Report]] = {}
    for pattern_id, report in rows:
        reports.setdefault(pattern_id, []).append(report)
    return reports


def card_of(
    pattern: Pattern, area: str, reports: Sequence[Report], inside: Collection[UUID]
) -> Card:
    """Return a pattern with what its reports name most; `inside`: ids of those in a dossier."""
    forms = Counter(code for report in reports for code in report.forms)
    form = Form.word(forms.most_common(1)[0][0]) if forms else ""
    place = place_of_most([places_named(report) for report in reports]) or area
    filed = sum(report.id in inside for report in reports)
    return Card(pattern, place, form, reports, filed)


def in_dossiers(session: Session, reports: Iterable[Report]) -> set[UUID]:
    """Return the ids of those that are in a running dossier, whoever may see it."""
    ids = [report.id for report in reports]
    return set(
        session.scalars(
            select(DossierMembership.report_id)
            .join(Dossier, Dossier.id == DossierMembership.dossier_id)
            .where(
                DossierMembership.report_id.in_(ids),
                DossierMembership.left_at.is_(None),
                Dossier.state.in_(LIVE),
            )
        )
    )


_NAME: Final = re.compile(r"\b[A-Z][\w'’-]{3,}(?:\s[A-Z][\w'’-]+)*")


def places_named(report: Report) -> set[str]:
    """Return the street, the stop and the names that a report gives its place."""
    address, transit = report.address or {}, report.transit or {}
    names = {str(name) for name in (address.get("street"), transit.get("stop")) if name}
    return names | set(_NAME.findall(report.location_text or ""))


def place_of_most(places: Sequence[set[str]]) -> str:
    """Return the name that most reports give; empty when fewer than half of them share one."""
    counts = Counter(name for names in places for name in sorted(names))
    name, times = counts.most_common(1)[0] if counts else ("", 0)
    return name if times >= 2 and 2 * times >= len(places) else ""


def possible_dossiers(session: Session, holder: str) -> list[tuple[str, str]]:
    """Return (id, number and title) of the running dossiers that aren't about one person."""
    rows = session.execute(
        select(Dossier.id, Dossier.number, Dossier.title)
        .where(
            Dossier.holder == holder,
            Dossier.state.in_(LIVE),
            Dossier.kind != DossierKind.PERSON.value,
        )
        .order_by(Dossier.number.desc())
    )
    return [(str(row.id), f"{row.number} {row.title}") for row in rows]


def evidence_map(inside: Spots, around: Spots, *, radius_m: float, colour: str, place: str) -> str:
    """Draw the reports of a pattern in its circle, and the others of that time nearby in grey."""
    strong = darkened_for(colour, WHITE)
    scale = HEIGHT / 2 / (AROUND * max(radius_m, 50))
    parts = [
        *charts.grid(WIDTH, HEIGHT, scale),
        f'<circle cx="{WIDTH / 2:g}" cy="{HEIGHT / 2:g}" r="{radius_m * scale:.1f}"'
        f' fill="{strong}" fill-opacity="0.12" stroke="{strong}" stroke-width="1.5"'
        ' stroke-dasharray="5 3"/>',
        *_dots(around, scale, 4, "#8a94a3"),
        *_dots(inside, scale, 5.5, strong),
        *charts.scale_bar(HEIGHT, scale),
        charts.words_at(WIDTH - 14, HEIGHT - 14, place, anchor="end"),
        charts.north(WIDTH),
    ]
    return charts.picture(WIDTH, HEIGHT, parts)


def _dots(spots: Spots, scale: float, size: float, colour: str) -> list[str]:
    points = [(WIDTH / 2 + east * scale, HEIGHT / 2 - north * scale) for east, north in spots]
    return [
        charts.dot(x, y, size, colour) for x, y in points if 0 <= x <= WIDTH and 0 <= y <= HEIGHT
    ]


def map_summary(inside: int, around: int, radius_m: int, place: str) -> str:
    """Return the map in words, for who doesn't see it."""
    return (
        f"Kaartje van {place}: {inside} meldingen binnen een cirkel van {radius_m} meter, en"
        f" {around} andere in de omgeving. De afstand tot het midden staat in de tabel."
    )


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report in the table of evidence."""

    reference: str
    path: str
    title: str
    moment: str
    distance: int
    state: str


@dataclass(frozen=True, slots=True)
class Filing:
    """The reports that the proposal brings into a dossier.

    `number`: of all of them; 0 when each is in a dossier already: `dossiers` are the titles and
    addresses of those. `referred`: of those that the dossier will only refer to. `elsewhere`: the
    ids of those in a dossier that this person may not see; these stay where they are.
    """

    number: int
    referred: int
    dossiers: list[tuple[str, str]]
    elsewhere: frozenset[UUID] = frozenset()
    shown: int = 0

    @property
    def taken(self) -> bool:
        """True if a colleague works on this: at least half is in a dossier that isn't seen here."""
        return bool(self.elsewhere) and 2 * len(self.elsewhere) >= self.shown


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the page of a pattern shows about its reports."""

    reports: Sequence[Report]
    place: str
    rows: list[ReportRow]
    common: list[tuple[str, str]]
    week: Table
    chart: str
    chart_text: str
    map: str
    map_text: str
    dossier: tuple[str, str] | None
    filing: Filing


def evidence_of(
    session: Session,
    pattern: Pattern,
    reports: Sequence[Report],
    branding: Any,
    roles: Iterable[Role],
) -> Evidence:
    """Read the evidence of a pattern, as far as these roles see it, and draw it.

    It is in the colour of the municipality. `reports`: those of the pattern.
    """
    areas = _areas(session, {pattern.neighbourhood_code, *(r.neighbourhood_code for r in reports)})
    slug = session.scalar(select(Municipality.slug).where(Municipality.code == pattern.holder))
    area = areas.get(pattern.neighbourhood_code or "")
    place = area.name if area else "deze gemeente"
    colour = getattr(branding, "colour", None) or COLOUR
    table = week([_seen(report) for report in reports])
    picture, around = _map(session, pattern, reports, colour, place)
    return Evidence(
        reports=reports,
        place=place,
        rows=[_row(report, pattern, slug, areas) for report in reports],
        common=common([_seen(report) for report in reports]),
        week=table,
        chart=data_uri(heat_table(PARTS_OF_DAY, table, colour=colour, width=420)),
        chart_text=heat_summary(CHART_TITLE, PARTS_OF_DAY, table),
        map=data_uri(picture),
        map_text=map_summary(len(reports), around, pattern.radius_m, place),
        dossier=_dossier(session, pattern, slug),
        filing=filing_of(session, pattern, reports, slug, roles),
    )


def why_of(pattern: Pattern, reports: Sequence[Report]) -> list[str]:
    """Return why this is proposed, in sentences."""
    rough = sum(report.time_precision == TimePrecision.PART_OF_DAY for report in reports)
    return explanation(
        count=len(reports),
        expected=pattern.expected,
        radius_m=pattern.radius_m,
        hours=hours_text(pattern.from_minute, pattern.to_minute),
        days=pattern.window_days,
        certainty=pattern.certainty,
        vague=0 if pattern.from_minute is None else rough,
    )


def _seen(report: Report) -> Seen:
    return Seen(
        local(report.incident_start),
        known_part_of_day(report.incident_start, report.time_precision, report.part_of_day),
        tuple(report.forms),
        report.place_type,
        report.offender_count,
        report.offender_transport,
    )


def _areas(session: Session, codes: set[str | None]) -> dict[str, Neighbourhood]:
    wanted = select(Neighbourhood).where(Neighbourhood.code.in_(code for code in codes if code))
    return {area.code: area for area in session.scalars(wanted)}


def _row(report: Report, pattern: Pattern, slug: str | None, areas: Any) -> ReportRow:
    area = areas.get(report.neighbourhood_code)
    away = 0.0
    if report.lat is not None and report.lon is not None:
        away = distance_m(pattern.lat, pattern.lon, report.lat, report.lon)
    return ReportRow(
        report.reference,
        report_path(report, slug, area.slug if area else None),
        heading(report),
        when_short(report),
        round(away),
        report.state,
    )


def _map(
    session: Session, pattern: Pattern, reports: Sequence[Report], colour: str, place: str
) -> tuple[str, int]:
    """Return the map, and how many other reports stand on it."""
    plane = Plane(pattern.lat, pattern.lon)
    inside = [
        plane.metres(r.lat, r.lon) for r in reports if r.lat is not None and r.lon is not None
    ]
    around = _around(session, pattern, plane, {report.id for report in reports})
    picture = evidence_map(inside, around, radius_m=pattern.radius_m, colour=colour, place=place)
    return picture, len(around)


def _around(
    session: Session, pattern: Pattern, plane: Plane, inside: set[Any]
) -> list[tuple[float, float]]:
    """Return the other reports of the period that lie on the map, by the index of places."""
    reach = AROUND * max(pattern.radius_m, 50) * 1.4 / METRES_A_DEGREE
    since = pattern.seen_at - timedelta(days=pattern.window_days)
    low, high = (
        plane.degrees(-reach * METRES_A_DEGREE, 0)[1],
        plane.degrees(reach * METRES_A_DEGREE, 0)[1],
    )
    rows = session.execute(
        select(Report.id, Report.lat, Report.lon)
        .where(
            Report.holder == pattern.holder,
            Report.lat.between(pattern.lat - reach, pattern.lat + reach),
            Report.lon.between(low, high),
            Report.state.not_in(LEFT_OUT),
            Report.incident_start >= since,
        )
        .limit(MOST_AROUND)
    )
    return [plane.metres(row.lat, row.lon) for row in rows if row.id not in inside]


def _dossier(session: Session, pattern: Pattern, slug: str | None) -> tuple[str, str] | None:
    if pattern.dossier_id is None:
        return None
    row = session.execute(
        select(Dossier.number, Dossier.title, Neighbourhood.slug)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(Dossier.id == pattern.dossier_id, Dossier.kind != DossierKind.PERSON.value)
    ).first()
    if row is None or slug is None:
        return None
    return f"{row.number} {row.title}", dossier_path(slug, row.slug, row.number)


def filing_of(
    session: Session,
    pattern: Pattern,
    reports: Sequence[Report],
    slug: str | None,
    roles: Iterable[Role],
) -> Filing:
    """Return what accepting would do: a new dossier takes or refers to every report.

    But for those in a dossier that these roles may not see: nobody is led to duplicate that.
    """
    elsewhere = frozenset(row.report_id for row in hidden_dossiers(session, reports, roles))
    total, reports = len(reports), [r for r in reports if r.id not in elsewhere]
    shown = [report.id for report in reports]
    filed = _filed(DossierMembership.report_id.in_(shown), roles)
    if pattern.dossier_id is not None:
        filed = filed.where(Dossier.id == pattern.dossier_id)
    rows = session.execute(filed.order_by(Dossier.number)).all()
    inside = {row.report_id for row in rows}
    if inside.issuperset(shown):
        places = {f"{r.number} {r.title}": dossier_path(slug or "", r.slug, r.number) for r in rows}
        return Filing(0, 0, list(places.items()), elsewhere, total)
    left = [r for r in reports if pattern.dossier_id is None or r.id not in inside]
    referred = sum(report.state in REFERABLE for report in left)
    return Filing(len(left), referred, [], elsewhere, total)


def hidden_dossiers(
    session: Session, reports: Iterable[Report], roles: Iterable[Role]
) -> Sequence[Any]:
    """Return (report_id, dossier_id, owner_id) of running dossiers that these roles may not see."""
    if STRICT_ROLES & set(roles):
        return []
    return session.execute(
        select(DossierMembership.report_id, Dossier.id.label("dossier_id"), Dossier.owner_id)
        .join(Dossier, Dossier.id == DossierMembership.dossier_id)
        .where(
            DossierMembership.report_id.in_([report.id for report in reports]),
            DossierMembership.left_at.is_(None),
            DossierMembership.reference.is_(False),
            Dossier.state.in_(LIVE),
            not_(visible_to(roles)),
        )
    ).all()


def _filed(condition: Any, roles: Iterable[Role]) -> Any:
    """Return the query for the running dossiers of reports that these roles may see."""
    return (
        select(DossierMembership.report_id, Dossier.number, Dossier.title, Neighbourhood.slug)
        .join(Dossier, Dossier.id == DossierMembership.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(
            condition,
            DossierMembership.left_at.is_(None),
            Dossier.state.in_(LIVE),
            visible_to(roles),
        )
    )
