"""Pages for many reports at once: taken out of a dossier, split off to a new one, or put in one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, ManyOf, Schema, field
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web.request import Paging, Request, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.dossiers.case.services import DossierPlan, split_dossier
from stopintimidatie.dossiers.case.steps import mergeable_kinds, running_dossiers
from stopintimidatie.dossiers.filing.services import (
    MOST_AT_ONCE,
    file_report,
    find_reports,
    take_out,
)
from stopintimidatie.dossiers.filing.views import (
    TAKEN,
    act_on_all,
    check_danger,
    choice_of,
    danger_questions,
    take_on,
)
from stopintimidatie.dossiers.forms import ATTRIBUTES, read, reason_field, split_schema
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import (
    Values,
    back_to,
    check_title,
    crumbs,
    dossier_form,
    dossier_form_view,
    doubts_about_title,
    form_page,
    hidden_reports,
    only_live,
    submit,
)
from stopintimidatie.dossiers.queries import Member, members
from stopintimidatie.dossiers.resources import DossierResource, path_of_dossier
from stopintimidatie.dossiers.services import DossierError
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.models import Report

AT_ONCE: Final = 100


def _members(context: DossierResource, request: Request) -> Sequence[Member]:
    """Return the latest reports of the dossier, to choose from; the read is noted."""
    latest = members(request.db, context.dossier, Paging(1, AT_ONCE, AT_ONCE))
    ids = [member.report.id for member in latest]
    note_read(request, context.holder, "melding", ids, task="meldingen kiezen in een dossier")
    return latest


def _ticked(inside: Sequence[Member]) -> Any:
    """Return the checkboxes of the reports of a dossier, each with its number here."""
    choices = [
        (m.report.reference, f"M-{m.membership.serial:02d}, {choice_of(m.report)}") for m in inside
    ]
    return field(ManyOf(choices), "Welke meldingen?", name="meldingen")


def _chosen(inside: Sequence[Member], values: Values) -> list[Report]:
    return [m.report for m in inside if m.report.reference in values["meldingen"]]


@dossier_form_view("meldingen-eruit", hidden_reports)
def take_many_out_view(context: DossierResource, request: Request) -> Any:
    """Show the form that takes several reports out for one reason, and do it."""
    inside = _members(context, request)
    if not inside and request.method != "POST":
        return _nothing_here(context, request)
    schema = Schema(_ticked(inside), reason_field())
    button = Button("eruit", "Meldingen eruit halen", "danger")
    form = dossier_form(context, request, schema, button, part="meldingen")
    page = form_page(context, request, "Meldingen eruit halen")
    page["intro"] = (
        "De meldingen gaan terug naar ‘in behandeling’. Een verwijzing vervalt alleen. In de"
        " geschiedenis blijft staan dat zij in dit dossier zaten, en waarom zij eruit gingen."
    )
    effects = WORKFLOW_EFFECTS.of(request.registry)

    def act(values: Values) -> Any:
        def out(report: Report) -> None:
            why = values["reden"]
            take_out(request.db, effects, context.dossier, report, why, request.actor)

        act_on_all(request, _chosen(inside, values), out, "uit dit dossier gehaald")
        return back_to(context, request, "meldingen")

    return submit(request, form, act, page)


def _nothing_here(context: DossierResource, request: Request) -> Any:
    request.flash("Er zitten geen meldingen in dit dossier.", "warning")
    return back_to(context, request, "meldingen")


@dossier_form_view("splitsen", hidden_reports, only_live)
def split_view(context: DossierResource, request: Request) -> Any:
    """Show the form that makes a new dossier of some reports of this one, and make it."""
    inside = _members(context, request)
    if not inside and request.method != "POST":
        return _nothing_here(context, request)
    dossier = context.dossier
    areas = [(area.code, area.name) for area in neighbourhoods_of(request.db, context.holder)]
    doubts = doubts_about_title(request, areas)
    fitting = mergeable_kinds(dossier.kind)
    kinds = [(kind.value, kind.nl) for kind in DossierKind if kind.value in fitting]
    schema = split_schema(areas, kinds, _ticked(inside), doubts)
    start = {"soort": dossier.kind, "wijk": dossier.neighbourhood_code}
    form = dossier_form(context, request, schema, Button("splitsen", "Dossier splitsen"), start)
    page = form_page(context, request, "Dossier splitsen")
    page["intro"] = (
        "De meldingen die u kiest, gaan naar een nieuw dossier in voorbereiding. Doel, grondslag"
        " en dossierhouder neemt het over. Afspraken en notities blijven hier."
    )

    def act(values: Values) -> Any:
        check_title(values, doubts)
        return _split(context, request, _chosen(inside, values), values)

    return submit(request, form, act, page)


def _split(
    context: DossierResource, request: Request, chosen: Sequence[Report], values: Values
) -> Any:
    dossier = context.dossier
    plan = DossierPlan(
        **read(values, ATTRIBUTES),
        owner_id=dossier.owner_id,
        purpose=dossier.purpose,
        legal_basis=dossier.legal_basis,
        responsible_body=dossier.responsible_body,
    )
    effects, reason = WORKFLOW_EFFECTS.of(request.registry), values["reden"]
    made = split_dossier(request.db, effects, dossier, plan, chosen, reason, request.actor)
    request.flash(f"Dossier {made.number} is afgesplitst.")
    return HTTPSeeOther(path_of_dossier(request.db, made.id))


@dossier_form_view("in-dossier", context=MunicipalityResource)
def file_chosen_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form that puts reports chosen in the inbox (`?melding=M-…`) in a dossier; do it."""
    inbox = f"/gemeenten/{context.municipality.slug}/postvak"
    reports = _reports_of_address(request)
    if not reports:
        request.flash("Zet eerst een vinkje bij een of meer meldingen.", "warning")
        return HTTPSeeOther(inbox)
    new = f"/gemeenten/{context.municipality.slug}/nieuw-dossier"
    ticked = "&".join(f"melding={report.reference}" for report in reports)
    ids = [report.id for report in reports]
    note_read(request, context.holder, "melding", ids, task="meldingen in een dossier")
    form = Form(
        _filing_schema(request, reports),
        request,
        buttons=[Button("toevoegen", "Meldingen in het dossier zetten")],
        appstruct={"meldingen": [report.reference for report in reports]},
        cancel_url=inbox,
    )
    page = {
        "crumbs": crumbs(request, "Meldingen in een dossier"),
        "heading": "Meldingen in een dossier",
        "above": context.title,
        "intro": f"{TAKEN} Hoort dit bij elkaar, maar is er nog geen dossier? Maak er dan eerst"
        " een.",
        "intro_link": ("Nieuw dossier met deze meldingen", f"{new}?{ticked}"),
    }
    return submit(request, form, lambda values: _file_chosen(request, reports, inbox, values), page)


