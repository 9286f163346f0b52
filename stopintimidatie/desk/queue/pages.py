"""The report in hand at the desk: what is shown of it, and what can be decided with which key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.components import (
    FacetValue,
    Panel,
    RailDecision,
    WorkbenchRow,
)
from stopintimidatie.core.web.request import with_params
from stopintimidatie.desk.forwarding.access import delivery_of, returned_reasons
from stopintimidatie.desk.queue import services as queue
from stopintimidatie.desk.queue.forms import CHOICES, GO_ON, OPEN, READ, TAKE_BACK
from stopintimidatie.desk.queue.routing import can_be_routed
from stopintimidatie.desk.queue.steps import with_help
from stopintimidatie.reports import words
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page import queries
from stopintimidatie.reports.page.views import account_of, step_links
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.workbench.pages import (
    NOT_YOURS,
    NOTHING_TO_UNDO,
    RAIL_PANEL,
    SECOND_LOOK,
    Place,
    bar_for,
    place_alone,
    proposal_of,
    rare_actions,
    row_of,
    spoed,
)
from stopintimidatie.reports.workflow import FORWARDED, RING_AT_ONCE, Delivery, ReportState

NAME: Final = "beslissen"
_WHY: Final[Mapping[str, str]] = {
    ReportState.QUARANTINE: "eerst uit quarantaine",
    ReportState.WAITING_FOR_REPORTER: "wacht op de melder",
    ReportState.NOT_HANDLED: "is afgesloten",
}
UNKNOWN: Final = "gemeente onbekend"


def rail_of(
    context: ReportResource, request: Any, place: Place, proposed: bool = False
) -> list[RailDecision]:
    """Return what this person can decide about a report at the desk, in the order of the keys.

    `proposed`: a proposal waits for a second look, which comes first.
    """
    report = context.report
    may = bool(request.has_permission(Permission.ROUTE_REPORT, context))
    why_no_spoed = why_not(report) if may else NOT_YOURS
    why = SECOND_LOOK if may and proposed else why_no_spoed

    def of_town(key: str, label: str) -> RailDecision:
        small = key in ("w", "u")
        return RailDecision(key, label, disabled_reason="doet de gemeente", small=small)

    # By their keys, as in a municipality's inbox; what isn't the desk's keeps its place, grey.
    return [
        of_town("1", "Behandelen"),
        of_town("2", "In een dossier"),
        *(
            RailDecision(known.key, known.label, place.panel(NAME, choice), disabled_reason=why)
            for choice, known in CHOICES.items()
            if known.key
        ),
        of_town("c", "Contact"),
        of_town("w", "Wegleggen"),
        of_town("u", "Uitdelen"),
        spoed(report, f"{place.path}/{NAME}", place.here, why_no_spoed),
        *([NOTHING_TO_UNDO] if bar_for(request, NATIONAL) is None else []),
    ]


def why_not(report: Report) -> str:
    """Return in few words why the desk can't decide about a report; empty when it can."""
    if report.state != ReportState.NEW:
        return _WHY.get(report.state, "is hier niet meer")
    if report.leaves_at is not None:
        return "wordt doorgegeven"
    if report.delivery in FORWARDED:
        return "is aangeboden" if report.delivery == Delivery.OFFERED else "is opgehaald"
    return "" if can_be_routed(report) else "is hier niet meer"


def _decisions(context: ReportResource, request: Any, place: Place) -> dict[str, Any]:
    """Return what the rail shows: the keys, a proposal, and what is rarer, each with its page."""
    report, proposal = context.report, proposal_of(context, request, place)
    if proposal is not None:
        text = str(proposal["row"].values.get("bericht", ""))
        proposal["reads"] = with_help(request.db, report, text)
    rare = {
        GO_ON: report.state == ReportState.WAITING_FOR_REPORTER,
        OPEN: report.state == ReportState.NOT_HANDLED,
        TAKE_BACK: report.delivery == Delivery.OFFERED and report.state == ReportState.NEW,
    }
    may = request.has_permission(Permission.ROUTE_REPORT, context)
    return {
        "report": report,
        "proposal": proposal,
        "rail": rail_of(context, request, place, proposal is not None),
        "more": [
            (CHOICES[choice].title, Place(place.path, place.here, place.here).panel(NAME, choice))
            for choice, possible in rare.items()
            if may and possible
        ],
    }


