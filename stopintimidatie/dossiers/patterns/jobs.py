"""The nightly search: read the points, find groups, and bring the proposals up to date.

Reading, searching and writing are three steps: the search takes seconds and holds no transaction.
A repeat finds the same and changes nothing.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, OutboxJob, enqueue
from stopintimidatie.core.storage import in_portions, transaction
from stopintimidatie.core.text import local
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.patterns.models import (
    DECIDABLE,
    KEEP_DAYS,
    KIND,
    Choice,
    Pattern,
    PatternReport,
    PatternState,
)
from stopintimidatie.dossiers.patterns.rules import (
    MOST_POINTS,
    Cluster,
    Place,
    Point,
    Tuning,
    find_groups,
    same_pattern,
)
from stopintimidatie.dossiers.patterns.services import choice_of, note_searched
from stopintimidatie.dossiers.workflow import LIVE, DossierKind
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY, known_part_of_day
from stopintimidatie.reports.vocabulary import TimePrecision
from stopintimidatie.reports.workflow import LEFT_OUT

SEARCH: Final = Job("patronen.zoeken")
EVERY_NIGHT: Final = Job("patronen.elke_nacht")
NIGHT: Final = time(4)
# Groups in one transaction: while it writes, nobody else can on SQLite.
AT_ONCE: Final = 8
METRES_A_DEGREE: Final = 110_574
_METRES_EAST: Final = 111_320
VAGUE_M: Final = 500
"""A point that is less sure than this says nothing about a place."""
_WITHOUT_HOUR: Final = frozenset({TimePrecision.DAY, TimePrecision.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of a point in the municipality."""

    lat: float
    lon: float

    @property
    def _squeeze(self) -> float:
        return math.cos(math.radians(self.lat))

    def metres(self, lat: float, lon: float) -> tuple[float, float]:
        """Return how far east and north of the middle a point lies."""
        east = (lon - self.lon) * _METRES_EAST * self._squeeze
        return east, (lat - self.lat) * METRES_A_DEGREE

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Return the latitude and longitude of a spot of the plane."""
        lat = self.lat + y / METRES_A_DEGREE
        return lat, self.lon + x / (_METRES_EAST * self._squeeze)


def run_search(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Search the reports of one municipality; a job."""
    # Above this module: it works with what is found here.

    with transaction(context.engine, context.holder, write=False) as session:
        choice = choice_of(session, context.holder)
        read = read_points(session, context.holder, choice) if choice.enabled else None
    clusters = search(read, choice)
    matched: set[UUID] = set()
    if choice.enabled:
        for session, some in in_portions(context.engine, context.holder, clusters, AT_ONCE):
            propose(session, context.holder, some, choice, matched)
    with context.transaction() as session:
        if choice.enabled:
            _end_others(session, context.holder, matched)
        note_searched(session, context.holder, choice)


def search(read: tuple[Plane, list[Point]] | None, choice: Choice) -> list[Cluster]:
    """Return the groups among these points, each with its latitude and longitude."""
    if read is None:
        return []
    plane, points = read
    tuning = Tuning(radius_m=choice.radius_m, least=choice.least, certainty=choice.certainty)
    groups = find_groups(points, tuning)
    return [Cluster(group, *plane.degrees(group.x, group.y)) for group in groups]


def read_points(session: Session, holder: str, choice: Choice) -> tuple[Plane, list[Point]] | None:
    """Place and hour of the reports in the period; nothing else of them is read."""
    since = utc_now() - timedelta(days=choice.window_days)
    rows = session.execute(
        select(
            Report.id,
            Report.lat,
            Report.lon,
            Report.accuracy_m,
            Report.incident_start,
            Report.time_precision,
            Report.part_of_day,
        )
        .where(
            Report.holder == holder,
            Report.state.not_in(LEFT_OUT),
            Report.lat.is_not(None),
            Report.incident_start >= since,
        )
        .order_by(Report.incident_start.desc(), Report.id)
        .limit(MOST_POINTS)
    ).all()
    sure = [row for row in rows if row.accuracy_m is None or row.accuracy_m <= VAGUE_M]
    if not sure:
        return None
    plane = Plane(sure[0].lat, sure[0].lon)
    points = []
    for row in sure:
        hour = hour_of(row.incident_start, row.time_precision, row.part_of_day)
        if hour is not None:
            points.append(Point(str(row.id), *plane.metres(row.lat, row.lon), hour))
    return plane, points


def hour_of(moment: datetime, precision: str | None, part: str | None) -> float | None:
    """Return the hour of the day, the middle of a part of the day; None when it isn't known."""
    if precision in _WITHOUT_HOUR:
        return None
    part = known_part_of_day(moment, precision, part)
    if part and precision == TimePrecision.PART_OF_DAY:
        return PARTS_OF_DAY.index(part) * 6 + 3.0
    here = local(moment)
    return here.hour + here.minute / 60


_WAITS: Final = (OutboxJob.kind == SEARCH.name, OutboxJob.attempts == 0, ~OutboxJob.dead)


