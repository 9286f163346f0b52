"""The similar reports on the page of a report, on a page of their own, and one press for double."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.reports.areas import area_names
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.services import KIND
from stopintimidatie.reports.steps import NEW_DOSSIER, report_action
from stopintimidatie.reports.vocabulary import Form
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.triage.similar import MOST, SHOWN, Similar, similar_to
from stopintimidatie.web.panels import Panel
from stopintimidatie.web.request import Request

PANEL: Final = "stopintimidatie.triage:templates/similar_panel.jinja2"
PAGE: Final = "vergelijkbaar"
BESIDE: Final = 5
"""So many stand beside the report in hand: at triage, and in the inbox."""
TASK: Final = "vergelijkbare meldingen"
# From here a report can be closed as double of another.
CLOSABLE: Final = frozenset({"nieuw", "in_behandeling"})


def similar_panel(context: ReportResource, request: Request) -> Panel | None:
    """The section on the page of a report. The desk's reports lie all over the country."""
    if context.holder == NATIONAL or context.report.state in GONE:
        return None
    return Panel("Vergelijkbare meldingen", PANEL, {"values": similar_values(context, request)})


def similar_values(
    context: ReportResource,
    request: Request,
    limit: int = SHOWN,
    *,
    here: str | None = None,
    back: str = "",
    task: str | None = TASK,
) -> dict[str, Any]:
    """What the section and the page show; that these were seen is noted.

    :param here: the address of the report, where the resource isn't the one at that address.
    :param back: where to go after closing this report as double.
    :param task: under which the look at them is noted; None when the caller notes it.
    """
    report, here = context.report, here or request.resource_path(context).rstrip("/")
    found = similar_to(request.db, request.registry.search.backend, report, limit)
    if found and task is not None:
        note_read(request, context.holder, KIND, [other.id for other in found], task=TASK)
    may_triage = bool(request.has_permission(Permission.TRIAGE, context))
    return {
        "similar": found,
        "titles": {other.reference: _title(other) for other in found},
        "report": report,
        "here": here,
        "back": back,
        "more": f"{here}/{PAGE}" if len(found) == limit else None,
        "may_close": may_triage and report.state in CLOSABLE,
        "together": _together(context, request, found),
    }


def _title(other: Similar) -> str:
    words = ", ".join(Form.word(code) for code in other.forms) or "melding"
    return f"{words[0].upper()}{words[1:]}"


def _together(context: ReportResource, request: Request, found: list[Similar]) -> str | None:
    """The form for a new dossier with this report and those that are ready to go along."""
    action = report_action(request, context, NEW_DOSSIER)
    ready = [other.reference for other in found if other.state == "in_behandeling"]
    if action is None or not ready:
        return None
    return f"{action.href}&{urlencode([('melding', reference) for reference in ready])}"


@view_config(
    context=ReportResource,
    name=PAGE,
    request_method="GET",
    permission=Permission.VIEW_REPORT,
    renderer="stopintimidatie.triage:templates/similar.jinja2",
)
def similar_view(context: ReportResource, request: Request) -> Any:
    """Up to forty similar reports, the most similar first, and how the score came about."""
    if context.holder == NATIONAL or context.report.state in GONE:
        return HTTPSeeOther(request.resource_path(context))
    values = similar_values(context, request, MOST)
    names = area_names(request.db, context.report)
    rows = [
        [other.reference, f"{other.percent}%", *_parts(other)]
        for other in values["similar"][:SHOWN]
    ]
    return {**values, "more": None, "names": names, "rows": rows}


def _parts(other: Similar) -> list[str]:
    return [
        "onbekend" if part is None else f"{round(part * 100)}%"
        for part in other.likeness.parts.values()
    ]
