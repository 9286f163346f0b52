"""The figures of the desk: what passed it in the last year, by municipality.

They are about reports that the desk itself holds or held: nothing here looks inside a connected
municipality.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.core.web.request import Request, page_view
from stopintimidatie.desk.models import LocalPolicy
from stopintimidatie.desk.queue.services import (
    UNPLACED,
    QueueFilter,
    Waiting,
    number_waiting,
    policies_of,
    towns_of,
    waiting_reports,
)
from stopintimidatie.desk.resources import Desk
from stopintimidatie.municipalities.areas.facts import is_practice
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import all_municipalities
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import Delivery, ReportState

FIGURES_OVER: Final = timedelta(days=365)
_HANDED: Final = "doorgegeven"


@dataclass(frozen=True, slots=True)
class FigureRow:
    """Numbers of reports for a municipality that passed the desk in the last year."""

    town: Municipality
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

    Those to offer the programme come first, then the busiest. What waits is counted as the queue
    and the call list count it, however long it waits.
    """
    counts, waiting = _counts(session), waiting_reports(session)
    counts.pop(None, None)
    nowhere = number_waiting(QueueFilter(municipality=UNPLACED), COUNTED)
    unplaced = session.scalar(select(nowhere)) or 0
    marked = set(session.scalars(select(LocalPolicy.code)))
    codes = {
        code for code in (*counts, *waiting, *marked) if code is not None and not is_practice(code)
    }
    towns, policies = towns_of(session, codes), policies_of(session, codes)
    stored = session.execute(select(MunicipalityProfile.code, MunicipalityProfile.level)).all()
    levels = defaultdict(lambda: ParticipationLevel.NO_AGREEMENT, stored)
    rows = []
    for code, town in towns.items():
        counted, waits = counts.get(code, {}), waiting.get(code, Waiting())
        rows.append(
            FigureRow(
                town,
                ParticipationLevel(levels[code]),
                waiting=waits.number,
                offered=counted.get(Delivery.OFFERED, 0),
                picked_up=counted.get(Delivery.PICKED_UP, 0),
                handed_over=counted.get(_HANDED, 0),
                policy=policies.get(code),
            )
        )
    return Figures(
        sorted(rows, key=lambda row: (not row.offer_programme, -row.total, row.town.name)),
        Counter(ParticipationLevel(levels[row.code]) for row in all_municipalities(session)),
        unplaced,
    )


def _counts(session: Session) -> dict[str | None, dict[str, int]]:
    """Count the reports of each municipality by their delivery."""
    municipality = func.coalesce(Report.handed_to, Report.municipality_code)
    delivery = case((Report.state == ReportState.HANDED_OVER, _HANDED), else_=Report.delivery)
    rows = session.execute(
        select(municipality, delivery, func.count())
        .where(Report.holder == NATIONAL, Report.received_at >= utc_now() - FIGURES_OVER)
        .group_by(municipality, delivery)
    )
    counts: dict[str | None, dict[str, int]] = {}
    for code, state, number in rows:
        counts.setdefault(code, {})[state or ""] = number
    return counts


# The page


@page_view(Desk, "cijfers", Permission.VIEW_DESK, "templates/figures.jinja2")
def figures_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show by municipality and level how many reports passed the desk in the last year."""
    return {
        "figures": figures(request.db),
        "levels": list(ParticipationLevel),
        "counted": COUNTED,
        "unplaced_href": f"/{NATIONAL}?gemeente={UNPLACED}",
    }
