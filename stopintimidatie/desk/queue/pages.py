"""The report in hand at the desk: what is shown of it, and what can be decided with which key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.session import COUNTED
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import ago
from stopintimidatie.core.web.components import (
    FacetValue,
    Panel,
    RailDecision,
    WorkbenchRow,
)
from stopintimidatie.core.web.request import NavItem, with_params
from stopintimidatie.desk.forwarding.access import delivery_of, returned_reasons
from stopintimidatie.desk.queue import services as queue
from stopintimidatie.desk.queue.delivery import can_be_routed
from stopintimidatie.desk.queue.forms import (
    ANSWER,
    ASK,
    CLOSE,
    DOUBLE,
    GO_ON,
    OPEN,
    READ,
    ROUTE,
    TAKE_BACK,
    TITLES,
)
from stopintimidatie.desk.queue.steps import with_help
from stopintimidatie.reports import words
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page import queries
from stopintimidatie.reports.page.views import step_links
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.rules import marked
from stopintimidatie.reports.words import area_names
from stopintimidatie.reports.workbench.pages import (
    RAIL_PANEL,
    bar_for,
    proposal_of,
    rare_actions,
)
from stopintimidatie.reports.workbench.rail import (
    NOT_YOURS,
    NOTHING_TO_UNDO,
    SECOND_LOOK,
    Place,
    spoed,
)
from stopintimidatie.reports.workflow import FORWARDED

NAME: Final = "beslissen"
# The keys mean the same in a municipality's inbox; what is left is for the municipality.
KEYS: Final = {ROUTE: "6", ASK: "5", DOUBLE: "3", CLOSE: "4", ANSWER: "a"}
LABELS: Final = {
    ROUTE: "Doorgeven",
    ASK: "Vraag aan de melder",
    ANSWER: "Bericht aan de melder",
    DOUBLE: "Dubbel",
    CLOSE: "Afsluiten",
}
TOWNS: Final = "doet de gemeente"
_WHY: Final = {
    "quarantaine": "eerst uit quarantaine",
    "wacht_op_melder": "wacht op de melder",
    "niet_in_behandeling": "is afgesloten",
}
MESSAGES_SHOWN: Final = 3
MUNICIPALITIES_SHOWN: Final = 15
UNKNOWN: Final = "gemeente onbekend"
SNIPPET: Final = 90
PLACE: Final = 40
TO_DECIDE: Final = "Te beslissen"


def rail_of(
    context: ReportResource, request: Any, here: str, onwards: str, proposed: bool = False
) -> list[RailDecision]:
    """Return what this person can decide about a report at the desk, in the order of the keys.

    `here`: the address of the list with this report in hand; `onwards`: with the next one.
    `proposed`: a proposal waits for a second look, which comes first.
    """
    report, path = context.report, request.resource_path(context)
    may = bool(request.has_permission(Permission.ROUTE_REPORT, context))
    why_no_spoed = why_not(report) if may else NOT_YOURS
    why = SECOND_LOOK if may and proposed else why_no_spoed
    query = {"terug": onwards, "hier": here}

    def panel(choice: str) -> RailDecision:
        href = f"{path}/{NAME}?{urlencode({'keuze': choice, **query})}"
        key, label = KEYS[choice], LABELS[choice]
        return RailDecision(key, label, href=href, disabled_reason=why)

    # By their keys, as in a municipality's inbox; what isn't the desk's keeps its place, grey.
    return [
        RailDecision("1", "Behandelen", disabled_reason=TOWNS),
        RailDecision("2", "In een dossier", disabled_reason=TOWNS),
        panel(DOUBLE),
        panel(CLOSE),
        panel(ASK),
        panel(ROUTE),
        panel(ANSWER),
        RailDecision("c", "Contact", disabled_reason=TOWNS),
        RailDecision("w", "Wegleggen", disabled_reason=TOWNS, small=True),
        RailDecision("u", "Uitdelen", disabled_reason=TOWNS, small=True),
        spoed(report, f"{path}/{NAME}", here, why_no_spoed),
        *([NOTHING_TO_UNDO] if bar_for(request, NATIONAL) is None else []),
    ]


def why_not(report: Report) -> str:
    """Return in few words why the desk can't decide about a report; empty when it can."""
    if report.state != "nieuw":
        return _WHY.get(report.state, "is hier niet meer")
    if report.leaves_at is not None:
        return "wordt doorgegeven"
    if report.delivery in FORWARDED:
        return "is aangeboden" if report.delivery == "aangeboden" else "is opgehaald"
    return "" if can_be_routed(report) else "is hier niet meer"


def other_choices(context: ReportResource, request: Any, here: str) -> list[tuple[str, str]]:
    """Return what is rarer than the keys, each with its page."""
    report, path = context.report, request.resource_path(context)
    if not request.has_permission(Permission.ROUTE_REPORT, context):
        return []
    offered = report.delivery == "aangeboden" and report.state == "nieuw"
    choices = [
        choice
        for choice, possible in (
            (GO_ON, report.state == "wacht_op_melder"),
            (OPEN, report.state == "niet_in_behandeling"),
            (TAKE_BACK, offered),
        )
        if possible
    ]
    query = {"terug": here, "hier": here}
    return [
        (TITLES[choice], f"{path}/{NAME}?{urlencode({'keuze': choice, **query})}")
        for choice in choices
    ]


