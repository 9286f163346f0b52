"""The figures of the desk, by municipality: the way of what it offered, and what waits or went on.

They are about reports that the desk itself holds or held: nothing here looks inside a connected
municipality. A pick-up goes when its report does, so there is no choice of an earlier year.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import after_working_days, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import day_of, number
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.core.web.request import Request, page_view, query_pairs
from stopintimidatie.core.web.responses import csv_response, xlsx_response
from stopintimidatie.desk.forwarding.services import DEPUTY_AFTER, DESK_AFTER
from stopintimidatie.desk.models import LocalPolicy
from stopintimidatie.desk.queue import services as queue
from stopintimidatie.desk.resources import Desk
from stopintimidatie.disclosures.models import Pickup, PickupAnswer, PickupState
from stopintimidatie.municipalities.areas.facts import is_practice
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import all_municipalities
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.reports.conversation.words import ANSWERED
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import Delivery, ReportState

FIGURES_OVER: Final = timedelta(days=365)

# The way of what was offered

CAME_BACK: Final = "teruggekomen"
# The ends of an offer that nobody opened. Still offered, but not in the queue: its report is gone.
ENDED: Final = {
    PickupState.EXPIRED: "verlopen of teruggenomen",
    CAME_BACK: "bericht kwam terug",
    PickupState.WITHDRAWN: "melder trok in",
    PickupState.OFFERED: "melding is weg",
}


class Way(NamedTuple):
    """Numbers of offers to a municipality, or to all together, in the last year.

    `to_open`, `to_answer`: the days that took, the median and the most. `waiting`: since when each
    waits that can still be opened; the deputy, and then the desk, was told of `at_deputy` and
    `late` of them. `ended`: the others that nobody opened, by a key of `ENDED`.
    """

    name: str
    town: Municipality | None
    offered: int
    opened: int
    answered: int
    returned: int
    to_open: tuple[Any, Any]
    to_answer: tuple[Any, Any]
    waiting: Sequence[datetime]
    at_deputy: int
    late: int
    ended: Mapping[str, int]


def ways(session: Session) -> tuple[Way, Sequence[Way]]:
    """Return the way of all offers together, and by municipality: late first, then longest waiting.

    An offer that was opened before its message went out counts from when it was made. Those that
    wait are those that the queue shows as offered. An answer to a withdrawal is none to a report.
    """
    since, now = func.coalesce(Pickup.offered_at, Pickup.made_at).label("since"), utc_now()
    kept = Pickup.recipient, Pickup.state, Pickup.returned_at, Pickup.picked_up_at
    answer = PickupAnswer.pickup_id == Pickup.id, PickupAnswer.kind.not_in(ANSWERED)
    first = select(func.min(PickupAnswer.at)).where(*answer).scalar_subquery()
    waits = Pickup.state == PickupState.OFFERED, *queue.QueueFilter(Delivery.OFFERED).conditions()
    offers = session.execute(
        select(*kept, since, first.label("answered_at"), Report.id.label("waits"))
        .outerjoin(Report, and_(Report.id == Pickup.document_id, *waits))
        .where(
            Pickup.holder == NATIONAL,
            Pickup.document_kind == KIND,
            or_(Pickup.offered_at.is_not(None), Pickup.picked_up_at.is_not(None)),
            since >= now - FIGURES_OVER,
        )
        .order_by(since)
    ).all()
    by_town = defaultdict(list)
    for offer in offers:
        by_town[offer.recipient.removeprefix("Gemeente ")].append(offer)
    named = select(Municipality).where(Municipality.name.in_(by_town)).order_by(Municipality.code)
    towns = {town.name: town for town in session.scalars(named)}
    rows = [_way(name, towns.get(name), some, now) for name, some in by_town.items()]
    rows.sort(key=lambda way: (-way.late, [*way.waiting, now], way.opened - way.offered, way.name))
    return _way("Alle gemeenten", None, offers, now), rows


def _way(name: str, town: Municipality | None, offers: Sequence[Any], now: datetime) -> Way:
    waiting = [offer.since for offer in offers if offer.waits]
    ended = [offer for offer in offers if not (offer.picked_up_at or offer.waits)]
    from_deputy, late = (
        sum(after_working_days(since, days) <= now for since in waiting)
        for days in (DEPUTY_AFTER, DESK_AFTER)
    )
    return Way(
        name,
        town,
        len(offers),
        opened=sum(offer.picked_up_at is not None for offer in offers),
        answered=sum(offer.answered_at is not None for offer in offers),
        returned=sum(offer.state == PickupState.RETURNED for offer in offers),
        to_open=_days((offer.since, offer.picked_up_at) for offer in offers),
        to_answer=_days((offer.since, offer.answered_at) for offer in offers),
        waiting=waiting,
        at_deputy=from_deputy - late,
        late=late,
        ended=Counter(CAME_BACK if offer.returned_at else offer.state for offer in ended),
    )


def _days(spans: Iterable[tuple[datetime, datetime | None]]) -> tuple[Any, Any]:
    """Return the median and the most of the days from one moment to another.

    Encrypted mail is opened as it is offered; how long that really took, nobody knows.
    """
    days = [(day_of(end) - day_of(start)).days for start, end in spans if end and end > start]
    return (median(days), max(days)) if days else (None, None)


# Reports that wait, and those that went on


class FigureRow(NamedTuple):
    """Numbers of reports of a municipality that wait at the desk, or that it handed over."""

    town: Municipality
    level: ParticipationLevel
    waiting: int
    handed_over: int
    policy: str | None

    @property
    def offer_programme(self) -> bool:
        """True if the programme is to be offered: it has its own policy and isn't connected."""
        return self.policy is not None and self.level is not ParticipationLevel.PROGRAMME


