"""The list of dossiers; making and editing one; many reports taken out, split off or put in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core.forms import Button, Change, Form, ManyOf, Schema, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.components import FacetValue, Panel
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import Request, page_view, query_pairs, toggled
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.dossiers.case import queries, services
from stopintimidatie.dossiers.case.merging import mergeable_kinds, split_dossier
from stopintimidatie.dossiers.case.queries import Filters
from stopintimidatie.dossiers.case.services import DossierPlan
from stopintimidatie.dossiers.case.steps import running_dossiers
from stopintimidatie.dossiers.filing.services import (
    file_report,
    find_reports,
)
from stopintimidatie.dossiers.filing.views import (
    check_danger,
    choice_of,
    chosen_of,
    danger_questions,
    file_all,
    latest_members,
    nothing_here,
    refuse,
    requested_reports,
    take_on,
    ticked,
    unready,
)
from stopintimidatie.dossiers.forms import (
    ATTRIBUTES,
    CONTROLS,
    LABELS,
    differences,
    edit_schema,
    kind_choices,
    new_schema,
    read,
    reason_field,
    split_schema,
    stored,
)
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import (
    Values,
    check_title,
    crumbs,
    dossier_form,
    dossier_form_view,
    doubts_about_title,
    hidden_reports,
    only_live,
    page_of,
    roles_at,
    submit,
    today,
)
from stopintimidatie.dossiers.resources import (
    STRICT_ROLES,
    DossierResource,
    dossier_path,
    is_strict,
    path_of_dossier,
)
from stopintimidatie.dossiers.services import (
    VERSIONED,
    DossierError,
    check_version,
    difference,
    lock,
    versions,
)
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.municipalities.areas.queries import (
    neighbourhoods_of,
    present_neighbourhoods_of,
)
from stopintimidatie.municipalities.areas.resources import (
    MunicipalityResource,
    NeighbourhoodResource,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import Action
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.workbench.forms import dossier_field
from stopintimidatie.reports.workflow import ReportState

SHOWN: Final = 10


def neighbourhood_panel(context: NeighbourhoodResource, request: Any) -> Panel | None:
    """Return the panel with dossiers of a neighbourhood, those that run first."""
    if not request.has_permission(Permission.VIEW_DOSSIER, context):
        return None
    code, slug = context.neighbourhood.code, context.municipality.slug
    roles, filters = roles_at(request, context.holder), Filters({"wijk": (code,)})
    bound = is_restricted(request.registry, Dossier.id)
    rows = queries.list_dossiers(request.db, roles, filters, today(), bound, 0, SHOWN)
    ids = [row.Dossier.id for row in rows]
    note_read(request, context.holder, "dossier", ids, task="wijk bekijken")
    values = {
        "rows": rows,
        "kinds": DossierKind,
        "path_of": partial(dossier_path, slug),
        "total": queries.count_dossiers(request.db, roles, filters),
        "href": f"/gemeenten/{slug}/dossiers?wijk={code}",
    }
    return Panel("Dossiers", "stopintimidatie.dossiers.case:templates/neighbourhood.jinja2", values)


@page_view(MunicipalityResource, "dossiers", Permission.VIEW_DOSSIER, "templates/dossiers.jinja2")
def dossiers_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the dossiers of a municipality, with filters that are addresses."""
    roles = roles_at(request, context.holder)
    filters = Filters.read(query_pairs(request))
    bound = is_restricted(request.registry, Dossier.id)
    offered = [
        (
            queries.TITLES[name],
            [
                FacetValue(word, toggled(request, name, value), count, chosen)
                for value, word, count, chosen in choices
            ],
        )
        for name, choices in queries.facets(request.db, roles, filters).items()
    ]
    dossiers = read_register(
        request,
        queries.count_dossiers(request.db, roles, filters),
        partial(queries.list_dossiers, request.db, roles, filters, today(), bound),
        filters=offered,
    )
    ids = [row.Dossier.id for row in dossiers.rows]
    note_read(request, context.holder, "dossier", ids, task="lijst")
    town = f"/gemeenten/{context.municipality.slug}"
    return {
        "crumbs": crumbs(request, "Dossiers"),
        "dossiers": dossiers,
        "kinds": DossierKind,
        "path_of": partial(dossier_path, context.municipality.slug),
        "filtered": bool(filters.chosen),
        "all_href": f"{town}/dossiers",
        "new_href": f"{town}/nieuw-dossier",
        "may_edit": bool(request.has_permission(Permission.EDIT_DOSSIER, context)),
    }