def ask_for_search(session: Session, holder: str) -> bool:
    """Have a municipality searched; False when that waits already."""
    waits = select(OutboxJob.id).where(*_WAITS, OutboxJob.holder == holder)
    if session.scalars(waits.limit(1)).first() is not None:
        return False
    enqueue(session, SEARCH, holder, {})
    return True


def run_every_night(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Plan a search for every connected municipality; a job."""
    with context.transaction() as session:
        connected = session.scalars(
            select(MunicipalityProfile.code).where(
                MunicipalityProfile.noted_level == ParticipationLevel.PROGRAMME
            )
        ).all()
        # Jobs lie in an open table: one transaction for all holders.
        waiting = set(session.scalars(select(OutboxJob.holder).where(*_WAITS)))
        for code in connected:
            if code not in waiting:
                enqueue(session, SEARCH, code, {})


# From what a search found to what is proposed: new, known again, added to, or gone.


NEW_ENOUGH: Final = 2
"""The least number of reports not in the dossier yet that makes a proposal worth the time."""
PART_OF_DOSSIER: Final = 1 / 3
"""From this share of its reports in a dossier on, a pattern is an addition to that dossier."""


@dataclass(frozen=True, slots=True)
class Known:
    """The reports and patterns of a holder that the database tells of already."""

    patterns: Sequence[Pattern]
    members: defaultdict[UUID, set[UUID]]
    dossiers: defaultdict[UUID, set[UUID]]
    """Report -> the running dossiers it is in; person-directed ones are not looked at."""


def propose(
    session: Session, holder: str, clusters: Sequence[Cluster], choice: Choice, matched: set[UUID]
) -> None:
    """Bring the proposals of a holder to these groups; `matched` grows with what those are."""
    known, today = _known(session, holder), local(utc_now()).date()
    for cluster in clusters:
        pattern = _match(known, cluster, matched)
        if pattern is None:
            pattern = _new(session, holder, known, cluster)
        if pattern is None:
            continue
        matched.add(pattern.id)
        _bring_up_to_date(session, pattern, known, cluster, choice, today)


def _end_others(session: Session, holder: str, matched: set[UUID]) -> None:
    """Withdraw proposals that aren't there any more; what people decided stays as it is."""
    gone = Pattern.holder == holder, Pattern.state.in_(DECIDABLE), Pattern.id.not_in(matched)
    values = {"state": PatternState.GONE, "version": Pattern.version + 1}
    session.execute(update(Pattern).where(*gone).values(values))
    _throw_away(session, holder)


def _match(known: Known, cluster: Cluster, matched: set[UUID]) -> Pattern | None:
    """Return the pattern that this is, the one with most reports in common first."""
    here = _cluster_place(cluster)
    likely = sorted(
        (p for p in known.patterns if p.id not in matched),
        key=lambda pattern: -len(known.members[pattern.id] & cluster.reports),
    )
    for pattern in likely:
        there = _pattern_place(pattern, frozenset(known.members[pattern.id]))
        if same_pattern(here, there):
            return pattern
    return None


def _cluster_place(cluster: Cluster) -> Place:
    group = cluster.group
    return Place(
        cluster.lat, cluster.lon, group.radius_m, group.from_hour, group.to_hour, cluster.reports
    )


def _pattern_place(pattern: Pattern, members: frozenset[UUID]) -> Place:
    hours = [None if m is None else m / 60 for m in (pattern.from_minute, pattern.to_minute)]
    return Place(pattern.lat, pattern.lon, float(pattern.radius_m), hours[0], hours[1], members)


def _new(session: Session, holder: str, known: Known, cluster: Cluster) -> Pattern | None:
    """Propose a pattern that wasn't there; None when a dossier has nearly all of it already."""
    dossier_id = _dossier_for(known, cluster.reports)
    if _outside(known, cluster.reports, dossier_id) < NEW_ENOUGH:
        return None
    last = session.scalar(select(func.max(Pattern.number)).where(Pattern.holder == holder)) or 0
    pattern = Pattern(
        holder=holder, number=last + 1, state=PatternState.PROPOSED, dossier_id=dossier_id
    )
    _fill(pattern, cluster)
    pattern.window_days = pattern.certainty = 0
    session.add(pattern)
    session.flush()
    record(session, SYSTEM, "patroon.voorgesteld", holder, KIND, [pattern.id])
    return pattern


def _bring_up_to_date(
    session: Session, pattern: Pattern, known: Known, cluster: Cluster, choice: Choice, today: date
) -> None:
    """Update a pattern to what was found, and whether it is (again) to be decided."""
    suppressed = pattern.until is not None and pattern.until > today
    if pattern.state == PatternState.REJECTED and suppressed:
        pattern.seen_at = utc_now()
        return
    _fill(pattern, cluster)
    pattern.window_days, pattern.certainty = choice.window_days, choice.certainty
    pattern.neighbourhood_code = _area(session, cluster.reports)
    _set_members(session, pattern, cluster.reports)
    running = pattern.dossier_id if _is_running(session, pattern.dossier_id) else None
    dossier_id = running or _dossier_for(known, cluster.reports)
    if pattern.state == PatternState.SNOOZED and suppressed:
        return
    if _outside(known, cluster.reports, dossier_id) < NEW_ENOUGH:
        if pattern.state != PatternState.ACCEPTED:
            _set_state(session, pattern, PatternState.GONE)
        return
    pattern.dossier_id = dossier_id
    _set_state(session, pattern, PatternState.PROPOSED)


def _fill(pattern: Pattern, cluster: Cluster) -> None:
    group = cluster.group
    pattern.lat, pattern.lon, pattern.radius_m = cluster.lat, cluster.lon, round(group.radius_m)
    pattern.from_minute = None if group.from_hour is None else round(group.from_hour * 60)
    pattern.to_minute = None if group.to_hour is None else round(group.to_hour * 60)
    pattern.expected, pattern.strength = round(group.expected, 3), round(group.strength, 3)
    pattern.seen_at = utc_now()


def _set_state(session: Session, pattern: Pattern, state: PatternState) -> None:
    if pattern.state == state:
        return
    if state is PatternState.PROPOSED:
        pattern.until = None
        record(session, SYSTEM, "patroon.voorgesteld", pattern.holder, KIND, [pattern.id])
    pattern.state = state


def _set_members(session: Session, pattern: Pattern, wanted: frozenset[UUID]) -> None:
    mine = PatternReport.pattern_id == pattern.id
    there = set(session.scalars(select(PatternReport.report_id).where(mine)))
    gone = there - wanted
    if gone:
        session.execute(delete(PatternReport).where(mine, PatternReport.report_id.in_(gone)))
    ids = {"holder": pattern.holder, "pattern_id": pattern.id}
    session.add_all(PatternReport(**ids, report_id=report) for report in sorted(wanted - there))


def _outside(known: Known, reports: Iterable[UUID], dossier_id: UUID | None) -> int:
    """Return how many of these aren't where they would be brought: that dossier, or any at all."""
    if dossier_id is None:
        return sum(not known.dossiers[report] for report in reports)
    return sum(dossier_id not in known.dossiers[report] for report in reports)


def _dossier_for(known: Known, reports: frozenset[UUID]) -> UUID | None:
    """Return the running dossier that has a good part of these reports already."""
    counts = Counter(dossier for report in reports for dossier in known.dossiers[report])
    if not counts:
        return None
    dossier, number = min(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return dossier if number >= PART_OF_DOSSIER * len(reports) else None


def _is_running(session: Session, dossier_id: UUID | None) -> bool:
    dossier = None if dossier_id is None else session.get(Dossier, dossier_id)
    return dossier is not None and dossier.state in LIVE


def _area(session: Session, reports: frozenset[UUID]) -> str | None:
    """Return the neighbourhood where most of it is."""
    codes = session.scalars(select(Report.neighbourhood_code).where(Report.id.in_(reports))).all()
    counts = Counter(code for code in codes if code)
    return min(counts, key=lambda code: (-counts[code], code)) if counts else None


def _known(session: Session, holder: str) -> Known:
    patterns = session.scalars(select(Pattern).where(Pattern.holder == holder)).all()
    members = defaultdict[UUID, set[UUID]](set)
    rows = select(PatternReport.pattern_id, PatternReport.report_id)
    for pattern_id, report_id in session.execute(rows.where(PatternReport.holder == holder)):
        members[pattern_id].add(report_id)
    inside = defaultdict[UUID, set[UUID]](set)
    joined = (
        select(DossierMembership.report_id, DossierMembership.dossier_id)
        .join(Dossier, Dossier.id == DossierMembership.dossier_id)
        .where(
            DossierMembership.holder == holder,
            DossierMembership.left_at.is_(None),
            Dossier.state.in_(LIVE),
            Dossier.kind != DossierKind.PERSON.value,
        )
    )
    for report_id, dossier_id in session.execute(joined):
        inside[report_id].add(dossier_id)
    return Known(patterns, members, inside)


def _throw_away(session: Session, holder: str) -> None:
    """Delete what reports that are no more showed, and what was decided long ago."""
    over = select(Report.id).where(Report.holder == holder, Report.state.in_(LEFT_OUT))
    session.execute(
        delete(PatternReport).where(
            PatternReport.holder == holder, PatternReport.report_id.in_(over)
        )
    )
    before = utc_now() - timedelta(days=KEEP_DAYS)
    ended = Pattern.state.in_((PatternState.ACCEPTED, PatternState.REJECTED, PatternState.GONE))
    session.execute(
        delete(Pattern).where(
            Pattern.holder == holder,
            ended,
            Pattern.seen_at < before,
            or_(Pattern.decided_at.is_(None), Pattern.decided_at < before),
            or_(Pattern.until.is_(None), Pattern.until < local(utc_now()).date()),
        )
    )