def figures(session: Session) -> tuple[Sequence[FigureRow], Mapping[ParticipationLevel, int]]:
    """Return what waits and what was handed over, and the number of municipalities by level.

    Those to offer the programme come first, then the busiest. What waits is counted as the queue
    and the call list count it, however long it waits.
    """
    to = func.coalesce(Report.handed_to, Report.municipality_code)
    lately = Report.received_at >= utc_now() - FIGURES_OVER
    where = Report.holder == NATIONAL, Report.state == ReportState.HANDED_OVER, lately
    counted = select(to, func.count()).where(*where).group_by(to)
    handed = {code: number for code, number in session.execute(counted) if code}
    waiting, marked = queue.waiting_reports(session), session.scalars(select(LocalPolicy.code))
    codes = {code for code in (*handed, *waiting, *marked) if not is_practice(code)}
    towns, policies = queue.towns_of(session, codes), queue.policies_of(session, codes)
    stored = session.execute(select(MunicipalityProfile.code, MunicipalityProfile.level)).all()
    levels = defaultdict(lambda: ParticipationLevel.NO_AGREEMENT, stored)
    rows = []
    for code, town in sorted(towns.items(), key=lambda item: item[1].name):
        waits = waiting.get(code, queue.Waiting()).number
        level, policy = ParticipationLevel(levels[code]), policies.get(code)
        rows.append(FigureRow(town, level, waits, handed.get(code, 0), policy))
    rows.sort(key=lambda row: (not row.offer_programme, -row.waiting - row.handed_over))
    return rows, Counter(levels[town.code] for town in all_municipalities(session))


# The page

FILES: Final = {"csv": csv_response, "xlsx": xlsx_response}


def _confirmed(context: Desk, request: Request) -> Any:
    """Ask for the second factor before a file leaves; the page itself does without."""
    leaves = "bestand" in dict(query_pairs(request))
    return recently_confirmed(context, request) if leaves else None


@page_view(Desk, "cijfers", Permission.VIEW_DESK, "templates/figures.jinja2", guards=(_confirmed,))
def figures_view(context: Desk, request: Request) -> Any:
    """Show by municipality what passed the desk in the last year; with `bestand`, as a file."""
    every, by_town = ways(request.db)
    wanted = dict(query_pairs(request)).get("bestand", "")
    if wanted in FILES:
        act, fields = ("cijfers.gedownload", NATIONAL, "cijfers"), ["doorgifte", wanted]
        note(request, NATIONAL, lambda db, who: record(db, who.actor, *act, fields=fields))
        cells = [_cells(way) for way in (*by_town, every)]
        name = f"doorgifte-{day_of(utc_now()).isoformat()}"
        return FILES[wanted](name, [*cells[0]], [[*row.values()] for row in cells])
    request.response.status_int = 409 if wanted else 200
    rows, levels = figures(request.db)
    nowhere = queue.number_waiting(queue.QueueFilter(municipality=queue.UNPLACED), COUNTED)
    return {
        "every": every,
        "ways": by_town,
        "ended": ENDED,
        "after": (DEPUTY_AFTER, DESK_AFTER),
        "offered_href": f"/{NATIONAL}?bezorging={Delivery.OFFERED}",
        "rows": rows,
        "levels": [(level, levels[level]) for level in ParticipationLevel],
        "unplaced": request.db.scalar(select(nowhere)) or 0,
        "unplaced_href": f"/{NATIONAL}?gemeente={queue.UNPLACED}",
        "counted": COUNTED,
        "panels": panels(request, "landelijke_cijfers", context),
    }


def _cells(way: Way) -> dict[str, object]:
    """Return a row of the file, by the heads of its columns."""
    return {
        "Gemeente": way.name,
        "Aangeboden": way.offered,
        "Geopend": way.opened,
        "Beantwoord": way.answered,
        "Teruggegeven": way.returned,
        "Wacht": len(way.waiting),
        "Oudste": day_of(way.waiting[0]) if way.waiting else "",
        "Te laat": way.late,
        **{f"Niet geopend: {why}": way.ended.get(end, 0) for end, why in ENDED.items()},
        "Dagen tot openen, mediaan": number(way.to_open[0], 1),
        "Dagen tot openen, meest": way.to_open[1],
        "Dagen tot antwoord, mediaan": number(way.to_answer[0], 1),
        "Dagen tot antwoord, meest": way.to_answer[1],
    }