@dossier_form_view("nieuw-dossier", context=MunicipalityResource)
def new_dossier_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form of a new dossier, perhaps with reports (`?melding=M-…`), and make it."""
    strict = bool(STRICT_ROLES & roles_at(request, context.holder))
    overview = f"/gemeenten/{context.municipality.slug}/dossiers"
    people = services.owners_for(request.db, context.holder, DossierKind.HOTSPOT.value)
    areas = _areas(request, context.holder)
    doubts = doubts_about_title(request, areas)
    reports = requested_reports(request, "meldingen")
    schema = new_schema(areas, kind_choices(strict), people, doubts)
    for part in danger_questions(reports):
        schema.add(part)
    form = Form(
        schema,
        request,
        buttons=[Button("maken", "Dossier maken")],
        appstruct=_first_values(reports),
        cancel_url=overview,
    )
    page = {
        "crumbs": crumbs(request, "Nieuw dossier"),
        "reports": reports,
    }

    def act(values: Values) -> Any:
        chosen = find_reports(request.db, values["meldingen"], field="meldingen")
        page["unready"] = waiting = unready(request.db, chosen)
        check_title(values, doubts)
        refuse(waiting)
        check_danger(values, chosen)
        return _make(context, request, chosen, values)

    return submit(request, form, act, page)


def _first_values(reports: Sequence[Report]) -> dict[str, Any]:
    """Return the values that follow from the reports to begin with."""
    areas = {report.neighbourhood_code for report in reports}
    return {
        "soort": DossierKind.HOTSPOT.value,
        "meldingen": " ".join(report.reference for report in reports),
        "wijk": areas.pop() if len(areas) == 1 else None,
        "spoed": any(report.urgent for report in reports),
    }


def _areas(request: Request, holder: str) -> list[tuple[str, str]]:
    return [(area.code, area.name) for area in present_neighbourhoods_of(request.db, holder)]


def _make(
    context: MunicipalityResource, request: Request, reports: Sequence[Report], values: Values
) -> Any:
    actor, effects = request.actor, WORKFLOW_EFFECTS.of(request.registry)
    dossier = services.create_dossier(
        request.db, actor, context.holder, DossierPlan(**read(values, ATTRIBUTES))
    )
    for report in reports:
        try:
            # The history of the report is read by more people than the dossier about a person.
            which = "Een dossier" if is_strict(dossier.kind) else f"Dossier {dossier.number}"
            reason = f"{which} is met deze melding begonnen."
            take_on(request.db, effects, report, values, actor)
            file_report(request.db, effects, dossier, report, reason, actor)
        except DossierError as problem:
            raise DossierError(str(problem), "meldingen") from None
    request.flash(f"Dossier {dossier.number} is gemaakt.")
    return HTTPSeeOther(path_of_dossier(request.db, dossier.id))


@dossier_form_view("bewerken", only_live)
def edit_view(context: DossierResource, request: Request) -> Any:
    """Show the form with everything that isn't changed by a step, and save it."""
    dossier = context.dossier
    areas = _areas(request, context.holder)
    doubts = doubts_about_title(request, areas, dossier.title)
    kinds = kind_choices(bool(STRICT_ROLES & roles_at(request, context.holder)))
    people = services.owners_for(request.db, context.holder, dossier.kind)
    schema = edit_schema(areas, kinds, people, doubts, basis=dossier.legal_basis)
    values = {**stored(dossier, ATTRIBUTES), "versie": dossier.version}

    def act(values: Values) -> Any:
        check_title(values, doubts)
        lock(request.db, dossier)
        check_version(dossier, values["versie"])
        fields = services.change_dossier(
            request.db, dossier, read(values, ATTRIBUTES), request.actor
        )
        request.flash("Het dossier is opgeslagen." if fields else "Er was niets gewijzigd.", "ok")
        request.db.flush()
        return HTTPSeeOther(path_of_dossier(request.db, dossier.id))

    def conflict(values: Values) -> list[Change]:
        return differences(dossier, values, ATTRIBUTES, schema.children)

    button = Button("opslaan", "Dossier opslaan")
    return dossier_form(context, request, schema, button, act, values, conflict=conflict)


def new_dossier_action(request: Any, context: ReportResource) -> Action | None:
    """Return the action that begins a dossier with this report, when it is in hand."""
    may_edit = request.has_permission(Permission.EDIT_DOSSIER, context)
    if context.report.state != ReportState.IN_HAND or not may_edit:
        return None
    for node in lineage(context):
        if isinstance(node, MunicipalityResource):
            address = f"/gemeenten/{node.municipality.slug}/nieuw-dossier"
            return Action("Nieuw dossier", f"{address}?melding={context.report.reference}")
    return None


