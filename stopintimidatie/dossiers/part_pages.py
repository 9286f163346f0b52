"""What the parts of the page of a dossier show: chronology, reports, notes, agreements, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from stopintimidatie.dossiers import chronology
from stopintimidatie.dossiers.chronology import Counts, Member
from stopintimidatie.dossiers.consulting import badge_of, participants
from stopintimidatie.dossiers.handling import page_of, today
from stopintimidatie.dossiers.models import DossierAgreement
from stopintimidatie.dossiers.naming_views import HIDDEN, sees_reports
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.vocabulary import AgreementState, ConsultationKind
from stopintimidatie.dossiers.words import (
    event_entry,
    excerpt,
    forms_of,
    history_entry,
    note_entry,
)
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.register.models import Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import report_path
from stopintimidatie.reports.vocabulary import PlaceType
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.filters import date_text, datetime_short, plural
from stopintimidatie.web.paging import Paging, wanted_page
from stopintimidatie.web.request import Request

Page = dict[str, Any]


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


def may_edit(context: DossierResource, request: Request) -> bool:
    live = context.dossier.state in LIVE
    return live and bool(request.has_permission(Permission.EDIT_DOSSIER, context))


def paging_of(request: Request, total: int) -> Paging:
    return Paging(wanted_page(request), total)


def reader_of(request: Request) -> UUID | None:
    """Who reads: restricted notes are there for some people alone."""
    return request.identity.user_id if request.identity else None


def consultations_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = paging_of(request, numbers.consultations)
    found = chronology.consultations(request.db, context.dossier, paging)
    here = page_of(context, request)
    items = []
    for row, seats in found:
        meta = [datetime_short(row.planned_at), *([row.place] if row.place else [])]
        if seats:
            meta.append(f"{plural(seats, 'persoon', 'personen')} aan tafel")
        if row.next_on:
            meta.append(f"volgende: {date_text(row.next_on)}")
        title = f"{ConsultationKind.word(row.kind).capitalize()} {row.serial}"
        href = f"{here}/overleg-bekijken?nr={row.serial}"
        badges = [badge_of(row.state, row.planned_at)]
        items.append(ListItem(title, href, badges, meta, excerpt(row.decisions or row.agenda)))
    return {"paging": paging, "items": items}


def participants_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    rows = participants(request.db, context.dossier)
    return {
        "present": [r for r in rows if r.left_at is None],
        "former": [r for r in rows if r.left_at],
    }


def chronology_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = paging_of(request, numbers.events)
    found = chronology.events(
        request.db,
        context.dossier,
        paging,
        reader_of(request),
        reports_too=sees_reports(context, request),
    )
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


def reports_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    if not sees_reports(context, request):
        return {"paging": paging_of(request, 0), "lines": [], "hidden": HIDDEN}
    paging = paging_of(request, numbers.reports)
    found = chronology.members(request.db, context.dossier, paging)
    _note_reports(request, context, [member.report for member in found])
    return {
        "paging": paging,
        "lines": [_line(context, request, member) for member in found],
        "hidden": "",
    }


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
        out_href=out if may_edit(context, request) else None,
    )


def notes_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = paging_of(request, numbers.notes)
    found = chronology.notes(request.db, context.dossier, paging, reader_of(request))
    return {"paging": paging, "entries": [note_entry(note) for note in found]}


def agreements_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = paging_of(request, numbers.agreements)
    found = chronology.agreements(request.db, context.dossier, paging)
    return {"paging": paging, "lines": agreement_lines(context, request, found)}


def agreement_lines(
    context: DossierResource,
    request: Request,
    rows: Sequence[tuple[DossierAgreement, str | None]],
) -> list[AgreementLine]:
    edit = f"{page_of(context, request)}/afspraak?afspraak="
    editing = may_edit(context, request)
    return [
        AgreementLine(
            row.what,
            row.who,
            minder or "",
            row.due_on,
            _agreement_state(row),
            row.result or "",
            f"{edit}{row.id}" if editing else None,
        )
        for row, minder in rows
    ]


def _agreement_state(row: DossierAgreement) -> str:
    late = row.state == AgreementState.OPEN and row.due_on < today()
    return "te_laat" if late else row.state


def history_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    paging = paging_of(request, numbers.history)
    found = chronology.history(request.db, context.dossier, paging)
    return {"paging": paging, "entries": [history_entry(move) for move in found]}
