"""The nightly search: read the points, find groups, and bring the proposals up to date.

Reading, searching and writing are three steps: the search takes seconds and holds no transaction.
A repeat finds the same and changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import Job, JobContext, OutboxJob, enqueue
from stopintimidatie.municipalities.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.patterns.detecting import MOST_POINTS, Group, Point, Tuning, find_groups
from stopintimidatie.patterns.settings import choice_of, note_searched
from stopintimidatie.patterns.vocabulary import Choice
from stopintimidatie.reports.models import Report
from stopintimidatie.storage.session import transaction
from stopintimidatie.web.filters import AMSTERDAM, local

SEARCH: Final = Job("patronen.zoeken")
EVERY_NIGHT: Final = Job("patronen.elke_nacht")
NIGHT_HOUR: Final = 4
METRES_A_DEGREE: Final = 110_574
_METRES_EAST: Final = 111_320
# What counts in no picture: not (yet) a report of here.
LEFT_OUT: Final = (
    "quarantaine",
    "niet_in_behandeling",
    "ingetrokken",
    "overgedragen",
    "vernietigd",
)
VAGUE_M: Final = 500
"""A point that is less sure than this says nothing about a place."""
_WITHOUT_HOUR: Final = frozenset({"dag", "onbekend"})
_MIDDLE_OF: Final = {"nacht": 3.0, "ochtend": 9.0, "middag": 15.0, "avond": 21.0}


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of a point in the municipality."""

    lat: float
    lon: float

    @property
    def _squeeze(self) -> float:
        return math.cos(math.radians(self.lat))

    def metres(self, lat: float, lon: float) -> tuple[float, float]:
        east = (lon - self.lon) * _METRES_EAST * self._squeeze
        return east, (lat - self.lat) * METRES_A_DEGREE

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        lat = self.lat + y / METRES_A_DEGREE
        return lat, self.lon + x / (_METRES_EAST * self._squeeze)


@dataclass(frozen=True, slots=True)
class Found:
    """A group on the map of the world, with its reports."""

    group: Group
    lat: float
    lon: float

    @property
    def reports(self) -> frozenset[UUID]:
        return frozenset(UUID(id_) for id_ in self.group.ids)


def run_search(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: search one municipality."""
    # Above this module: it works with what is found here.
    from stopintimidatie.patterns.proposing import propose

    with transaction(context.engine, context.holder, write=False) as session:
        choice = choice_of(session, context.holder)
        read = read_points(session, context.holder, choice) if choice.enabled else None
    found = search(read, choice)
    with context.transaction() as session:
        if choice.enabled:
            propose(session, context.holder, found, choice)
        note_searched(session, context.holder, choice)


def search(read: tuple[Plane, list[Point]] | None, choice: Choice) -> list[Found]:
    """The groups among these points, on the map of the world."""
    if read is None:
        return []
    plane, points = read
    tuning = Tuning(radius_m=choice.radius_m, least=choice.least, certainty=choice.certainty)
    return [Found(group, *plane.degrees(group.x, group.y)) for group in find_groups(points, tuning)]


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
    """The hour of the day as far as it is known."""
    if precision in _WITHOUT_HOUR:
        return None
    here = local(moment)
    if precision == "dagdeel":
        return _MIDDLE_OF.get(part or "", here.hour // 6 * 6 + 3.0)
    return here.hour + here.minute / 60


def ask_for_search(session: Session, holder: str) -> bool:
    """Have a municipality searched; False when that waits already."""
    waits = select(OutboxJob.id).where(
        OutboxJob.kind == SEARCH.name,
        OutboxJob.holder == holder,
        OutboxJob.attempts == 0,
        ~OutboxJob.dead,
    )
    if session.scalars(waits.limit(1)).first() is not None:
        return False
    enqueue(session, SEARCH, holder, {})
    return True


def next_night(now: datetime) -> datetime:
    """The next time that it is four o'clock in the night in the Netherlands."""
    here = now.astimezone(AMSTERDAM)
    tonight = here.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight > here else tonight + timedelta(days=1)


def run_every_night(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: plan a pattern search for every connected municipality."""
    with context.transaction() as session:
        connected = session.scalars(
            select(MunicipalityProfile.code).where(
                MunicipalityProfile.noted_level == ParticipationLevel.PROGRAMME
            )
        ).all()
        # Jobs lie in an open table: one transaction for all holders.
        for code in connected:
            ask_for_search(session, code)
