"""The list of dossiers, the page of a dossier, making and editing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core.forms import Button, Change, Form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.tree import lineage
from stopintimidatie.core.tree.services import is_restricted
from stopintimidatie.core.web.components import FacetValue, Panel
from stopintimidatie.core.web.request import Paging, Request, page_view, query_pairs, toggled
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.dossiers.case.queries import (
    TITLES,
    Choice,
    Filters,
    Row,
    count_dossiers,
    facets,
    list_dossiers,
)
from stopintimidatie.dossiers.case.services import DossierPlan, change_dossier, create_dossier
from stopintimidatie.dossiers.case.steps import owners_for
from stopintimidatie.dossiers.filing.services import file_report, find_reports
from stopintimidatie.dossiers.filing.views import (
    TAKEN,
    Unready,
    check_danger,
    danger_questions,
    refuse,
    requested_reports,
    take_on,
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
    form_page,
    only_live,
    page_of,
    paging_of,
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
from stopintimidatie.municipalities.areas.queries import present_neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import (
    MunicipalityResource,
    NeighbourhoodResource,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import Action
from stopintimidatie.reports.resources import ReportResource

SHOWN: Final = 10
PANEL: Final = "stopintimidatie.dossiers.case:templates/neighbourhood.jinja2"


def list_values(municipality: str, rows: Sequence[Row]) -> Values:
    """Return what a list of dossiers shows, for `list.jinja2`."""
    return {"rows": rows, "kinds": DossierKind, "path_of": partial(dossier_path, municipality)}


def neighbourhood_panel(context: NeighbourhoodResource, request: Any) -> Panel | None:
    """Return the panel with dossiers of a neighbourhood, those that run first."""
    if not request.has_permission(Permission.VIEW_DOSSIER, context):
        return None
    code, slug = context.neighbourhood.code, context.municipality.slug
    roles, filters = roles_at(request, context.holder), Filters({"wijk": (code,)})
    total = count_dossiers(request.db, roles, filters)
    bound = is_restricted(request.registry, Dossier.id)
    rows = list_dossiers(request.db, roles, filters, Paging(1, total, SHOWN), today(), bound)
    ids = [row.dossier.id for row in rows]
    note_read(request, context.holder, "dossier", ids, task="wijk bekijken")
    values = {
        **list_values(slug, rows),
        "more": total > SHOWN,
        "total": total,
        "href": f"/gemeenten/{slug}/dossiers?wijk={code}",
    }
    return Panel("Dossiers", PANEL, values)


@page_view(MunicipalityResource, "dossiers", Permission.VIEW_DOSSIER, "templates/dossiers.jinja2")
def dossiers_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the dossiers of a municipality, with filters that are addresses."""
    roles = roles_at(request, context.holder)
    filters = Filters.read(query_pairs(request))
    total = count_dossiers(request.db, roles, filters)
    paging = paging_of(request, total)
    bound = is_restricted(request.registry, Dossier.id)
    rows = list_dossiers(request.db, roles, filters, paging, today(), bound)
    ids = [row.dossier.id for row in rows]
    note_read(request, context.holder, "dossier", ids, task="lijst")
    slug = context.municipality.slug
    new = f"/gemeenten/{slug}/nieuw-dossier"
    return {
        "crumbs": crumbs(request, "Dossiers"),
        **list_values(slug, rows),
        "paging": paging,
        "facets": _facets(request, facets(request.db, roles, filters)),
        "filtered": bool(filters.chosen),
        "all_href": f"/gemeenten/{slug}/dossiers",
        "new_href": new if request.has_permission(Permission.EDIT_DOSSIER, context) else None,
    }


def _facets(
    request: Request, choices: Mapping[str, Sequence[Choice]]
) -> list[tuple[str, list[FacetValue]]]:
    """Return each filter in words, with links that choose a value or let it go."""

    def value(name: str, choice: Choice) -> FacetValue:
        href = toggled(request, name, choice.value)
        return FacetValue(choice.label, href, choice.count, choice.selected)

    return [
        (TITLES[name], [value(name, choice) for choice in offered])
        for name, offered in choices.items()
    ]


@dossier_form_view("nieuw-dossier", context=MunicipalityResource)
def new_dossier_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form of a new dossier, perhaps with reports (`?melding=M-…`), and make it."""
    strict = bool(STRICT_ROLES & roles_at(request, context.holder))
    overview = f"/gemeenten/{context.municipality.slug}/dossiers"
    people = owners_for(request.db, context.holder, DossierKind.HOTSPOT.value)
    areas = _areas(request, context.holder)
    doubts = doubts_about_title(request, areas)
    reports = requested_reports(request)
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
    waiting: list[Unready] = []
    page = {
        "unready": waiting,
        "crumbs": crumbs(request, "Nieuw dossier"),
        "heading": "Nieuw dossier",
        "above": context.title,
        "intro": "Het dossier begint in voorbereiding. Doel, grondslag en dossierhouder vult u in"
        f" als het in aanpak gaat. {TAKEN if reports else ''}".rstrip(),
    }

    def act(values: Values) -> Any:
        chosen = find_reports(request.db, values["meldingen"], field="meldingen")
        waiting.extend(unready(request.db, chosen))
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
    dossier = create_dossier(
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
    people = owners_for(request.db, context.holder, dossier.kind)
    schema = edit_schema(areas, kinds, people, doubts, basis=dossier.legal_basis)
    values = {**stored(dossier, ATTRIBUTES), "versie": dossier.version}
    form = dossier_form(context, request, schema, Button("opslaan", "Dossier opslaan"), values)

    def act(values: Values) -> Any:
        check_title(values, doubts)
        lock(request.db, dossier)
        check_version(dossier, values["versie"])
        fields = change_dossier(request.db, dossier, read(values, ATTRIBUTES), request.actor)
        request.flash("Het dossier is opgeslagen." if fields else "Er was niets gewijzigd.", "ok")
        request.db.flush()
        return HTTPSeeOther(path_of_dossier(request.db, dossier.id))

    def conflict(values: Values) -> list[Change]:
        return differences(dossier, values, ATTRIBUTES, schema.children)

    page = form_page(context, request, "Dossier bewerken")
    return submit(request, form, act, page, conflict=conflict)


def new_dossier_action(request: Any, context: ReportResource) -> Action | None:
    """Return the action that begins a dossier with this report, when it is in hand."""
    may_edit = request.has_permission(Permission.EDIT_DOSSIER, context)
    if context.report.state != "in_behandeling" or not may_edit:
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
        **form_page(context, request, f"Versies van de {LABELS[name].lower()}"),
        "versions": rows,
        "chosen": chosen,
        "pieces": difference(before.text, chosen.text) if before and chosen else None,
        "address": f"{page_of(context, request)}/versies?veld={name}&nummer=",
        "here": page_of(context, request),
    }
