"""Many reports at once: out of a dossier, to a new one split off, and from the inbox into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, ManyOf, Schema, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web.request import Paging, Request, query_pairs
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.dossiers import queries as dossiers_queries
from stopintimidatie.dossiers.case.services import DossierPlan, split_dossier
from stopintimidatie.dossiers.case.steps import mergeable_kinds, running_dossiers
from stopintimidatie.dossiers.filing.services import (
    MOST_AT_ONCE,
    file_report,
    find_reports,
    take_out,
)
from stopintimidatie.dossiers.filing.views import (
    TAKE,
    choice_of,
    each,
    has_new,
    take_field,
    take_on,
    tell,
)
from stopintimidatie.dossiers.forms import ATTRIBUTES, LABELS, add_doubts, read, reason_field
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import (
    FORM_PAGE,
    back_to,
    check_title,
    crumbs,
    doubts_about_title,
    form_page,
    hidden_reports,
    only_live,
    page_of,
    submit,
)
from stopintimidatie.dossiers.queries import Member
from stopintimidatie.dossiers.resources import DossierResource, path_of_dossier
from stopintimidatie.dossiers.services import DossierError
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.models import Report

AT_ONCE: Final = 100


def _members(context: DossierResource, request: Request) -> Sequence[Member]:
    """Return the reports one may choose among: the latest so many."""
    found = dossiers_queries.members(request.db, context.dossier, Paging(1, AT_ONCE, AT_ONCE))
    ids = [member.report.id for member in found]
    note_read(request, context.holder, "melding", ids, task="meldingen kiezen in een dossier")
    return found


def _ticked(members: Sequence[Member]) -> Any:
    """Return the checkboxes of the reports of a dossier, each with its number here."""
    choices = [
        (m.report.reference, f"M-{m.membership.serial:02d}, {choice_of(m.report)}") for m in members
    ]
    return field(ManyOf(choices), "Welke meldingen?", name="meldingen")


def _chosen(members: Sequence[Member], values: dict[str, Any]) -> list[Report]:
    return [m.report for m in members if m.report.reference in values["meldingen"]]


@view_config(
    context=DossierResource,
    name="meldingen-eruit",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(hidden_reports,),
)
def take_many_out_view(context: DossierResource, request: Request) -> Any:
    """Take several reports out, for one reason."""
    members = _members(context, request)
    if not members and request.method != "POST":
        return _nothing_here(context, request)
    schema = Schema()
    schema.add(_ticked(members))
    schema.add(reason_field())
    form = Form(
        schema,
        request,
        buttons=[Button("eruit", "Meldingen eruit halen", "danger")],
        cancel_url=page_of(context, request, "meldingen"),
    )
    page = form_page(context, request, "Meldingen eruit halen")
    page["intro"] = (
        "De meldingen gaan terug naar ‘in behandeling’. Een verwijzing vervalt alleen. In de"
        " geschiedenis blijft staan dat zij in dit dossier zaten, en waarom zij eruit gingen."
    )

    def act(values: dict[str, Any]) -> Any:
        effects, actor = WORKFLOW_EFFECTS.of(request.registry), request.actor

        def out(report: Report) -> None:
            take_out(request.db, effects, context.dossier, report, values["reden"], actor)

        done, failed = each(_chosen(members, values), out)
        tell(request, done, failed, "uit dit dossier gehaald")
        return back_to(context, request, "meldingen")

    return submit(request, form, act, page)


def _nothing_here(context: DossierResource, request: Request) -> Any:
    request.flash("Er zitten geen meldingen in dit dossier.", "warning")
    return back_to(context, request, "meldingen")


@view_config(
    context=DossierResource,
    name="splitsen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(hidden_reports, only_live),
)
def split_view(context: DossierResource, request: Request) -> Any:
    """Make a new dossier of some reports of this one."""
    members = _members(context, request)
    if not members and request.method != "POST":
        return _nothing_here(context, request)
    dossier = context.dossier
    areas = [(area.code, area.name) for area in neighbourhoods_of(request.db, context.holder)]
    doubts = doubts_about_title(request, areas)
    schema = _split_schema(context, areas, members)
    add_doubts(schema, doubts)
    form = Form(
        schema,
        request,
        buttons=[Button("splitsen", "Dossier splitsen")],
        appstruct={"soort": dossier.kind, "wijk": dossier.neighbourhood_code},
        cancel_url=page_of(context, request),
    )
    page = form_page(context, request, "Dossier splitsen")
    page["intro"] = (
        "De meldingen die u kiest, gaan naar een nieuw dossier in voorbereiding. Doel, grondslag"
        " en dossierhouder neemt het over. Afspraken en notities blijven hier."
    )

    def act(values: dict[str, Any]) -> Any:
        check_title(values, doubts)
        return _split(context, request, members, values)

    return submit(request, form, act, page)


def _split_schema(
    context: DossierResource, areas: Sequence[tuple[str, str]], members: Sequence[Member]
) -> Any:
    fitting = mergeable_kinds(context.dossier.kind)
    kinds = [(kind.value, kind.nl) for kind in DossierKind if kind.value in fitting]
    schema = Schema()
    title = field(
        forms.Text(200),
        "Titel van het nieuwe dossier",
        name="titel",
        description="Kort en neutraal. Noem geen namen van personen.",
    )
    kind = field(forms.OneOf(kinds, radio=True), LABELS["soort"], name="soort")
    area = field(forms.OneOf(areas), LABELS["wijk"], name="wijk")
    for node in (title, kind, area, _ticked(members), reason_field()):
        schema.add(node)
    return schema


def _split(
    context: DossierResource, request: Request, members: Sequence[Member], values: dict[str, Any]
) -> Any:
    dossier = context.dossier
    plan = DossierPlan(
        **read(values, ATTRIBUTES),
        owner_id=dossier.owner_id,
        purpose=dossier.purpose,
        legal_basis=dossier.legal_basis,
        responsible_body=dossier.responsible_body,
    )
    effects, actor, chosen = (
        WORKFLOW_EFFECTS.of(request.registry),
        request.actor,
        _chosen(members, values),
    )
    made = split_dossier(request.db, effects, dossier, plan, chosen, values["reden"], actor)
    request.flash(f"Dossier {made.number} is afgesplitst.")
    return HTTPSeeOther(path_of_dossier(request.db, made.id))


@view_config(
    context=MunicipalityResource,
    name="in-dossier",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
)
def file_chosen_view(context: MunicipalityResource, request: Request) -> Any:
    """File the reports chosen in the inbox (`?melding=M-…&melding=…`) in one dossier."""
    inbox = f"/gemeenten/{context.municipality.slug}/postvak"
    reports = _asked(request)
    if not reports:
        request.flash("Zet eerst een vinkje bij een of meer meldingen.", "warning")
        return HTTPSeeOther(inbox)
    note_read(
        request, context.holder, "melding", [r.id for r in reports], task="meldingen in een dossier"
    )
    form = Form(
        _filing_schema(request, reports),
        request,
        buttons=[Button("toevoegen", "Meldingen in het dossier zetten")],
        appstruct={"meldingen": [r.reference for r in reports], TAKE: True},
        cancel_url=inbox,
    )
    page = {
        "crumbs": crumbs(request, "Meldingen in een dossier"),
        "heading": "Meldingen in een dossier",
        "above": context.title,
        "intro": "Hoort dit bij elkaar, maar is er nog geen dossier? Maak er dan eerst een.",
        "intro_link": ("Nieuw dossier met deze meldingen", _new_dossier(context, reports)),
    }
    return submit(request, form, lambda v: _file_chosen(request, reports, inbox, v), page)


def _asked(request: Request) -> list[Report]:
    """Return the reports that were ticked, as far as they are there."""
    asked = [value for name, value in query_pairs(request) if name == "melding"][:MOST_AT_ONCE]
    found: dict[UUID, Report] = {}
    for reference in asked:
        try:
            found.update((report.id, report) for report in find_reports(request.db, reference))
        except DossierError:
            continue
    return list(found.values())


def _new_dossier(context: MunicipalityResource, reports: Sequence[Report]) -> str:
    chosen = "&".join(f"melding={report.reference}" for report in reports)
    return f"/gemeenten/{context.municipality.slug}/nieuw-dossier?{chosen}"


def _filing_schema(request: Request, reports: Sequence[Report]) -> Any:
    choices = [(report.reference, choice_of(report)) for report in reports]
    schema = Schema()
    schema.add(field(ManyOf(choices), "Meldingen", name="meldingen"))
    schema.add(field(forms.OneOf(running_dossiers(request.db)), "Dossier", name="dossier"))
    schema.add(reason_field())
    if has_new(reports):
        schema.add(take_field())
    return schema


def _file_chosen(
    request: Request, reports: Sequence[Report], inbox: str, values: dict[str, Any]
) -> Any:
    session, actor = request.db, request.actor
    effects = WORKFLOW_EFFECTS.of(request.registry)
    dossier = _running(session, values["dossier"])

    def put_in(report: Report) -> None:
        if values.get(TAKE):
            take_on(session, effects, report, actor)
        file_report(session, effects, dossier, report, values["reden"], actor)

    chosen = [report for report in reports if report.reference in values["meldingen"]]
    done, failed = each(chosen, put_in)
    if not done:
        raise DossierError(" ".join(failed), "meldingen")
    tell(request, done, failed, f"in dossier {dossier.number} gezet")
    return HTTPSeeOther(inbox)


def _running(session: Session, number: str) -> Dossier:
    return session.scalars(select(Dossier).where(Dossier.number == number)).one()
