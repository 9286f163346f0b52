"""The page of a dossier, in parts that each have an address, such as `?deel=meldingen`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import NavItem, Request, page_view, query_pairs
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.core.workflow import Transition
from stopintimidatie.dossiers import queries
from stopintimidatie.dossiers.actions.services import attachments, effects, title_of
from stopintimidatie.dossiers.case.queries import related
from stopintimidatie.dossiers.consultations.services import badge_of, participants
from stopintimidatie.dossiers.filing.views import forms_of
from stopintimidatie.dossiers.forms import CONTROLS, LABELS
from stopintimidatie.dossiers.models import Dossier, DossierMeasure
from stopintimidatie.dossiers.pages import (
    HIDDEN,
    may_edit,
    page_of,
    reader_of,
    sees_reports,
    today,
)
from stopintimidatie.dossiers.queries import Counts
from stopintimidatie.dossiers.resources import DossierResource, dossier_path
from stopintimidatie.dossiers.services import may_name
from stopintimidatie.dossiers.workflow import (
    DOSSIER_WORKFLOW,
    LIVE,
    ClosingReason,
    ConsultationKind,
    DossierKind,
)
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY
from stopintimidatie.reports.services import paths_of_reports, report_path
from stopintimidatie.reports.vocabulary import FollowUp, PlaceType
from stopintimidatie.reports.words import when_short, when_text

Page = dict[str, Any]
OVERVIEW: Final = "overzicht"
# The closed lists and functions that the parts of the page need for their words.
WORDS: Final = {
    "kinds": DossierKind,
    "bases": LegalBasis,
    "reasons": ClosingReason,
    "consultations": ConsultationKind,
    "places": PlaceType,
    "measures": FollowUp,
    "steps": {step.name: step for step in DOSSIER_WORKFLOW.transitions},
    "labels": {column: LABELS[control] for column, control in CONTROLS.items()},
    "day": date.fromisoformat,
    "badge_of": badge_of,
    "forms_of": forms_of,
    "title_of": title_of,
    "when": when_text,
    "when_short": when_short,
}


@dataclass(frozen=True)
class Part:
    """A part of the page: the tab it is under, its number, and the values to show."""

    name: str
    tab: str
    label: str
    counted: str
    show: Callable[[DossierResource, Request, Counts], Page]


def _list(
    find: Any, counted: str, context: DossierResource, request: Request, numbers: Counts, **how: Any
) -> Page:
    """Return a part that is a list; `counted` names its total among the numbers."""
    find = partial(find, request.db, context.dossier, **how)
    return {"list": read_register(request, getattr(numbers, counted), find)}


def _overview(context: DossierResource, request: Request, numbers: Counts) -> Page:
    dossier, session = context.dossier, request.db
    return {
        "soon": queries.agreements(session, dossier, 0, queries.LATEST, only_open=True),
        "relatives": related(session, dossier),
        "dossier_path": partial(dossier_path, context.municipality.slug),
        "picture": _picture(context, request, numbers),
    }


def _chronology(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return what happened, the latest first; the reports among it are noted as read."""
    how = {"reader": reader_of(request), "reports_too": numbers.reports_too}
    page = _list(queries.events, "events", context, request, numbers, **how)
    ids = [event.row.id for event in page["list"].rows if event.kind == "melding"]
    note_read(request, context.holder, "melding", ids, task="dossier bekijken")
    return {**page, "addresses": paths_of_reports(request.db, ids)}