def detail_of(context: ReportResource, request: Any, place: Place) -> dict[str, Any]:
    """Return what the pane and the rail show of a report at the desk."""
    report, session = context.report, request.db
    why = returned_reasons(session, _may_be_back([report]))
    delivery = delivery_of(report, why)
    return {
        **_decisions(context, request, place),
        **account_of(report),
        "path": place.path,
        "badges": [*words.badges(report), *filter(None, [delivery])],
        "names": words.area_names(session, report),
        "returned": None if delivery == report.delivery else why[report.id],
        "messages": queries.messages_of(session, report)[:3],
        "decide": f"{place.path}/{NAME}",
        "read": {
            "keuze": READ,
            "versie": report.version,
            "terug": place.onwards,
            "hier": place.here,
        },
    }


def rail_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the rail on the own page of a report at the desk."""
    if context.holder != NATIONAL:
        return None
    detail = _decisions(context, request, place_alone(context, request))
    if not request.has_permission(Permission.ROUTE_REPORT, context):
        detail |= {"rail": [], "proposal": None}
    links = rare_actions(context, request), detail["more"], step_links(context, request)
    return Panel("", RAIL_PANEL, {"detail": {**detail, "more": [*chain(*links)]}})


# The list


def rows_of(
    request: Any, rows: Sequence[tuple[Report, str | None]], opened: Report | None
) -> list[WorkbenchRow]:
    """Return the rows of the queue, of reports with the name of their municipality."""
    why = returned_reasons(request.db, _may_be_back([report for report, _ in rows]))
    shown, usual = [], (ReportState.NEW, ReportState.WAITING_FOR_REPORTER)
    for report, town in rows:
        marks = [mark for mark in words.badges(report) if mark not in usual]
        marks += ["bel nu"] if report.urgent and report.delivery in RING_AT_ONCE else []
        back = f"niet van deze gemeente: {why[report.id]}" if report.id in why else ""
        place = town or _place(report)
        shown.append(row_of(request, report, place, marks, note=back, opened=opened))
    return shown


def _may_be_back(reports: Sequence[Report]) -> list[UUID]:
    """Return the reports that a municipality may have given back: no offer of them goes on."""
    return [row.id for row in reports if row.delivery == Delivery.EXPIRED]


def _place(report: Report) -> str:
    """Return the place as the reporter says it, for who doesn't know the municipality yet."""
    stop, town = (report.transit or {}).get("stop"), (report.address or {}).get("town")
    return str(report.location_text or stop or words.place_short(report) or town or UNKNOWN)[:40]


def municipality_facet(request: Any, wanted: queue.QueueFilter) -> list[FacetValue]:
    """Return the busiest municipalities, each with the number of its rows."""
    values = []
    for code, name, number in queue.by_municipality(request.db, wanted, 15):
        value = code or queue.UNPLACED
        chosen = value == wanted.municipality
        href = with_params(request, gemeente=None if chosen else value, pagina=None, melding=None)
        values.append(FacetValue(name or UNKNOWN, href, number, chosen))
    return values


def read_report(session: Session, reference: str) -> Report | None:
    """Return a report at the desk that isn't gone."""
    wanted = Report.holder == NATIONAL, Report.reference == reference
    return session.scalars(select(Report).where(*wanted, Report.state.not_in(GONE))).one_or_none()


def in_queue(report: Any) -> str:
    """Return the address of the queue with this report in hand, or that of a line of news."""
    return f"/{NATIONAL}?{urlencode({'melding': report.reference})}"
