"""Closing a report as double of another: one press, or two where its reporter waits for contact."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.reports.doubles import check_goes_on
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import path_of_report
from stopintimidatie.reports.references import normalise_reference
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import StaleReportError, take_in_hand
from stopintimidatie.reports.summary import CONTACT_AGREED
from stopintimidatie.reports.views import flash_step, step_page
from stopintimidatie.reports.vocabulary import ContactWish
from stopintimidatie.reports.workflow import ENDED, REPORT_WORKFLOW
from stopintimidatie.security import Permission
from stopintimidatie.triage.services import close_as_double
from stopintimidatie.triage.similar_views import CLOSABLE
from stopintimidatie.web.errors import ErrorPage, error_response
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs, safe_path
from stopintimidatie.workflow import WorkflowError
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS

NAME: Final = "dubbel"
SURE: Final = "zeker"


@view_config(context=ReportResource, name=NAME, request_method="POST", permission=Permission.TRIAGE)
def double_view(context: ReportResource, request: Request) -> Any:
    """Close this report as double of another; it can be taken back."""
    report: Report = context.report
    typed = request.POST.get("versie", "")
    version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
    other, back = request.POST.get("dubbel_van", "")[:40], request.POST.get("terug", "")
    try:
        take_in_hand(request.db, report, version)
        if report.state not in CLOSABLE:
            return error_response(request, 409)
        if report.contact_deadline is not None and request.POST.get(SURE) != "ja":
            return _ask_first(context, request, other, back)
        _close(request, report, other)
    except StaleReportError:
        return error_response(request, 409)
    except WorkflowError as problem:
        return error_response(request, 400, _refused(problem))
    path = path_of_report(request.db, report.id) or request.resource_path(context)
    step = REPORT_WORKFLOW.transition("niet_in_behandeling")
    flash_step(request, context, step, "in_behandeling", path)
    return HTTPSeeOther(safe_path(back, path))


def _refused(problem: WorkflowError) -> ErrorPage:
    return ErrorPage(
        "De melding is niet gesloten",
        (str(problem), "Er is niets gewijzigd. Ga terug naar de vorige pagina."),
    )


def _close(request: Request, report: Report, other: str) -> None:
    actor, effects = request.actor, WORKFLOW_EFFECTS.of(request.registry)
    close_as_double(request.db, effects, report, other, actor)
    request.db.flush()


def _ask_first(context: ReportResource, request: Request, other: str, back: str) -> Any:
    """:raises WorkflowError: it can't be the double of that one."""
    found = _found(request.db, other)
    if found is None:
        raise WorkflowError("Die andere melding is niet gevonden.", "dubbel_van")
    check_goes_on(request.db, context.report, found)
    asked = urlencode({"van": found.reference, "terug": back})
    return HTTPSeeOther(f"{request.resource_path(context, NAME)}?{asked}")


def _found(session: Session, typed: str) -> Report | None:
    wanted = normalise_reference(typed[:40])
    return session.scalars(select(Report).where(Report.reference == (wanted or ""))).first()


@view_config(
    context=ReportResource,
    name=NAME,
    request_method="GET",
    permission=Permission.TRIAGE,
    renderer="stopintimidatie.triage:templates/double.jinja2",
)
def ask_view(context: ReportResource, request: Request) -> Any:
    """What becomes of the contact that was promised, before it is closed."""
    report, here = context.report, request.resource_path(context)
    asked = dict(query_pairs(request))
    if "van" not in asked or report.state not in CLOSABLE:
        return HTTPSeeOther(here)
    other = _found(request.db, asked["van"])
    if other is None or other is report:
        raise HTTPNotFound()
    return {
        **step_page(context, request, f"Sluiten als dubbel van {other.reference}"),
        "other": other,
        "done": other.state in ENDED,
        "how": _how(report),
        "back": safe_path(asked.get("terug", ""), here),
        "sure": SURE,
    }


def _how(report: Report) -> str:
    """How the reporter wants to be reached, or what was agreed since."""
    agreed = dict(CONTACT_AGREED).get(report.contact_agreed or "")
    return agreed or ContactWish.word(report.wants_contact)