def detail_of(context: ReportResource, request: Any, here: str, onwards: str) -> dict[str, Any]:
    """Return what the pane and the rail show of a report at the desk."""
    report, session = context.report, request.db
    proposal = _proposal_of(context, request, here, onwards)
    why = returned_reasons(session, _may_be_back([report]))
    delivery = delivery_of(report, why)
    return {
        "report": report,
        "path": request.resource_path(context),
        "summary": words,
        "badges": [*words.badges(report), *filter(None, [delivery])],
        "account": marked(report.description) if report.description else None,
        "names": area_names(session, report),
        "returned": None if delivery == report.delivery else why[report.id],
        "messages": queries.messages_of(session, report)[:MESSAGES_SHOWN],
        "read": {
            "keuze": READ,
            "versie": report.version,
            "terug": onwards,
            "hier": here,
        },
        "proposal": proposal,
        "decide": f"{request.resource_path(context)}/{NAME}",
        "rail": rail_of(context, request, here, onwards, proposal is not None),
        "more": other_choices(context, request, here),
    }


def rail_panel(context: ReportResource, request: Any) -> Panel | None:
    """Return the rail on the own page of a report at the desk."""
    if context.holder != NATIONAL:
        return None
    here = request.resource_path(context).rstrip("/")
    may = request.has_permission(Permission.ROUTE_REPORT, context)
    proposal = _proposal_of(context, request, here, here) if may else None
    detail = {
        "report": context.report,
        "rail": rail_of(context, request, here, here, proposal is not None) if may else [],
        "proposal": proposal,
        "more": [
            *rare_actions(context, request),
            *other_choices(context, request, here),
            *step_links(context, request),
        ],
    }
    return Panel("", RAIL_PANEL, {"detail": detail})


def _proposal_of(
    context: ReportResource, request: Any, here: str, onwards: str
) -> dict[str, Any] | None:
    """Return what waits for a second person, with what the reporter reads when that one agrees."""
    place = Place(request.resource_path(context).rstrip("/"), here, onwards)
    proposal = proposal_of(context, request, place)
    text = str(proposal["row"].values.get("bericht", "")) if proposal else ""
    return proposal and {**proposal, "reads": with_help(request.db, context.report, text)}


# The list


def rows_of(
    request: Any, rows: Sequence[tuple[Report, str | None]], opened: Report | None
) -> list[WorkbenchRow]:
    """Return the rows of the queue, of reports with the name of their municipality."""
    returned = returned_reasons(request.db, _may_be_back([report for report, _ in rows]))
    return [_row(request, report, name, opened, returned.get(report.id)) for report, name in rows]


def _may_be_back(reports: Sequence[Report]) -> list[UUID]:
    """Return the reports that a municipality may have given back: no offer of them goes on."""
    return [row.id for row in reports if row.delivery == "verlopen"]


def _row(
    request: Any, report: Report, town: str | None, opened: Report | None, returned: str | None
) -> WorkbenchRow:
    marks = [mark for mark in words.badges(report) if mark not in ("nieuw", "wacht_op_melder")]
    marks += ["bel nu"] if report.urgent and report.delivery in queue.RING_AT_ONCE else []
    meta = [town or _place(report), ago(report.received_at).removesuffix(" geleden")]
    return WorkbenchRow(
        title=words.heading(report),
        href=with_params(request, melding=report.reference),
        meta=[*meta, f"niet van deze gemeente: {returned}"] if returned else meta,
        text=" ".join((report.description or "").split())[:SNIPPET],
        marks=marks,
        fresh=report.state == "nieuw",
        current=report is opened,
        value=report.reference,
    )


def _place(report: Report) -> str:
    """Return the place as the reporter says it, for who doesn't know the municipality yet."""
    stop, town = (report.transit or {}).get("stop"), (report.address or {}).get("town")
    return str(report.location_text or stop or town or UNKNOWN)[:PLACE]


def views_of(request: Any, wanted: queue.QueueFilter, number: int) -> list[NavItem]:
    """Return the views of the queue, each with the number of the rows that it leads to.

    `number`: of the reports that must be decided on.
    """
    counts = queue.by_standing(request.db, wanted)
    first = NavItem(
        TO_DECIDE,
        with_params(request, bezorging=None, pagina=None, melding=None),
        current=wanted.standing is None,
        count=number if number <= COUNTED else None,
    )
    return [
        first,
        *(
            NavItem(
                label,
                with_params(request, bezorging=code, pagina=None, melding=None),
                current=wanted.standing == code,
                count=counts[code],
            )
            for code, label in queue.STANDINGS.items()
            # Most often the first view has just these.
            if code in counts and (code != "te_routeren" or counts[code] != first.count)
        ),
    ]


def municipality_facet(request: Any, wanted: queue.QueueFilter) -> list[FacetValue]:
    """Return the busiest municipalities, each with the number of its rows."""
    rows = queue.by_municipality(request.db, wanted, MUNICIPALITIES_SHOWN)
    values = []
    for code, name, number in rows:
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
