"""Patterns as they are shown: the list, and the evidence of one with its figures and its map."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.mail.message import render
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import Term, number, plural
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.charts import data_uri, heat_summary, heat_table
from stopintimidatie.core.web.theme import WHITE, darkened_for
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.patterns.jobs import METRES_A_DEGREE, Plane
from stopintimidatie.dossiers.patterns.models import (
    Pattern,
    PatternReport,
    PatternSetting,
    PatternState,
)
from stopintimidatie.dossiers.patterns.rules import hours_text
from stopintimidatie.dossiers.queries import week
from stopintimidatie.dossiers.resources import dossier_path, visible_to
from stopintimidatie.dossiers.workflow import LIVE, DossierKind
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY
from stopintimidatie.reports.services import report_path
from stopintimidatie.reports.triage.rules import distance_m
from stopintimidatie.reports.vocabulary import (
    Form,
    OffenderCount,
    PlaceType,
    TimePrecision,
    Transport,
)
from stopintimidatie.reports.workflow import LEFT_OUT

WIDTH: Final = 420
HEIGHT: Final = 320
AROUND: Final = 3.2
"""Distance from the middle of the map to its nearest edge, in radii of the pattern."""

MOST_AROUND: Final = 400
COLOUR: Final = "#154273"
SOMEWHERE: Final = "deze gemeente"
WHY: Final = "stopintimidatie.dossiers.patterns:templates/why.txt.jinja2"
CHART_TITLE: Final = "Meldingen per weekdag en dagdeel"

# Metres east and north of the middle.
Spots = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Search:
    """The patterns of a holder by state, and how they are searched for."""

    counts: dict[str, int]
    enabled: bool
    searched_at: datetime | None


def search_of(session: Session, holder: str) -> Search:
    """Return how many patterns the holder has in each state, and when was last searched."""
    mine = PatternSetting.holder == holder
    rows = session.execute(
        select(
            Pattern.state,
            func.count(Pattern.id),
            select(PatternSetting.enabled).where(mine).scalar_subquery(),
            select(PatternSetting.searched_at).where(mine).scalar_subquery(),
        )
        .select_from(Municipality)
        .outerjoin(Pattern, Pattern.holder == Municipality.code)
        .where(Municipality.code == holder)
        .group_by(Pattern.state)
    ).all()
    _, _, enabled, searched_at = rows[0]
    return Search({row[0]: row[1] for row in rows if row[0]}, enabled is not False, searched_at)


@dataclass(frozen=True, slots=True)
class Card:
    """A pattern in the list: the place and the form that its reports name most."""

    pattern: Pattern
    title: str
    reports: Sequence[Report]
    memberships: Sequence[Any]

    @property
    def filed(self) -> int:
        """The number of its reports that are in a running dossier, whoever may see that."""
        return len({row.report_id for row in self.memberships})


def list_patterns(
    session: Session,
    holder: str,
    state: PatternState,
    roles: Iterable[Role],
    offset: int,
    size: int,
) -> list[Card]:
    """Return the patterns of a page, the strongest first, each with what its reports name most.

    `roles`: of the reader, who sees some dossiers.
    """
    rows = session.execute(
        select(Pattern, Neighbourhood)
        .outerjoin(Neighbourhood, Neighbourhood.code == Pattern.neighbourhood_code)
        .where(Pattern.holder == holder, Pattern.state == state)
        .order_by(Pattern.strength.desc(), Pattern.number)
        .slice(offset, offset + size)
    )
    patterns = [(row[0], row[1]) for row in rows]
    shown = session.execute(
        select(PatternReport.pattern_id, Report)
        .join(Report, Report.id == PatternReport.report_id)
        .where(
            PatternReport.pattern_id.in_([pattern.id for pattern, _ in patterns]),
            Report.state.not_in(LEFT_OUT),
        )
        .order_by(Report.incident_start, Report.id)
    )
    reports: dict[UUID, list[Report]] = {}
    for pattern_id, report in shown:
        reports.setdefault(pattern_id, []).append(report)
    every = {report.id for mine in reports.values() for report in mine}
    inside = memberships_of(session, every, roles)
    return [_card(pattern, area, reports.get(pattern.id, []), inside) for pattern, area in patterns]


def _card(
    pattern: Pattern,
    area: Neighbourhood | None,
    reports: Sequence[Report],
    memberships: Sequence[Any],
) -> Card:
    forms = Counter(code for report in reports for code in report.forms).most_common(1)
    place = place_of_most([places_named(report) for report in reports])
    place = place or (area.name if area else SOMEWHERE)
    title = ": ".join([place, *(Form.word(code) for code, _ in forms)])
    mine = {report.id for report in reports}
    return Card(pattern, title, reports, [row for row in memberships if row.report_id in mine])


def memberships_of(
    session: Session, reports: Iterable[UUID], roles: Iterable[Role]
) -> Sequence[Any]:
    """Return the running dossiers that these reports are in, and whether these roles see them.

    A row has report_id, reference (it is only referred to), dossier_id, number, title, kind,
    owner_id, slug (of the neighbourhood) and seen.
    """
    return session.execute(
        select(
            DossierMembership.report_id,
            DossierMembership.reference,
            Dossier.id.label("dossier_id"),
            Dossier.number,
            Dossier.title,
            Dossier.kind,
            Dossier.owner_id,
            Neighbourhood.slug,
            visible_to(roles).label("seen"),
        )
        .join(Dossier, Dossier.id == DossierMembership.dossier_id)
        .outerjoin(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(
            DossierMembership.report_id.in_(reports),
            DossierMembership.left_at.is_(None),
            Dossier.state.in_(LIVE),
        )
        .order_by(Dossier.number)
    ).all()


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


def evidence_of(
    session: Session,
    pattern: Pattern,
    reports: Sequence[Report],
    branding: Any,
    slug: str,
) -> dict[str, Any]:
    """Read the evidence of a pattern and draw it, in the colour of the municipality.

    `reports`: those of the pattern. `slug`: of the municipality. Of the result: `rows` are each
    report with its address and its distance to the middle, in metres; `common` what comes up most,
    each with how often; `around` how many other reports stand on the map.
    """
    areas = _areas(session, {pattern.neighbourhood_code, *(r.neighbourhood_code for r in reports)})
    area = areas.get(pattern.neighbourhood_code or "")
    place = area.name if area else SOMEWHERE
    colour = getattr(branding, "colour", None) or COLOUR
    table = week(reports)
    picture, around = _map(session, pattern, reports, colour, place)
    return {
        "place": place,
        "rows": [_row(report, pattern, slug, areas) for report in reports],
        "common": common(reports),
        "week": table,
        "chart": data_uri(heat_table(PARTS_OF_DAY, table, colour=colour, width=300)),
        "chart_text": heat_summary(CHART_TITLE, PARTS_OF_DAY, table),
        "map": data_uri(picture),
        "around": around,
        "dossier": _dossier(session, pattern, slug),
    }


# Closed lists alone, never how somebody looks: the name, the words, the codes that say nothing,
# and the number of words that are named.
COUNTED: Final[Sequence[tuple[str, type[Term], set[str | None], int, Callable[[Report], Any]]]] = (
    ("Vormen", Form, set(), 4, lambda report: report.forms),
    ("Soort plek", PlaceType, set(), 2, lambda report: [report.place_type]),
    ("Aantal daders", OffenderCount, {None, "onbekend"}, 2, lambda r: [r.offender_count]),
    ("Vervoer van daders", Transport, {None, "anders"}, 2, lambda r: [r.offender_transport]),
)


def common(reports: Sequence[Report]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return what comes up most in these reports, with how often."""
    rows = []
    for name, terms, nothing, most, read in COUNTED:
        codes = Counter(code for report in reports for code in read(report) if code not in nothing)
        if codes:
            rows.append((name, [(terms.word(code), n) for code, n in codes.most_common(most)]))
    return rows


