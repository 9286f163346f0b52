"""The page of a dossier. Each part is an address: `?deel=chronologie`, `?deel=meldingen`, …"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.accounts.models import User
from stopintimidatie.dossiers import chronology
from stopintimidatie.dossiers.chronology import Counts
from stopintimidatie.dossiers.family import MERGED, Relative, related
from stopintimidatie.dossiers.file_views import files_part
from stopintimidatie.dossiers.handling import page_of, today
from stopintimidatie.dossiers.measure_views import measures_part
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.naming import may_name
from stopintimidatie.dossiers.naming_views import sees_reports
from stopintimidatie.dossiers.part_pages import (
    agreement_lines,
    agreements_part,
    chronology_part,
    consultations_part,
    history_part,
    may_edit,
    notes_part,
    participants_part,
    reader_of,
    reports_part,
)
from stopintimidatie.dossiers.paths import dossier_path
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.vocabulary import ClosingReason, DossierKind
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW, LIVE
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.filters import date_text, datetime_short
from stopintimidatie.web.navigation import NavItem
from stopintimidatie.web.paging import Paging
from stopintimidatie.web.panels import panels
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

OVERVIEW: Final = "overzicht"
Page = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of the page: its tab, how many there are, and what it shows."""

    name: str
    label: str
    count: Callable[[Counts], int | None]
    show: Callable[[DossierResource, Request, Counts], Page]


@view_config(
    context=DossierResource,
    request_method="GET",
    permission=Permission.VIEW_DOSSIER,
    renderer="stopintimidatie.dossiers:templates/dossier.jinja2",
)
def dossier_view(context: DossierResource, request: Request) -> Page:
    """One part of the dossier, with its heading, steps and tabs."""
    dossier = context.dossier
    note_read(request, context.holder, "dossier", [dossier.id], task="dossier bekijken")
    sees = sees_reports(context, request)
    numbers = chronology.counts(request.db, dossier, today(), reader_of(request), reports_too=sees)
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
        "may_name": may_name(dossier, reader_of(request)) and dossier.state in LIVE,
        "look_at_effect": _look_at_effect(dossier),
        "steps": _steps(context, request),
        "badges": _badges(dossier, numbers),
        "kind": DossierKind.of(dossier.kind).short,
        **part.show(context, request, numbers),
    }


def _look_at_effect(dossier: Dossier) -> bool:
    """The day that was set for it has come."""
    day = dossier.monitoring_on
    return dossier.state == "monitoring" and day is not None and day <= today()


def _tab(here: str, part: Part) -> str:
    return here if part.name == OVERVIEW else f"{here}?deel={part.name}"


def _badges(dossier: Dossier, numbers: Counts) -> list[str]:
    flags = [(dossier.urgent, "spoed"), (dossier.frozen, "bevroren")]
    return [dossier.state, *(name for on, name in flags if on)]


def _steps(context: DossierResource, request: Request) -> list[tuple[str, str]]:
    """The steps that this person may make from here, as (label, address)."""
    here = page_of(context, request)
    return [
        (step.label, f"{here}/stap?naam={step.name}")
        for step in DOSSIER_WORKFLOW.moves_from(context.dossier.state)
        if request.has_permission(step.permission, context)
    ]


def _overview(context: DossierResource, request: Request, numbers: Counts) -> Page:
    dossier = context.dossier
    owner = request.db.scalar(select(User.name).where(User.id == dossier.owner_id))
    relatives = related(request.db, dossier)
    merged = next((r.number for r in relatives if r.relation == MERGED), None)
    soon = chronology.agreements(
        request.db, dossier, Paging(1, chronology.LATEST, chronology.LATEST), only_open=True
    )
    return {
        "facts": _facts(context, owner or ""),
        "footing": _footing(dossier),
        "ending": _ending(dossier, merged),
        "soon": agreement_lines(context, request, soon),
        "family": [(r.words, _relative(context, r)) for r in relatives],
        "panels": panels(request, "dossier", context),
    }


def _relative(context: DossierResource, other: Relative) -> str:
    return dossier_path(context.municipality.slug, other.slug, other.number)


def _facts(context: DossierResource, owner: str) -> list[tuple[str, str]]:
    dossier = context.dossier
    return [
        ("Nummer", dossier.number),
        ("Soort", DossierKind.word(dossier.kind)),
        ("Wijk", context.neighbourhood.name),
        ("Dossierhouder", owner),
        ("Gemaakt", date_text(dossier.made_at)),
        ("Laatst gewijzigd", f"{datetime_short(dossier.changed_at)}, {dossier.changed_by}"),
        ("Effect bekijken op", date_text(dossier.monitoring_on)),
    ]


def _footing(dossier: Dossier) -> list[tuple[str, str | None]]:
    rows = [
        ("Doel", dossier.purpose),
        ("Grondslag", LegalBasis.word(dossier.legal_basis)),
        ("Verantwoordelijk orgaan", dossier.responsible_body),
    ]
    if dossier.kind == DossierKind.PERSON:
        rows.append(("Advies van de privacyfunctionaris", dossier.privacy_advice))
        rows.append(("Datum van het advies", date_text(dossier.privacy_advice_on)))
    return rows


def _ending(dossier: Dossier, merged: str | None) -> list[tuple[str, str | None]]:
    if dossier.closed_at is None:
        return []
    rows: list[tuple[str, str | None]] = [
        ("Afgesloten", date_text(dossier.closed_at)),
        ("Reden", ClosingReason.word(dossier.closed_reason)),
        ("Overgenomen door", dossier.taken_over_by),
        ("Samengevoegd met", merged),
        ("Effect", dossier.effect),
        ("Terugkoppeling aan melders", dossier.feedback),
        ("Toelichting", dossier.closed_note),
    ]
    return [(label, value) for label, value in rows if value]


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
