"""Counting reports: one statement for all figures of a period, the same numbers as every list.

Which reports count is said by `LEFT_OUT` of `reports/workflow`; they count on the day on which they
were received.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, timedelta
from itertools import repeat
from typing import Any, Final

from sqlalchemy import String, case, cast, func, literal, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import midnight, months_after
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.models import DaysBetween, LocalWeekday
from stopintimidatie.dossiers.models import Dossier, DossierMeasure
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.reports.conversation.calls import TALKS
from stopintimidatie.reports.inbox.panels import forms_of_report
from stopintimidatie.reports.inbox.rules import part_of_day
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import FORMS_BY_GROUP, FollowUp
from stopintimidatie.reports.workflow import LEFT_OUT, ReportState
from stopintimidatie.statistics.rules import Period

Counts = dict[str, Counter[str]]
# The days within which something is done; what took longer is `later`, what waits isn't known.
STEPS: Final = (1, 3, 7, 30)
LATER: Final = "later"
_GROUPS: Final = {
    form.value: group.value for group, forms in FORMS_BY_GROUP.items() for form in forms
}
_wish: Final = func.coalesce(Report.contact_agreed, Report.wants_contact)


def _steps(days: Any) -> Any:
    return case(*((days <= step, str(step)) for step in STEPS), (days > STEPS[-1], LATER))


# Each has one value for a report, but for those of `SEVERAL`.
COLUMNS: Final[dict[str, Any]] = {
    "totaal": literal(""),
    "wijk": Report.neighbourhood_code,
    "plek": Report.place_type,
    "dagdeel": part_of_day,
    "moment": cast(LocalWeekday(Report.incident_start), String) + "-" + part_of_day,
    "leeftijd": Report.reporter_age_group,
    "opvolging": cast(Report.follow_ups, String),
    "vorm": forms_of_report(),
    "vormgroep": forms_of_report(),
    "contact": case(
        (_wish.not_in(sorted(TALKS)), "niet_gevraagd"),
        (func.coalesce(Report.contact_deadline, Report.next_attempt_at).is_not(None), "wacht"),
        (Report.contact_owed.is_not(None), "niet_gesproken"),
        else_="gesproken",
    ),
    "oordeel": Report.reporter_verdict,
    "beoordeeld": _steps(DaysBetween(Report.received_at, Report.triaged_at)),
    "klaar": _steps(DaysBetween(Report.received_at, Report.ended_at)),
}
# The parts of a value for which a report counts.
SEVERAL: Final[dict[str, Callable[[str], Iterable[str]]]] = {
    "opvolging": json.loads,
    "vorm": lambda codes: codes.split(","),
    "vormgroep": lambda codes: {_GROUPS[code] for code in codes.split(",")},
}


def count_by(
    session: Session, holder: str, since: date, until: date, names: Sequence[str]
) -> Counts:
    """Count the reports received from `since` on and before `until`, in one statement.

    Returns:
        By name (of `COLUMNS`, or `maand`) the number of each value; empty is what isn't known. A
        report counts for each of its forms, and of what was done.
    """
    columns = {**COLUMNS, "maand": _month(since, until)}
    # Counted here: to group by each of them apart, the database reads all rows as many times.
    rows = session.execute(
        select(*(columns[name] for name in names)).where(
            *(Report.holder == holder, Report.state.not_in(sorted(LEFT_OUT))),
            *(Report.received_at >= midnight(since), Report.received_at < midnight(until)),
        )
    ).all()
    counts: Counts = {}
    for name, values in zip(names, zip(*rows, strict=True) if rows else repeat(()), strict=False):
        counts[name] = Counter()
        for value, number in Counter(values).items():
            several = SEVERAL[name](value) if name in SEVERAL and value else [value]
            for code in several or [None]:
                counts[name][code or ""] += number
    return counts


def _month(since: date, until: date) -> Any:
    """Return the month of receipt, such as 2026-11."""
    ends, day = [], since
    while day < until:
        after = months_after(day, 1)
        ends.append((Report.received_at < midnight(after), f"{day:%Y-%m}"))
        day = after
    return case(*ends)


def left_out(session: Session, holder: str, period: Period) -> dict[str, int]:
    """Count what was received in a period and doesn't count, by state."""
    since, until = midnight(period.since), midnight(period.until)
    rows = select(Report.state, func.count()).group_by(Report.state).order_by(Report.state)
    here = Report.holder == holder, Report.received_at >= since, Report.received_at < until
    counted = session.execute(rows.where(*here, Report.state.in_(sorted(LEFT_OUT))))
    return {ReportState.word(state): number for state, number in counted}


def begun(
    session: Session, holder: str, roles: Collection[Role], period: Period
) -> list[tuple[date, str]]:
    """Return the campaigns and measures that began in a period, with their first days.

    Not the measures of dossiers that these roles don't see.
    """
    within = period.since, period.until - timedelta(days=1)
    campaigns = select(Campaign.since, literal("campagne"), Campaign.name).where(
        Campaign.holder == holder, Campaign.since.between(*within)
    )
    measures = (
        select(DossierMeasure.started_on, literal("maatregel"), DossierMeasure.kind)
        .join(Dossier, Dossier.id == DossierMeasure.dossier_id)
        .where(DossierMeasure.holder == holder, DossierMeasure.started_on.between(*within))
        .where(visible_to(roles))
    )
    rows = session.execute(campaigns.union_all(measures))
    words = {kind.value: kind.nl for kind in FollowUp}
    return sorted((day, f"{kind} {words.get(name, name)}") for day, kind, name in rows)