FIELDS: Final = {CONTROLS[field]: field for field in VERSIONED}


@page_view(DossierResource, "versies", Permission.VIEW_DOSSIER, "templates/versions.jinja2")
def versions_view(context: DossierResource, request: Request) -> dict[str, Any]:
    """Show all versions of `?veld=samenvatting`, and the changes in the newest or in `nummer`."""
    parameters = dict(query_pairs(request))
    name = parameters.get("veld", "")
    if name not in FIELDS:
        raise HTTPNotFound()
    note_read(request, context.holder, "dossier", [context.dossier.id], task="versies bekijken")
    rows = versions(request.db, context.dossier, FIELDS[name])
    by_number = {str(row.number): row for row in rows}
    chosen = by_number.get(parameters.get("nummer", ""), rows[0] if rows else None)
    before = by_number.get(str(chosen.number - 1)) if chosen else None
    return {
        "name": LABELS[name],
        "versions": rows,
        "chosen": chosen,
        "pieces": difference(before.text, chosen.text) if before and chosen else None,
        "address": f"{page_of(context, request)}/versies?veld={name}&nummer=",
        "here": page_of(context, request),
    }


@dossier_form_view("splitsen", hidden_reports, only_live)
def split_view(context: DossierResource, request: Request) -> Any:
    """Show the form that makes a new dossier of some reports of this one, and make it."""
    inside = latest_members(context, request)
    if not inside and request.method != "POST":
        return nothing_here(context, request)
    dossier = context.dossier
    areas = [(area.code, area.name) for area in neighbourhoods_of(request.db, context.holder)]
    doubts = doubts_about_title(request, areas)
    fitting = mergeable_kinds(dossier.kind)
    kinds = [(kind.value, kind.nl) for kind in DossierKind if kind.value in fitting]

    def act(values: Values) -> HTTPSeeOther:
        check_title(values, doubts)
        plan = DossierPlan(
            **read(values, ATTRIBUTES),
            owner_id=dossier.owner_id,
            purpose=dossier.purpose,
            legal_basis=dossier.legal_basis,
            responsible_body=dossier.responsible_body,
        )
        effects, chosen = WORKFLOW_EFFECTS.of(request.registry), chosen_of(inside, values)
        why, actor = values["reden"], request.actor
        made = split_dossier(request.db, effects, dossier, plan, chosen, why, actor)
        request.flash(f"Dossier {made.number} is afgesplitst.")
        return HTTPSeeOther(path_of_dossier(request.db, made.id))

    schema = split_schema(areas, kinds, ticked(inside), doubts)
    first = {"soort": dossier.kind, "wijk": dossier.neighbourhood_code}
    button = Button("splitsen", "Dossier splitsen")
    return dossier_form(context, request, schema, button, act, first)


@dossier_form_view("in-dossier", context=MunicipalityResource)
def file_chosen_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form that puts reports chosen in the inbox (`?melding=M-…`) in a dossier; do it."""
    inbox = f"/gemeenten/{context.municipality.slug}/postvak"
    reports = requested_reports(request)
    if not reports:
        request.flash("Zet eerst een vinkje bij een of meer meldingen.", "warning")
        return HTTPSeeOther(inbox)
    new = f"/gemeenten/{context.municipality.slug}/nieuw-dossier"
    ticked = "&".join(f"melding={report.reference}" for report in reports)
    ids = [report.id for report in reports]
    note_read(request, context.holder, "melding", ids, task="meldingen in een dossier")
    choices = [(report.reference, choice_of(report)) for report in reports]
    schema = Schema(
        field(ManyOf(choices), "Meldingen", name="meldingen"),
        dossier_field(running_dossiers(request.db)),
        reason_field(),
        *danger_questions(reports),
    )
    form = Form(
        schema,
        request,
        buttons=[Button("toevoegen", "Meldingen in het dossier zetten")],
        appstruct={"meldingen": [report.reference for report in reports]},
        cancel_url=inbox,
    )
    page = {
        "crumbs": crumbs(request, "Meldingen in een dossier"),
        "new_href": f"{new}?{ticked}",
    }

    def act(values: Values) -> HTTPSeeOther:
        number, chosen = values["dossier"], values["meldingen"]
        dossier = request.db.scalars(select(Dossier).where(Dossier.number == number)).one()
        wanted = [report for report in reports if report.reference in chosen]
        outcome = f"in dossier {number} gezet"
        file_all(request, dossier, wanted, values, outcome, field="meldingen")
        return HTTPSeeOther(inbox)

    return submit(request, form, act, page)
