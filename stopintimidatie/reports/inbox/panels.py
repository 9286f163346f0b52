"""Since the last working day: what came in meanwhile, for the start page and for the desk.

The last working day of a person is the last working day before today of which the log of this
holder has an act of that person. Everything here is bounded: after a long time away one reads the
newest of the last fourteen days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, Final

from sqlalchemy import ScalarSelect, Select, and_, bindparam, case, exists, func, not_, null, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.clock import is_working_day, local_date, midnight, utc_now
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import local
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.inbox.rules import current_form
from stopintimidatie.reports.models import Report, ReportForm
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.triage.rules import DOUBLE_HOURS, Traits, cell_of, distance, is_double
from stopintimidatie.reports.vocabulary import KIND, Form, in_order
from stopintimidatie.reports.workbench.services import openings
from stopintimidatie.reports.workflow import ReportState

TASK: Final = "sinds de laatste werkdag"
# The most reports that are looked at, and the lines of one kind.
MOST, LINES = 200, 3
# Days back that a last working day is looked for.
LONGEST: Final = 14
# States of reports that are no news: held back, or gone.
_NO_NEWS: Final = GONE | {ReportState.QUARANTINE}
_BACK: Final = ("post.teruggekomen", "post.geweigerd")


@dataclass(frozen=True)
class Since:
    """The news since the last working day of somebody, for `since.jinja2`.

    `number`: of all that came in, one above `MOST` where there was more. `groups`: reports that
    tell of one event, each begins with the first that came in. `path`: the address of a row.
    """

    holder: str
    moment: datetime
    number: int
    urgent: Sequence[Any]
    groups: Sequence[Sequence[Any]]
    returned: int
    path: Callable[[Any], str]

    @property
    def long_ago(self) -> bool:
        """True for who was away for so long that only the latest days are shown."""
        return self.moment == midnight(local_date(utc_now()) - timedelta(days=LONGEST))

    def forms(self, row: Any) -> str:
        """Return what happened, in words."""
        return form_words(row.forms)


@cache
def forms_of_report() -> ScalarSelect[str]:
    """Return the forms of a report that count, as one text with commas: a column of a list."""
    codes = select(func.aggregate_strings(ReportForm.code, ",")).where(
        ReportForm.report_id == Report.id, current_form()
    )
    return codes.correlate(Report).scalar_subquery()


def form_words(codes: str | None) -> str:
    """Return the forms of such a column in words."""
    words = ", ".join(Form.word(code) for code in in_order((codes or "").split(",")) if code)
    return words[:1].upper() + words[1:] if words else "Melding"


def since_last_day(request: Request, holder: str, path: Callable[[Any], str]) -> Since | None:
    """Return what came in since the last working day of who asks; None when nothing did.

    `path`: the address of a row with `reference`, `dossier_number` and `neighbourhood`, a slug.
    """
    identity = request.identity
    if identity is None:
        return None
    everything = _received(request.db, holder, str(identity.user_id), utc_now())
    if not everything:
        return None
    last, returned = everything[0].last, everything[0].back
    rows = [row for row in everything if row.id is not None]
    urgent = [row for row in rows if row.urgent]
    groups = [group for group in incidents(rows) if len(group) > 1][:LINES]
    shown = {row.id: row for row in (*urgent[:LINES], *(row for group in groups for row in group))}
    note_read(request, holder, KIND, list(shown), task=TASK)
    groups = [sorted(group, key=lambda row: (row.received_at, row.reference)) for group in groups]
    if not rows and not returned:
        return None
    return Since(holder, last, len(rows), urgent, groups, returned, path)


def _received(session: Session, holder: str, person: str, now: datetime) -> Sequence[Any]:
    """Return the newest reports since the last working day, with who opened the urgent ones.

    There is one row without a report when none came in, and no row on the first day here.
    """
    today = local_date(now)
    free = [n for n in range(1, LONGEST + 1) if not is_working_day(today - timedelta(days=n))]
    parameters: dict[str, Any] = {"holder": holder, "person": person}
    parameters |= {f"day{n}": midnight(today - timedelta(days=n)) for n in range(LONGEST + 1)}
    return session.execute(_since(tuple(free)), parameters).all()


# Built once for each way that free days lie: its parameters are those that `_received` gives it.
@cache
def _since(free: tuple[int, ...]) -> Select[Any]:
    """Select the last act of a person on a working day, and what came in after it.

    `free`: which days back, of the fourteen, are no working days.
    """
    holder: Any = bindparam("holder")
    at = AuditEvent.at
    days = [bindparam(f"day{n}", type_=at.type) for n in range(LONGEST + 1)]
    mine = (AuditEvent.holder == holder, AuditEvent.actor_id == bindparam("person"), at < days[0])
    worked = select(at).where(
        *(*mine, at >= days[-1]),
        *(not_(and_(at >= days[n], at < days[n - 1])) for n in free),
    )
    newest = worked.order_by(at.desc()).limit(1).scalar_subquery()
    last = (
        select(func.coalesce(newest, days[-1]).label("at")).where(exists().where(*mine)).subquery()
    )
    back = (
        select(func.count(AuditEvent.id))
        .where(AuditEvent.holder == holder, AuditEvent.action.in_(_BACK), AuditEvent.at > last.c.at)
        .correlate(last)
        .scalar_subquery()
    )
    head = select(last.c.at.label("last"), back.label("back")).subquery()
    columns = (
        *(head.c.last, head.c.back, Report.id, Report.reference, Report.dossier_number),
        *(Report.state, Report.urgent, Report.received_at, Report.incident_start),
        *(Report.time_precision, Report.lat, Report.lon, Report.offender_count),
        *(Report.offender_age, Report.offender_transport),
        Neighbourhood.name.label("area"),
        Neighbourhood.slug.label("neighbourhood"),
        forms_of_report().label("forms"),
        case((Report.urgent.is_(True), _opened_by(holder)), else_=null()).label("opened_by"),
    )
    came_in = and_(
        Report.holder == holder,
        Report.received_at > head.c.last,
        Report.state.not_in(_NO_NEWS),
    )
    return (
        select(*columns)
        .select_from(head)
        .outerjoin(Report, came_in)
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .order_by(Report.received_at.desc())
        .limit(MOST + 1)
    )


def _opened_by(holder: Any) -> ScalarSelect[str]:
    """Return who was the first to open a report, as a column."""
    return (
        openings(AuditEvent.actor_name)
        .where(AuditSubject.holder == holder, AuditSubject.subject_id == Report.id)
        .order_by(AuditEvent.at)
        .limit(1)
        .correlate(Report)
        .scalar_subquery()
    )


def incidents(rows: Sequence[Any]) -> list[list[Any]]:
    """Return the reports grouped by event, by the rule of doubles; the largest group first.

    In the order of time only those in neighbouring cells and within half an hour are compared.
    """
    in_time = sorted(rows[:MOST], key=lambda row: (row.incident_start, row.id))
    groups = {row.id: [row] for row in in_time}
    cells: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in in_time:
        if row.lat is None or row.lon is None:
            continue
        here, (north, east) = _traits(row), cell_of(row.lat, row.lon)
        for cell in product((north - 1, north, north + 1), (east - 1, east, east + 1)):
            for earlier, there in reversed(cells[cell]):
                if row.incident_start - earlier.incident_start > timedelta(hours=DOUBLE_HOURS):
                    break
                mine, theirs = groups[row.id], groups[earlier.id]
                if mine is not theirs and is_double(here, there, distance(here, there)):
                    theirs += mine
                    groups.update((member.id, theirs) for member in mine)
        cells[north, east].append((row, here))
    distinct = {id(group): group for group in groups.values()}
    return sorted(distinct.values(), key=len, reverse=True)


def _traits(row: Any) -> Traits:
    return Traits(
        moment=local(row.incident_start),
        precision=row.time_precision,
        lat=row.lat,
        lon=row.lon,
        forms=frozenset((row.forms or "").split(",")),
        count=row.offender_count,
        age=row.offender_age,
        transport=row.offender_transport,
    )
