"""The page of a dossier, in parts that each have an address, such as `?deel=meldingen`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, datetime_short, plural
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.components import ListItem, panels
from stopintimidatie.core.web.request import NavItem, Paging, Request, page_view, query_pairs
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
from stopintimidatie.dossiers.queries import Counts, Member
from stopintimidatie.dossiers.resources import DossierResource, dossier_path
from stopintimidatie.dossiers.services import may_name
from stopintimidatie.dossiers.words import event_entry, excerpt, forms_of, history_entry, note_entry
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
from stopintimidatie.reports.vocabulary import PlaceType
from stopintimidatie.reports.words import when_short

Page = dict[str, Any]


@dataclass(frozen=True)
class ReportLine:
    """A report in the list of the dossier, with the address that takes it out."""

    href: str
    title: str
    badges: Sequence[str]
    meta: Sequence[str]
    snippet: str
    out_href: str | None


def consultations_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the consultations on a page of the list."""
    paging = paging_of(request, numbers.consultations)
    here = page_of(context, request)
    items = []
    for row, seats in queries.consultations(request.db, context.dossier, paging):
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
    return {"paging": paging, "entries": [event_entry(event, addresses) for event in events]}


def _note_reports(request: Request, context: DossierResource, reports: Sequence[Report]) -> None:
    ids = [report.id for report in reports]
    note_read(request, context.holder, "melding", ids, task="dossier bekijken")


def reports_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the reports on a page of the list, or why this person doesn't see them."""
    if not numbers.reports_too:
        return {"paging": paging_of(request, 0), "lines": [], "hidden": HIDDEN}
    paging = paging_of(request, numbers.reports)
    bound = is_restricted(request.registry, Report.id)
    members = queries.members(request.db, context.dossier, paging, bound)
    _note_reports(request, context, [member.report for member in members])
    lines = [_line(context, request, member) for member in members]
    return {"paging": paging, "lines": lines, "hidden": ""}


def _line(context: DossierResource, request: Request, member: Member) -> ReportLine:
    report, membership = member.report, member.membership
    flags = [(report.urgent, "spoed"), (member.restricted, "gebruik_beperkt")]
    meta = [f"M-{membership.serial:02d} in dit dossier"]
    if not report.locked:
        meta += [when_short(report), member.neighbourhood, PlaceType.word(report.place_type)]
    if membership.reference:
        home = member.belongs_to
        meta.append(f"hoort bij dossier {home}" if home else "verwijzing")
    out = f"{page_of(context, request)}/melding-eruit?melding={report.reference}"
    return ReportLine(
        href=report_path(report, context.municipality.slug, member.slug),
        title=f"{report.reference}: {forms_of(report)}",
        badges=[report.state, *(name for on, name in flags if on)],
        meta=meta,
        snippet="" if report.locked else excerpt(report.description),
        out_href=out if may_edit(context, request) else None,
    )


def notes_part(context: DossierResource, request: Request, numbers: Counts) -> Page:
    """Return the notes that this person may read."""
    paging = paging_of(request, numbers.notes)
    notes = queries.notes(request.db, context.dossier, paging, reader_of(request))
    return {"paging": paging, "entries": [note_entry(note) for note in notes]}


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
        "look_at_effect": _look_at_effect(dossier),
        "steps": _steps(context, request),
        "badges": _badges(dossier, numbers),
        "kind": DossierKind.of(dossier.kind).short,
        **part.show(context, request, numbers),
    }


def _look_at_effect(dossier: Dossier) -> bool:
    """Tell whether the day has come to look at the effect."""
    day = dossier.monitoring_on
    return dossier.state == "monitoring" and day is not None and day <= today()


def _tab(here: str, part: Part) -> str:
    return here if part.name == OVERVIEW else f"{here}?deel={part.name}"


def _badges(dossier: Dossier, numbers: Counts) -> list[str]:
    flags = [
        (dossier.urgent, "spoed"),
        (dossier.frozen, "bevroren"),
        (numbers.restricted, "gebruik_beperkt"),
    ]
    return [dossier.shown_state, *(name for on, name in flags if on)]


def _steps(context: DossierResource, request: Request) -> list[tuple[str, str]]:
    """Return the steps that this person may make from here, as (label, address)."""
    here = page_of(context, request)
    return [
        (step.label, f"{here}/stap?naam={step.name}")
        for step in DOSSIER_WORKFLOW.moves_from(context.dossier.state)
        if request.has_permission(step.permission, context)
        and (step.name != "heropenen" or context.dossier.shown_state == context.dossier.state)
    ]


def _overview(context: DossierResource, request: Request, numbers: Counts) -> Page:
    dossier, town = context.dossier, context.municipality.slug
    owner = request.db.scalar(select(User.name).where(User.id == dossier.owner_id))
    relatives = related(request.db, dossier)
    merged = next((r.number for r in relatives if r.relation == MERGED), None)
    first = Paging(1, queries.LATEST, queries.LATEST)
    soon = queries.agreements(request.db, dossier, first, only_open=True)
    return {
        "facts": _facts(context, owner or ""),
        "footing": _footing(dossier),
        "ending": _ending(dossier, merged),
        "soon": agreement_lines(context, request, soon),
        "family": [(r.words, dossier_path(town, r.slug, r.number)) for r in relatives],
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
    return [
        ("Doel", dossier.purpose),
        ("Grondslag", LegalBasis.word(dossier.legal_basis)),
        ("Verantwoordelijk orgaan", dossier.responsible_body),
    ]


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