def _reports_of_address(request: Request) -> list[Report]:
    """Return the reports that were ticked in the inbox, as far as they are there."""
    ticked = [value for name, value in query_pairs(request) if name == "melding"][:MOST_AT_ONCE]
    reports: dict[UUID, Report] = {}
    for reference in ticked:
        with suppress(DossierError):
            reports.update((report.id, report) for report in find_reports(request.db, reference))
    return list(reports.values())


def _filing_schema(request: Request, reports: Sequence[Report]) -> Any:
    choices = [(report.reference, choice_of(report)) for report in reports]
    return Schema(
        field(ManyOf(choices), "Meldingen", name="meldingen"),
        field(forms.OneOf(running_dossiers(request.db)), "Dossier", name="dossier"),
        reason_field(),
        *danger_questions(reports),
    )


def _file_chosen(request: Request, reports: Sequence[Report], inbox: str, values: Values) -> Any:
    session, actor = request.db, request.actor
    effects = WORKFLOW_EFFECTS.of(request.registry)
    dossier = session.scalars(select(Dossier).where(Dossier.number == values["dossier"])).one()

    def put_in(report: Report) -> None:
        take_on(session, effects, report, values, actor)
        file_report(session, effects, dossier, report, values["reden"], actor)

    chosen = [report for report in reports if report.reference in values["meldingen"]]
    check_danger(values, chosen)
    outcome = f"in dossier {dossier.number} gezet"
    act_on_all(request, chosen, put_in, outcome, field="meldingen")
    return HTTPSeeOther(inbox)
