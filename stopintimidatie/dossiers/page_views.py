"""The page of a dossier. Each part is an address: `?deel=chronologie`, `?deel=meldingen`, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.accounts.models import User
from stopintimidatie.dossiers import chronology
from stopintimidatie.dossiers.chronology import Counts, Member
from stopintimidatie.dossiers.handling import page_of, today
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.vocabulary import AgreementState, ClosingReason, DossierKind
from stopintimidatie.dossiers.words import event_entry, excerpt, forms_of, history_entry
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW, LIVE
from stopintimidatie.register.models import Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import report_path
from stopintimidatie.reports.vocabulary import LegalBasis, PlaceType
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.components import TimelineEntry
from stopintimidatie.web.filters import date_text, datetime_short
from stopintimidatie.web.navigation import NavItem
from stopintimidatie.web.paging import Paging, wanted_page
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


@dataclass(frozen=True)
class ReportLine:
    """A report in the list of the dossier."""

    href: str
    title: str
    badges: Sequence[str]
    meta: Sequence[str]
    snippet: str
    out_href: str | None


@dataclass(frozen=True)
class AgreementLine:
    """An agreement in the list."""

    what: str
    who: str
    minder: str
    due: Any
    state: str
    result: str
    href: str | None


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
    numbers = chronology.counts(request.db, dossier, today())
    wanted = dict(query_pairs(request)).get("deel", OVERVIEW)
    part = next((part for part in PARTS if part.name == wanted), PARTS[0])
    here = page_of(context, request)
    return {
        "dossier": dossier,
        "here": here,
        "part": part.name,
        "numbers": numbers,
        "tabs": [NavItem(p.label, _tab(here, p), p is part, p.count(numbers)) for p in PARTS],
        "may_edit": _may_edit(context, request),
        "may_finish": bool(request.has_permission(Permission.TRIAGE, context)),
        "steps": _steps(context, request),
        "badges": _badges(dossier, numbers),
        "kind": DossierKind.of(dossier.kind).short,
        **part.show(context, request, numbers),
    }


def _tab(here: str, part: Part) -> str:
    return here if part.name == OVERVIEW else f"{here}?deel={part.name}"


def _may_edit(context: DossierResource, request: Request) -> bool:
    live = context.dossier.state in LIVE
    return live and bool(request.has_permission(Permission.EDIT_DOSSIER, context))


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


def _paging(request: Request, total: int) -> Paging:
    return Paging(wanted_page(request), total)


def _overview(context: DossierResource, request: Request, numbers: Counts) -> Page:
    dossier = context.dossier
    owner = request.db.scalar(select(User.name).where(User.id == dossier.owner_id))
    merged = request.db.scalar(select(Dossier.number).where(Dossier.id == dossier.merged_into_id))
    soon = chronology.agreements(
        request.db, dossier, Paging(1, chronology.LATEST, chronology.LATEST), only_open=True
    )
    return {
        "facts": _facts(context, owner or ""),
        "footing": _footing(dossier),
        "ending": _ending(dossier, merged),
        "soon": _agreement_lines(context, request, soon),
        "panels": panels(request, "dossier", context),
    }


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


def _chronology(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = _paging(request, numbers.events)
    found = chronology.events(request.db, context.dossier, paging)
    reports = [event.row for event in found if event.kind == "melding"]
    _note_reports(request, context, reports)
    codes = {report.neighbourhood_code for report in reports}
    areas = request.db.execute(
        select(Neighbourhood.code, Neighbourhood.slug).where(Neighbourhood.code.in_(codes))
    )
    slugs: dict[Any, str] = {row.code: row.slug for row in areas}
    addresses = {
        report.id: _address(context, report, slugs[report.neighbourhood_code]) for report in reports
    }
    return {"paging": paging, "entries": [event_entry(event, addresses) for event in found]}


def _address(context: DossierResource, report: Report, slug: str) -> str:
    return report_path(report, context.municipality.slug, slug)


def _note_reports(request: Request, context: DossierResource, reports: Sequence[Report]) -> None:
    ids = [report.id for report in reports]
    note_read(request, context.holder, "melding", ids, task="dossier bekijken")


def _reports(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = _paging(request, numbers.reports)
    found = chronology.members(request.db, context.dossier, paging)
    _note_reports(request, context, [member.report for member in found])
    return {"paging": paging, "lines": [_line(context, request, member) for member in found]}


def _line(context: DossierResource, request: Request, member: Member) -> ReportLine:
    report, membership = member.report, member.membership
    meta = [
        f"M-{membership.serial:02d} in dit dossier",
        datetime_short(report.incident_start),
        member.neighbourhood,
        PlaceType.word(report.place_type),
    ]
    if membership.reference:
        elsewhere = f"hoort bij dossier {member.belongs_to}" if member.belongs_to else "verwijzing"
        meta.append(elsewhere)
    out = f"{page_of(context, request)}/melding-eruit?melding={report.reference}"
    badges = [report.state, *(["spoed"] if report.urgent else [])]
    return ReportLine(
        href=_address(context, report, member.slug),
        title=f"{report.reference}: {forms_of(report)}",
        badges=badges,
        meta=meta,
        snippet=excerpt(report.description),
        out_href=out if _may_edit(context, request) else None,
    )


def _notes(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = _paging(request, numbers.notes)
    found = chronology.notes(request.db, context.dossier, paging)
    entries = [TimelineEntry(note.at, "Notitie", note.author_name, note.text) for note in found]
    return {"paging": paging, "entries": entries}


def _agreements(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = _paging(request, numbers.agreements)
    found = chronology.agreements(request.db, context.dossier, paging)
    return {"paging": paging, "lines": _agreement_lines(context, request, found)}


def _agreement_lines(
    context: DossierResource,
    request: Request,
    rows: Sequence[tuple[DossierAgreement, str | None]],
) -> list[AgreementLine]:
    edit = f"{page_of(context, request)}/afspraak?afspraak="
    may_edit = _may_edit(context, request)
    return [
        AgreementLine(
            row.what,
            row.who,
            minder or "",
            row.due_on,
            _agreement_state(row),
            row.result or "",
            f"{edit}{row.id}" if may_edit else None,
        )
        for row, minder in rows
    ]


def _agreement_state(row: DossierAgreement) -> str:
    late = row.state == AgreementState.OPEN and row.due_on < today()
    return "te_laat" if late else row.state


def _history(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = _paging(request, numbers.history)
    found = chronology.history(request.db, context.dossier, paging)
    return {"paging": paging, "entries": [history_entry(move) for move in found]}


PARTS: Final = (
    Part(OVERVIEW, "Overzicht", lambda n: None, _overview),
    Part("chronologie", "Chronologie", lambda n: n.events, _chronology),
    Part("meldingen", "Meldingen", lambda n: n.reports, _reports),
    Part("notities", "Notities", lambda n: n.notes, _notes),
    Part("afspraken", "Afspraken", lambda n: n.agreements, _agreements),
    Part("geschiedenis", "Geschiedenis", lambda n: n.history, _history),
)
