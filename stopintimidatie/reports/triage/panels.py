"""The part of triage on the page of a report: similar reports."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.request import Request, page_view
from stopintimidatie.reports.page.steps import (
    NEW_DOSSIER,
    report_action,
)
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.triage.similar import MOST, SHOWN, Similar, similar_to
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.vocabulary import Form as HarassmentForm
from stopintimidatie.reports.words import area_names

PAGE: Final = "vergelijkbaar"
# The number of similar reports beside the report in hand: at triage, and in the inbox.
BESIDE: Final = 5
TASK: Final = "vergelijkbare meldingen"
# From here a report can be closed as double of another.
CLOSABLE: Final = frozenset({"nieuw", "in_behandeling"})


def similar_values(
    context: ReportResource,
    request: Request,
    limit: int = SHOWN,
    *,
    here: str | None = None,
    back: str = "",
    task: str | None = TASK,
) -> dict[str, Any]:
    """Return the values of the section and the page; that these reports were seen is noted.

    `here`: the address of the report, where the resource isn't the one at that address.
    `back`: where to go after closing this report as double.
    `task`: under which the look at them is noted; None when the caller notes it.
    """
    report, here = context.report, here or request.resource_path(context).rstrip("/")
    similar = similar_to(request.db, request.registry, report, limit)
    if similar and task is not None:
        note_read(request, context.holder, KIND, [other.id for other in similar], task=TASK)
    may_triage = bool(request.has_permission(Permission.TRIAGE, context))
    return {
        "similar": similar,
        "titles": {other.reference: _title(other) for other in similar},
        "report": report,
        "here": here,
        "back": back,
        "more": f"{here}/{PAGE}" if len(similar) == limit else None,
        "may_close": may_triage and report.state in CLOSABLE,
        "together": _together(context, request, similar),
    }


def _title(other: Similar) -> str:
    words = ", ".join(HarassmentForm.word(code) for code in other.forms) or "melding"
    return f"{words[0].upper()}{words[1:]}"


def _together(context: ReportResource, request: Request, similar: list[Similar]) -> str | None:
    """Return the address of the form for a new dossier with this report and those ready for it."""
    action = report_action(request, context, NEW_DOSSIER)
    ready = [other.reference for other in similar if other.state == "in_behandeling"]
    if action is None or not ready:
        return None
    return f"{action.href}&{urlencode([('melding', reference) for reference in ready])}"


@page_view(ReportResource, PAGE, Permission.VIEW_REPORT, "templates/similar.jinja2")
def similar_view(context: ReportResource, request: Request) -> Any:
    """Show up to forty similar reports, the most similar first, with the parts of the score."""
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
