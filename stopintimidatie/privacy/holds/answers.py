"""Pages of one case: which texts were looked at, the dossier that answers it, and all as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, day_of, plural
from stopintimidatie.core.web.components import badge_for
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.core.web.responses import csv_response
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.desk.resources import Desk
from stopintimidatie.dossiers.case.steps import owners_for
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.dossiers.services import DossierError
from stopintimidatie.dossiers.words import link
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW, DossierKind
from stopintimidatie.exports.review.views import NAME as REVIEW
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.privacy.holds.documents import (
    LOOKED,
    NO_TEXT,
    SHUT,
    UNWILLING,
    Answer,
    Case,
    answer_of,
    bring_together,
    case_of,
    published,
    review_states,
)
from stopintimidatie.privacy.holds.panels import address, asked
from stopintimidatie.privacy.log.queries import FOR_A_CASE
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import paths_of_reports
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import REPORT_WORKFLOW

LIST: Final = "bevriezingen"
FILE: Final = "bevriezingen-bestand"
TOGETHER: Final = "woo-dossier"
STILL_IN: Final = "ja, en hoort niet meer bij de zaak: werk het dossier bij"
FILE_COLUMNS: Final = (
    *("kenmerk", "soort", "valt onder dossier", "ontvangen of gemaakt", "toestand"),
    *("bevroren sinds", "opnieuw bekijken op", "tekst nagekeken", "in het openbare dossier"),
    "in een openbaar document",
)


def case_part(context: Any, request: Request, name: str, here: str) -> dict[str, Any]:
    """Return what the page of a case says of its texts, and of the answer to a Woo request."""
    case = case_of(request.db, context.holder, roles_at(request, context.holder), name)
    town = isinstance(context, MunicipalityResource)
    may_hold = bool(request.has_permission(Permission.HOLD, context))
    may_redact = bool(request.has_permission(Permission.REDACT, context))
    states = review_states(request.db, case) if may_hold or may_redact else {}
    answer = None
    if town and case.asked_under_woo and states:
        answer = answer_of(request.db, context.holder, case)
    here_again = address(f"{here}/{LIST}", {"zaak": name}) + "#teksten"
    return {
        "looked": _looked_at(context, request, case, states, here_again) if may_redact else None,
        "at_desk": case.asked_under_woo and not town,
        "answer": _answer_rows(context, request, answer, states) if answer else None,
        "current": answer is not None and answer.current,
        "made": answer is not None and answer.dossier is not None,
        "together": address(f"{here}/{TOGETHER}", {"zaak": name})
        if answer is not None and (answer.going or answer.former) and may_hold
        else None,
    }


def _looked_at(
    context: Any, request: Request, case: Case, states: dict[UUID, str], here: str
) -> list[tuple[str, str, str | None]]:
    """Return each report of a case: its reference, whether its text was looked at, and its page.

    From that page one comes back `here`.
    """
    reports = case.reports
    note_read(request, context.holder, REPORT, list(reports), task=FOR_A_CASE)
    paths = paths_of_reports(request.db, list(reports))
    return [
        (
            report.reference,
            states[report.id],
            None
            if states[report.id] in SHUT
            else address(f"{paths[report.id]}/{REVIEW}", {"terug": here}),
        )
        for report in sorted(reports.values(), key=lambda report: report.reference)
    ]


def _answer_rows(
    context: Any, request: Request, answer: Answer, states: dict[UUID, str]
) -> list[tuple[str, Any]]:
    """Return how far the answer is, step by step."""
    texts = [states[report.id] for report in answer.going if states[report.id] != NO_TEXT]
    looked = f"{texts.count(LOOKED)} van {len(texts)}"
    rows: list[tuple[str, Any]] = [("Teksten nagekeken", looked)]
    if answer.staying:
        rows.append(("Blijven erbuiten", plural(len(answer.staying), "melding", "meldingen")))
    if answer.unwilling:
        number = plural(len(answer.unwilling), "melding", "meldingen")
        rows.append(("Niet in het document", f"{number}: {UNWILLING}"))
    dossier = answer.dossier
    if dossier is None:
        return [*rows, ("Dossier", "nog niet gemaakt"), ("Beantwoord op", "nog niet")]
    more = ""
    if answer.missing:
        more += f"; {plural(len(answer.missing), 'melding', 'meldingen')} nog niet erbij"
    if answer.former:
        number = plural(len(answer.former), "melding hoort", "meldingen horen")
        more += f"; {number} er niet meer in"
    named = f"{dossier.number} ({DOSSIER_WORKFLOW.state(dossier.state).label.lower()}{more})"
    path = path_of_dossier(request.db, dossier.id)
    sees = path and request.has_permission(Permission.VIEW_DOSSIER, context)
    return [
        *rows,
        ("Dossier", link(str(path), named) if sees else named),
        *_exports(request, answer, str(path) if sees else None),
    ]


def _exports(request: Request, answer: Answer, path: str | None) -> list[tuple[str, Any]]:
    """Return each public export with its state, and when the request was answered with them."""
    rows: list[tuple[str, Any]] = []
    for export, given in answer.exports:
        text = f"{export.reference}: {badge_for(export.state).word.lower()}"
        text += f", gegeven op {date_text(given)}" if given else ""
        rows.append(("Uitvoer", link(f"{path}/{export.reference}", text) if path else text))
    days = sorted({day_of(given) for _, given in answer.exports if given})
    ends = dict.fromkeys((days[0], days[-1])) if days else ()
    answered = " tot en met ".join(date_text(day) for day in ends) or "nog niet"
    if not rows:
        owner = answer.dossier.owner_id if answer.dossier else None
        name = request.db.scalar(select(User.name).where(User.id == owner)) if owner else None
        who = f"de dossierhouder, {name}" if name else "de dossierhouder"
        rows = [("Uitvoer", NOT_ASKED.format(who))]
    return [*rows, ("Beantwoord op", answered)]


NOT_ASKED: Final = (
    "nog niet aangevraagd: dat doet {}, bij het dossier onder ‘Uitvoer aanvragen’, zodra alle"
    " teksten zijn nagekeken"
)


@form_view(
    MunicipalityResource,
    TOGETHER,
    Permission.HOLD,
    "stopintimidatie.privacy.holds:templates/form.jinja2",
)
def together_view(context: MunicipalityResource, request: Request) -> Any:
    """Make the dossier that answers a Woo request, or bring it up to date."""
    name = asked(request, "zaak", 100)
    roles = roles_at(request, context.holder)
    case = case_of(request.db, context.holder, roles, name) if name else None
    if case is None or not case.asked_under_woo:
        raise HTTPNotFound()
    answer = answer_of(request.db, context.holder, case)
    here = request.resource_path(context).rstrip("/")
    back = address(f"{here}/{LIST}", {"zaak": name})
    if not (answer.going or answer.former):
        request.flash(NOTHING, "warning")
        return HTTPSeeOther(back)
    owners = owners_for(request.db, context.holder, DossierKind.THEME.value)
    form = Form(
        together_schema(owners, new=answer.dossier is None),
        request,
        buttons=[Button("maken", "Dossier bijwerken" if answer.dossier else "Dossier maken")],
        cancel_url=back,
    )
    ids = list(case.reports)
    note_read(request, context.holder, REPORT, ids, task=FOR_A_CASE)

    def on_valid(values: dict[str, Any]) -> Any:
        owner = UUID(values["houder"]) if "houder" in values else None
        effects = WORKFLOW_EFFECTS.of(request.registry)
        try:
            dossier = bring_together(request.db, effects, case, owner, request.actor)
        except DossierError as problem:
            raise FormError(str(problem), "houder" if owner else None) from None
        done = "is bijgewerkt" if answer.dossier else "is gemaakt"
        request.flash(f"Dossier {dossier.number} {done}: {_number(answer)}.")
        return HTTPSeeOther(back)

    return handle_form(request, form, on_valid, _together_page(context, name, answer, back))


GOES_OUT: Final = "hoort niet meer bij wat openbaar wordt"
NOTHING: Final = "Geen van deze meldingen kan nu openbaar worden. De lijst als bestand zegt waarom."


def _number(answer: Answer) -> str:
    return plural(len(answer.going), "melding", "meldingen")


def together_schema(owners: Any, *, new: bool) -> Any:
    """Return the form: who leads a new dossier; nothing is asked of one that is there."""
    if not new:
        return Schema()
    about = "Vraagt de uitvoer aan, die een ander goedkeurt."
    return Schema(field(forms.OneOf(owners), "Dossierhouder", name="houder", description=about))


def _together_page(
    context: MunicipalityResource, name: str, answer: Answer, back: str
) -> dict[str, Any]:
    rows = [("Meldingen erin", _number(answer))]
    rows += [(f"Eruit: {report.reference}", GOES_OUT) for report in answer.former]
    rows += [(f"Niet: {report.reference}", why) for report, why in answer.staying]
    rows += [
        (f"Niet in het document: {report.reference}", UNWILLING) for report in answer.unwilling
    ]
    return {
        "heading": f"Dossier voor {name}",
        "above": context.title,
        "badges": (),
        "intro": "Een thema-dossier dat naar deze meldingen verwijst. De meldingen zelf blijven"
        " waar ze zijn, en de melder ziet er niets van. De dossierhouder vraagt er een uitvoer van"
        " aan met het profiel ‘Woo-verzoek: openbaar’. Wat er niet in komt, noemt u in het"
        " besluit.",
        "card": "Wat er in het dossier komt",
        "facts": rows,
        "note": None,
        "back": back,
    }


@view_config(
    context=MunicipalityResource, name=FILE, request_method="GET", permission=Permission.HOLD
)
@view_config(context=Desk, name=FILE, request_method="GET", permission=Permission.HOLD)
def case_file_view(context: Any, request: Request) -> Response:
    """Return the documents of one case as a CSV file: which they are, and what was looked at."""
    name = asked(request, "zaak", 100)
    roles = roles_at(request, context.holder)
    case = case_of(request.db, context.holder, roles, name) if name else None
    if case is None or not (case.holds or case.answers):
        raise HTTPNotFound()
    answer = answer_of(request.db, context.holder, case)
    held = published(request.db, answer)
    ids = {hold.document_id for hold in case.holds} | {report.id for report in answer.former}
    ids |= set(case.reports) | set(held)
    task = "stukken van een zaak als bestand"
    note_read(request, context.holder, "bevriezing", list(ids), task=task)
    states = review_states(request.db, case)
    public: dict[UUID, tuple[str, str]] = {}
    if case.asked_under_woo and isinstance(context, MunicipalityResource):
        public = _made_public(answer, held)
    lines = list(_lines(case, states, public))
    # Reports in the dossier or a document, and no more in the case.
    others = select(Report).where(Report.id.in_(set(public) - set(case.reports)))
    for report in request.db.scalars(others.order_by(Report.reference)):
        lines.append((*_line(report, "", ("", "")), "", *public[report.id]))
    today = day_of(utc_now())
    return csv_response(f"zaak-{context.holder.lower()}-{today.isoformat()}", FILE_COLUMNS, lines)


def _made_public(answer: Answer, held: dict[UUID, list[str]]) -> dict[UUID, tuple[str, str]]:
    """Return for each report whether it is in the dossier, and in which documents or why not."""
    unwilling = {report.id for report in answer.unwilling}
    dossier = dict.fromkeys(held, "nee")
    dossier |= {report.id: STILL_IN for report in answer.former}
    dossier |= {report.id: f"nee: {why}" for report, why in answer.staying}
    dossier |= {row.id: "ja" if row.id in answer.present else "nog niet" for row in answer.going}
    made = {}
    for number, inside in dossier.items():
        if number in held:
            made[number] = inside, f"ja: {', '.join(held[number])}"
        elif number in unwilling:
            made[number] = inside, f"nee: {UNWILLING}"
        else:
            made[number] = inside, inside if inside.startswith("nee") else "nog niet"
    return made


def _lines(
    case: Case, states: dict[UUID, str], public: dict[UUID, tuple[str, str]]
) -> Iterator[tuple[str, ...]]:
    """Yield a line for each hold, below that of a dossier one for each report in it."""
    none = ("", "")
    for hold in case.holds:
        days = (day_of(hold.placed_at).isoformat(), hold.review_on.isoformat())
        dossier, report = case.dossiers.get(hold.document_id), case.reports.get(hold.document_id)
        if report is not None:
            yield (*_line(report, "", days), states[report.id], *public.get(report.id, none))
        elif dossier is not None:
            made, label = day_of(dossier.made_at), DOSSIER_WORKFLOW.state(dossier.state).label
            yield (dossier.number, "dossier", "", made.isoformat(), label, *days, "", *none)
            for member in case.inside.get(dossier.id, ()):
                line = _line(member, dossier.number, days)
                yield (*line, states[member.id], *public.get(member.id, none))


def _line(report: Report, dossier: str, days: tuple[str, str]) -> tuple[str, ...]:
    received, label = day_of(report.received_at), REPORT_WORKFLOW.state(report.state).label
    return report.reference, REPORT, dossier, received.isoformat(), label, *days
