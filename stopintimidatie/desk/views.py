"""The queue of the national desk. A report is opened and passed on at its own pages."""

from __future__ import annotations

from typing import Any

from pyramid.view import view_config

from stopintimidatie.desk import queue
from stopintimidatie.desk.resources import Desk
from stopintimidatie.desk.returned import number_returned, returned
from stopintimidatie.municipalities.proposals import waiting_at
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import report_path
from stopintimidatie.reports.vocabulary import Form, PlaceType
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.storage.counting import COUNTED
from stopintimidatie.web.components import FacetValue, ListItem
from stopintimidatie.web.filters import datetime_short
from stopintimidatie.web.paging import Paging, wanted_page, worth_counting
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import with_params

MUNICIPALITIES_SHOWN = 15


@view_config(
    context=Desk,
    request_method="GET",
    permission=Permission.VIEW_DESK,
    renderer="stopintimidatie.desk:templates/queue.jinja2",
)
def queue_view(context: Desk, request: Request) -> dict[str, Any]:
    """What waits at the desk: not placed, or not connected."""
    wanted = queue.QueueFilter(request.GET.get("bezorging"), request.GET.get("gemeente"))
    number = wanted_page(request)
    most = worth_counting(number, COUNTED)
    paging = Paging.counted(number, queue.count(request.db, wanted, most), most)
    rows = queue.page(request.db, wanted, paging.offset, paging.size)
    ids = [report.id for report, _ in rows]
    note_read(request, context.holder, "melding", ids, task="wachtrij landelijk meldpunt")
    return {
        "items": [_item(report, name) for report, name in rows],
        "paging": paging,
        "deliveries": _delivery_facet(request, wanted),
        "municipalities": _municipality_facet(request, wanted),
        "returned": number_returned(request.db),
        "proposals": len(waiting_at(request.db, context.holder)),
    }


@view_config(
    context=Desk,
    name="teruggekomen",
    request_method="GET",
    permission=Permission.VIEW_DESK,
    renderer="stopintimidatie.desk:templates/returned.jinja2",
)
def returned_view(context: Desk, request: Request) -> dict[str, Any]:
    """Whose messages came back: ring them, and offer the report again."""
    rows = returned(request.db)
    ids = [row.report_id for row in rows]
    note_read(request, context.holder, "melding", ids, task="teruggekomen berichten")
    return {
        "items": [
            ListItem(
                title=row.reference,
                href=f"/{context.holder}/{row.reference}",
                badges=[row.state],
                meta=[row.town, f"kwam terug {datetime_short(row.returned_at)}"],
            )
            for row in rows
        ],
    }


def _item(report: Report, municipality: str | None) -> ListItem:
    forms = ", ".join(Form.word(code) for code in report.forms)
    return ListItem(
        title=f"{report.reference}: {forms}",
        href=report_path(report, None, None),
        badges=(["spoed"] if report.urgent else []) + [report.state, report.delivery or ""],
        meta=[
            municipality or "gemeente onbekend",
            PlaceType.word(report.place_type),
            f"ontvangen {datetime_short(report.received_at)}",
        ],
    )


def _delivery_facet(request: Request, wanted: queue.QueueFilter) -> list[FacetValue]:
    counts = queue.by_delivery(request.db, wanted)
    return [
        FacetValue(
            label,
            _chosen(request, "bezorging", code, wanted.delivery),
            counts[code],
            code == wanted.delivery,
        )
        for code, label in queue.DELIVERY_LABELS.items()
        if code in counts
    ]


def _municipality_facet(request: Request, wanted: queue.QueueFilter) -> list[FacetValue]:
    rows = queue.by_municipality(request.db, wanted, MUNICIPALITIES_SHOWN)
    return [
        FacetValue(
            name or "gemeente onbekend",
            _chosen(request, "gemeente", code or queue.UNPLACED, wanted.municipality),
            number,
            (code or queue.UNPLACED) == wanted.municipality,
        )
        for code, name, number in rows
    ]


def _chosen(request: Request, name: str, value: str, present: str | None) -> str:
    """The address with this value chosen, or let go when it was."""
    wanted: dict[str, Any] = {name: None if value == present else value, "pagina": None}
    return with_params(request, **wanted)
