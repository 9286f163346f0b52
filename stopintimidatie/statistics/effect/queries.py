"""Reading what can be compared, and counting the reports around its start.

Reports count on the day of the incident; which do, says `LEFT_OUT` of `reports/workflow`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import local_date, midnight, utc_now
from stopintimidatie.core.text import uuid_of
from stopintimidatie.dossiers.models import Dossier, DossierMeasure
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.reports.campaigns.services import campaign_with
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import FollowUp
from stopintimidatie.reports.workflow import LEFT_OUT
from stopintimidatie.statistics.effect import rules

# Campaigns that a warning names.
MOST_NAMED: Final = 5
# A dossier about a person gives no figures, not even to who may see it: for nobody's roles.
MEASURES: Final = (
    select(DossierMeasure, Dossier, Neighbourhood)
    .join(Dossier, Dossier.id == DossierMeasure.dossier_id)
    .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
    .where(visible_to(()))
)


class Subject(NamedTuple):
    """A measure or campaign of which before and after are compared.

    `wijk`: code and name of its area, or None for the whole town. `dossier`: id, number and
    neighbourhood in the address of that of a measure.
    """

    name: str
    since: date
    until: date | None
    wijk: tuple[str, str] | None = None
    dossier: tuple[UUID, str, str] | None = None


class Comparison(NamedTuple):
    """The reports before and after the start of a subject, in two spans of the same days.

    `around`: pairs of before and after; of the area, and below it of the rest of the town.
    `bars`: the first day and number of each piece of the area. `ran`: campaigns in that time.
    """

    first: date
    days: int
    around: list[tuple[int, int]]
    bars: list[tuple[date, int]]
    ran: Sequence[str]
    peaked: bool


def list_measures(session: Session, offset: int, size: int) -> Sequence[Any]:
    """Return a page of the measures with dossier and area, those that began last first."""
    latest = MEASURES.order_by(DossierMeasure.started_on.desc(), DossierMeasure.id)
    return session.execute(latest.offset(offset).limit(size)).all()


def measure_with(session: Session, number: str) -> Subject | None:
    """Return the measure with an id from an address, or None where there is none to compare."""
    row = session.execute(MEASURES.where(DossierMeasure.id == uuid_of(number[:40]))).first()
    if row is None:
        return None
    measure, dossier, area = row
    wijk = (area.code, area.name) if area.kind == NeighbourhoodKind.WIJK else None
    name, period = FollowUp.word(measure.kind).capitalize(), (measure.started_on, measure.ended_on)
    return Subject(name, *period, wijk, (dossier.id, dossier.number, area.slug))


def campaign_as_subject(session: Session, code: str) -> Subject | None:
    """Return the campaign with this code, of the whole town; None where there is none."""
    row = campaign_with(session, code)
    return Subject(row.name, row.since, row.until) if row else None


def campaigns_between(session: Session, since: date, until: date, but: str) -> Sequence[str]:
    """Return the names of campaigns that ran from a day on and before another one, but for one."""
    ran = Campaign.since < until, or_(Campaign.until.is_(None), Campaign.until >= since)
    named = select(Campaign.name).where(*ran, Campaign.code != but).order_by(Campaign.since)
    return session.scalars(named.limit(MOST_NAMED)).all()


def count_from(
    session: Session, holder: str, days: Sequence[date], wijk: str | None
) -> list[dict[date, int]]:
    """Count the reports from each of these days until the next: in a wijk, and elsewhere in town.

    Without a wijk the first has all of the town.
    """
    moments = [midnight(day) for day in days]
    spans = ((Report.incident_start < end, place) for place, end in enumerate(moments[1:]))
    elsewhere = case((Report.neighbourhood_code == wijk, 0), else_=1 if wijk else 0)
    where = Report.holder == holder, Report.state.not_in(sorted(LEFT_OUT))
    within = Report.incident_start >= moments[0], Report.incident_start < moments[-1]
    rows = select(case(*spans).label("span"), elsewhere.label("rest")).where(*where, *within)
    columns = rows.subquery().c
    counts: list[dict[date, int]] = [{}, {}]
    for span, rest, number in session.execute(
        select(columns.span, columns.rest, func.count()).group_by(columns.span, columns.rest)
    ):
        counts[rest][days[span]] = number
    return counts


def compare(session: Session, holder: str, subject: Subject, but: str = "") -> Comparison:
    """Count the reports before and after; a campaign doesn't name itself by its code, `but`."""
    days = rules.days_of(subject.since, subject.until, local_date(utc_now()))
    first, last = (subject.since + timedelta(days=days * sign) for sign in (-1, 1))
    pieces = rules.pieces_of(subject.since, days)
    edges, wijk = sorted({*pieces, first, last}), subject.wijk[0] if subject.wijk else None
    counts = count_from(session, holder, edges, wijk)
    bars = [(since, _number(counts[0], since, end)) for since, end in pairwise(pieces)]
    return Comparison(
        first,
        days,
        [
            (_number(count, first, subject.since), _number(count, subject.since, last))
            for count in (counts if wijk else counts[:1])
        ],
        bars,
        campaigns_between(session, first, last, but),
        rules.follows_peak([number for _, number in bars[: rules.PIECES_BEFORE]]),
    )


def _number(counts: Mapping[date, int], since: date, until: date) -> int:
    """Return the number of reports from one day until another, both of which were counted from."""
    return sum(number for day, number in counts.items() if since <= day < until)
