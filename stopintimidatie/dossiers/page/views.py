"""The page of a dossier, in parts that each have an address, such as `?deel=meldingen`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.request import NavItem, Paging, Request, page_view, query_pairs
from stopintimidatie.core.workflow import Transition
from stopintimidatie.dossiers import queries
from stopintimidatie.dossiers.actions.panels import files_part, measures_part
from stopintimidatie.dossiers.case.queries import MERGED, related
from stopintimidatie.dossiers.consultations.services import badge_of, participants
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import (
    HIDDEN,
    agreement_lines,
    may_edit,
    page_of,
    paging_of,
    reader_of,
    sees_reports,
    today,
)
from stopintimidatie.dossiers.queries import Counts
from stopintimidatie.dossiers.resources import DossierResource, dossier_path
from stopintimidatie.dossiers.services import may_name
from stopintimidatie.dossiers.words import excerpt, forms_of, history_entry
from stopintimidatie.dossiers.workflow import (
    DOSSIER_WORKFLOW,
    LIVE,
    ClosingReason,
    ConsultationKind,
    DossierKind,
)
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import paths_of_reports, report_path
from stopintimidatie.reports.vocabulary import FollowUp, PlaceType
from stopintimidatie.reports.words import when_short, when_text

Page = dict[str, Any]


def consultations_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the consultations on a page of the list."""
    paging = paging_of(request, numbers.consultations)
    return {"paging": paging, "rows": queries.consultations(request.db, context.dossier, paging)}


def participants_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return who takes part now, and who did before."""
    rows = participants(request.db, context.dossier)
    return {
        "present": [r for r in rows if r.left_at is None],
        "former": [r for r in rows if r.left_at],
    }


def chronology_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return what happened, the latest first; the reports among it are noted as read."""
    paging = paging_of(request, numbers.events)
    reader, too = reader_of(request), numbers.reports_too
    events = queries.events(request.db, context.dossier, paging, reader, reports_too=too)
    reports = [event.row for event in events if event.kind == "melding"]
    _note_reports(request, context, reports)
    addresses = paths_of_reports(request.db, [report.id for report in reports])
    return {"paging": paging, "events": events, "addresses": addresses}


def _note_reports(request: Request, context: DossierResource, reports: Sequence[Report]) -> None:
    ids = [report.id for report in reports]
    note_read(request, context.holder, "melding", ids, task="dossier bekijken")


def reports_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the reports on a page of the list, or why this person doesn't see them."""
    if not numbers.reports_too:
        return {"paging": paging_of(request, 0), "members": [], "hidden": HIDDEN}
    paging = paging_of(request, numbers.reports)
    bound = is_restricted(request.registry, Report.id)
    members = queries.members(request.db, context.dossier, paging, bound)
    _note_reports(request, context, [member.report for member in members])
    return {"paging": paging, "members": members, "hidden": "", "path_of": report_path}


def notes_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the notes that this person may read."""
    paging = paging_of(request, numbers.notes)
    notes = queries.notes(request.db, context.dossier, paging, reader_of(request))
    return {"paging": paging, "notes": notes}


def agreements_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the agreements on a page of the list."""
    paging = paging_of(request, numbers.agreements)
    rows = queries.agreements(request.db, context.dossier, paging)
    return {"paging": paging, "lines": agreement_lines(context, request, rows)}