def why_of(pattern: Pattern, reports: Sequence[Report]) -> list[str]:
    """Return why this is proposed, in sentences: on its page, and to begin a dossier with."""
    # They lie in these hours by the middle of their part of the day.
    vague = sum(report.time_precision == TimePrecision.PART_OF_DAY for report in reports)
    values = {
        "pattern": pattern,
        "number": len(reports),
        "hours": hours_text(pattern.from_minute, pattern.to_minute),
        "vague": 0 if pattern.from_minute is None else vague,
        "plural": plural,
        "expected": number(pattern.expected, 1),
    }
    return render(WHY, values).splitlines()


def _areas(session: Session, codes: set[str | None]) -> dict[str, Neighbourhood]:
    here = session.identity_map.values()
    held = {row.code: row for row in here if isinstance(row, Neighbourhood)}
    missing = [code for code in codes if code and code not in held]
    if missing:
        wanted = select(Neighbourhood).where(Neighbourhood.code.in_(missing))
        held.update({area.code: area for area in session.scalars(wanted)})
    return held


def _row(
    report: Report, pattern: Pattern, slug: str | None, areas: Mapping[str, Neighbourhood]
) -> tuple[Report, str, int]:
    area = areas.get(report.neighbourhood_code or "")
    away = 0.0
    if report.lat is not None and report.lon is not None:
        away = distance_m(pattern.lat, pattern.lon, report.lat, report.lon)
    return report, report_path(report, slug, area.slug if area else None), round(away)


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