def _reports(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the reports on a page of the list, or why this person doesn't see them."""
    if not numbers.reports_too:
        return {"list": None, "hidden": HIDDEN}
    bound = is_restricted(request.registry, Report.id)
    page = _list(queries.members, "reports", context, request, numbers, restricted=bound)
    ids = [member.report.id for member in page["list"].rows]
    note_read(request, context.holder, "melding", ids, task="dossier bekijken")
    path_of = partial(report_path, municipality_slug=context.municipality.slug)
    return {**page, "hidden": "", "path_of": path_of}


def _notes(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the notes that this person may read."""
    reader = reader_of(request)
    return _list(queries.notes, "notes", context, request, numbers, reader=reader)


def _participants(context: DossierResource, request: Request, numbers: Counts) -> Page:
    return {"rows": participants(request.db, context.dossier)}


def _files(context: DossierResource, request: Request, numbers: Counts) -> Page:
    return {"files": attachments(request.db, context.dossier)}


def _measures(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the measures, their counts, and the months in a chart with its table."""
    known = effects(request.db, context.dossier, today())
    moments = queries.moments(request.db, context.dossier)
    return {"effects": known, **_months(moments, [effect.measure for effect in known])}


def _months(moments: Any, measures: Iterable[DossierMeasure]) -> Page:
    """Return the months in a chart, wide and narrow, and the measures that began in each."""
    months, begun = queries.months(moments, today()), dict[str, list[str]]()
    for measure in measures:
        name = queries.month_name(measure.started_on)
        begun.setdefault(name, []).append(FollowUp.word(measure.kind))
    draw = partial(charts.trend_chart, months, colour=DEFAULT_COLOUR, marks=begun)
    wide, narrow = (charts.data_uri(draw(width=width)) for width in (700, 340))
    alt = charts.bar_summary("Meldingen in dit dossier per maand", months)
    marked = [(name, begun[name]) for name, _ in months if name in begun]
    return {"months": months, "chart": wide, "narrow": narrow, "alt": alt, "marked": marked}


def _picture(context: DossierResource, request: Request, numbers: Counts) -> Page | None:
    """Return when its reports happened, in charts; None where this person sees none."""
    if not (numbers.reports_too and numbers.reports):
        return None
    moments = queries.moments(request.db, context.dossier)
    week = queries.week(moments)
    measures = queries.measures(request.db, context.dossier) if numbers.measures else ()
    return {
        **_months(moments, measures),
        "week": week,
        "parts": PARTS_OF_DAY,
        "heat": charts.data_uri(charts.heat_table(PARTS_OF_DAY, week, colour=DEFAULT_COLOUR)),
        "heat_alt": charts.heat_summary("Meldingen in dit dossier", PARTS_OF_DAY, week),
    }


_talks: Final = partial(_list, queries.consultations, "consultations")
_agreements: Final = partial(_list, queries.agreements, "agreements")
_history: Final = partial(_list, queries.history, "history")
PARTS: Final = (
    Part(OVERVIEW, "Overzicht", "Overzicht", "", _overview),
    Part("meldingen", "Meldingen", "Meldingen", "reports", _reports),
    Part("chronologie", "Verloop", "Chronologie", "events", _chronology),
    Part("notities", "Verloop", "Notities", "notes", _notes),
    Part("geschiedenis", "Verloop", "Geschiedenis", "history", _history),
    Part("overleg", "Overleg", "Overleg", "consultations", _talks),
    Part("deelnemers", "Overleg", "Deelnemers", "", _participants),
    Part("afspraken", "Afspraken", "Afspraken", "agreements", _agreements),
    Part("maatregelen", "Afspraken", "Maatregelen", "measures", _measures),
    Part("bijlagen", "Stukken", "Bijlagen", "", _files),
)
TABS: Final = {tab: [*parts] for tab, parts in groupby(PARTS, attrgetter("tab"))}
# Sections of other rooms that don't stand on the overview, with their part.
ELSEWHERE: Final = {"logboek": "geschiedenis", "uitvoer": "bijlagen", "van-de-politie": "bijlagen"}


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
        "tabs": [
            _link(here, first, label, numbers, current=part.tab == label)
            for label, (first, *_) in TABS.items()
        ],
        "group": [
            _link(here, each, each.label, numbers, current=each is part) for each in TABS[part.tab]
        ],
        "panels": panels(
            request,
            "dossier",
            context,
            lambda n: ELSEWHERE.get(n, OVERVIEW) == part.name and (sees or n != "kaart"),
        ),
        "may_edit": may_edit(context, request),
        "may_finish": sees and bool(request.has_permission(Permission.TRIAGE, context)),
        "sees_reports": sees,
        "may_name": may_name(dossier, reader) and dossier.state in LIVE,
        "today": today(),
        "steps": _steps(context, request),
        "words": WORDS,
        **part.show(context, request, numbers),
    }


def _link(here: str, part: Part, label: str, numbers: Counts, *, current: bool) -> NavItem:
    href = here if part.name == OVERVIEW else f"{here}?deel={part.name}"
    return NavItem(label, href, current, getattr(numbers, part.counted) if part.counted else None)


def _steps(context: DossierResource, request: Request) -> list[Transition]:
    """Return the steps that this person may make from here."""
    return [
        step
        for step in DOSSIER_WORKFLOW.moves_from(context.dossier.state)
        if request.has_permission(step.permission, context)
        and (step.name != "heropenen" or context.dossier.shown_state == context.dossier.state)
    ]