def history_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the history on a page of the list."""
    paging = paging_of(request, numbers.history)
    moves = queries.history(request.db, context.dossier, paging)
    return {"paging": paging, "entries": [history_entry(move) for move in moves]}


OVERVIEW: Final = "overzicht"
# The closed lists and functions that the parts of the page need for their words.
WORDS: Final = {
    "kinds": DossierKind,
    "bases": LegalBasis,
    "reasons": ClosingReason,
    "consultations": ConsultationKind,
    "places": PlaceType,
    "measures": FollowUp,
    "badge_of": badge_of,
    "excerpt": excerpt,
    "forms_of": forms_of,
    "history_entry": history_entry,
    "when": when_text,
    "when_short": when_short,
}


@dataclass(frozen=True)
class Part:
    """A part of the page: its tab, the number on the tab, and the values to show."""

    name: str
    label: str
    count: Callable[[Counts], int | None]
    show: Callable[[DossierResource, Request, Counts], Page]


@page_view(DossierResource, "", Permission.VIEW_DOSSIER, "templates/dossier.jinja2")
def dossier_view(context: DossierResource, request: Request) -> Page:
    """Show one part of the dossier, with its heading, steps and tabs."""
    dossier = context.dossier
    note_read(request, context.holder, "dossier", [dossier.id], task="dossier bekijken")
    sees = sees_reports(context, request)
    reader = reader_of(request)
    bound = is_restricted(request.registry, Dossier.id)
    numbers = queries.counts(
        request.db, dossier, today(), reader, reports_too=sees, restricted=bound
    )
    wanted = dict(query_pairs(request)).get("deel", OVERVIEW)
    part = next((part for part in PARTS if part.name == wanted), PARTS[0])
    here = page_of(context, request)
    return {
        "dossier": dossier,
        "here": here,
        "part": part.name,
        "numbers": numbers,
        "tabs": [NavItem(p.label, _tab(here, p), p is part, p.count(numbers)) for p in PARTS],
        "may_edit": may_edit(context, request),
        "may_finish": sees and bool(request.has_permission(Permission.TRIAGE, context)),
        "sees_reports": sees,
        "may_name": may_name(dossier, reader) and dossier.state in LIVE,
        "today": today(),
        "steps": _steps(context, request),
        "badges": _badges(dossier, numbers),
        "kind": DossierKind.of(dossier.kind).short,
        "words": WORDS,
        **part.show(context, request, numbers),
    }


def _tab(here: str, part: Part) -> str:
    return here if part.name == OVERVIEW else f"{here}?deel={part.name}"


def _badges(dossier: Dossier, numbers: Counts) -> list[str]:
    flags = [
        (dossier.urgent, "spoed"),
        (dossier.frozen, "bevroren"),
        (numbers.restricted, "gebruik_beperkt"),
    ]
    return [dossier.shown_state, *(name for on, name in flags if on)]


def _steps(context: DossierResource, request: Request) -> list[Transition]:
    """Return the steps that this person may make from here."""
    return [
        step
        for step in DOSSIER_WORKFLOW.moves_from(context.dossier.state)
        if request.has_permission(step.permission, context)
        and (step.name != "heropenen" or context.dossier.shown_state == context.dossier.state)
    ]


def _overview(context: DossierResource, request: Request, numbers: Counts) -> Page:
    dossier, town = context.dossier, context.municipality.slug
    relatives = related(request.db, dossier)
    first = Paging(1, queries.LATEST, queries.LATEST)
    soon = queries.agreements(request.db, dossier, first, only_open=True)
    return {
        "owner": request.db.scalar(select(User.name).where(User.id == dossier.owner_id)),
        "merged": next((r.number for r in relatives if r.relation == MERGED), None),
        "soon": agreement_lines(context, request, soon),
        "family": [(r.words, dossier_path(town, r.slug, r.number)) for r in relatives],
        "panels": panels(request, "dossier", context),
    }


PARTS: Final = (
    Part(OVERVIEW, "Overzicht", lambda n: None, _overview),
    Part("chronologie", "Chronologie", lambda n: n.events, chronology_part),
    Part("meldingen", "Meldingen", lambda n: n.reports, reports_part),
    Part("notities", "Notities", lambda n: n.notes, notes_part),
    Part("overleg", "Overleg", lambda n: n.consultations, consultations_part),
    Part("deelnemers", "Deelnemers", lambda n: None, participants_part),
    Part("afspraken", "Afspraken", lambda n: n.agreements, agreements_part),
    Part("maatregelen", "Maatregelen", lambda n: n.measures, measures_part),
    Part("bijlagen", "Bijlagen", lambda n: n.attachments, files_part),
    Part("geschiedenis", "Geschiedenis", lambda n: n.history, history_part),
)
