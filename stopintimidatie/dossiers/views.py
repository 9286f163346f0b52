"""The list of dossiers, the page of a dossier, making and editing one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.dossiers import listing
from stopintimidatie.dossiers.access import STRICT_ROLES, is_strict
from stopintimidatie.dossiers.beginning import (
    TAKE,
    Unready,
    asked_for,
    has_new,
    refuse,
    take_field,
    take_on,
    unready,
)
from stopintimidatie.dossiers.filing import file_report
from stopintimidatie.dossiers.forms import (
    ATTRIBUTES,
    differences,
    edit_schema,
    kind_choices,
    new_schema,
    read,
    stored,
)
from stopintimidatie.dossiers.handling import (
    FORM_PAGE,
    check_title,
    crumbs,
    doubts_about_title,
    form_page,
    only_live,
    page_of,
    roles_at,
    submit,
    today,
)
from stopintimidatie.dossiers.history import DossierError, check_version, lock
from stopintimidatie.dossiers.items import dossier_item
from stopintimidatie.dossiers.options import owners_for
from stopintimidatie.dossiers.paths import path_of_dossier
from stopintimidatie.dossiers.references import find_reports
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import DossierPlan, change_dossier, create_dossier
from stopintimidatie.dossiers.vocabulary import DossierKind
from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.register.queries import present_neighbourhoods_of
from stopintimidatie.reports.models import Report
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.components import FacetValue
from stopintimidatie.web.forms import Button, Form
from stopintimidatie.web.paging import Paging, wanted_page
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs, toggled
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS


@view_config(
    context=MunicipalityResource,
    name="dossiers",
    request_method="GET",
    permission=Permission.VIEW_DOSSIER,
    renderer="stopintimidatie.dossiers:templates/dossiers.jinja2",
)
def dossiers_view(context: MunicipalityResource, request: Request) -> Any:
    """The dossiers of a municipality, with filters that are addresses."""
    roles = roles_at(request, context.holder)
    filters = listing.Filters.read(query_pairs(request))
    total = listing.count_dossiers(request.db, roles, filters)
    paging = Paging(wanted_page(request), total)
    rows = listing.list_dossiers(request.db, roles, filters, paging, today())
    ids = [row.dossier.id for row in rows]
    note_read(request, context.holder, "dossier", ids, task="lijst")
    slug = context.municipality.slug
    new = f"/gemeenten/{slug}/nieuw-dossier"
    return {
        "crumbs": crumbs(request, "Dossiers"),
        "items": [dossier_item(slug, row) for row in rows],
        "paging": paging,
        "facets": _facets(request, listing.facets(request.db, roles, filters)),
        "filtered": bool(filters.chosen),
        "all_href": f"/gemeenten/{slug}/dossiers",
        "new_href": new if request.has_permission(Permission.EDIT_DOSSIER, context) else None,
    }


def _facets(request: Request, found: Any) -> list[tuple[str, list[FacetValue]]]:
    return [
        (
            listing.TITLES[name],
            [
                FacetValue(c.label, toggled(request, name, c.value), c.count, c.selected)
                for c in choices
            ],
        )
        for name, choices in found.items()
    ]


@view_config(
    context=MunicipalityResource,
    name="nieuw-dossier",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
)
def new_dossier_view(context: MunicipalityResource, request: Request) -> Any:
    """A dossier, empty or with reports: `?melding=M-…`, more than once for several."""
    strict = bool(STRICT_ROLES & roles_at(request, context.holder))
    overview = f"/gemeenten/{context.municipality.slug}/dossiers"
    people = owners_for(request.db, context.holder, DossierKind.HOTSPOT.value)
    areas = _areas(request, context.holder)
    doubts = doubts_about_title(request, areas)
    reports = asked_for(request)
    schema = new_schema(areas, kind_choices(strict), people, doubts)
    if has_new(reports):
        schema.add(take_field())
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
        " als het in aanpak gaat.",
    }

    def act(values: dict[str, Any]) -> Any:
        found = find_reports(request.db, values["meldingen"], field="meldingen")
        waiting.extend(unready(request.db, found, taking=bool(values.get(TAKE))))
        check_title(values, doubts)
        refuse(waiting, can_take=has_new(found) and not values.get(TAKE))
        return _make(context, request, found, values)

    return submit(request, form, act, page)


def _first_values(reports: Sequence[Report]) -> dict[str, Any]:
    """What the reports to begin with already tell."""
    areas = {report.neighbourhood_code for report in reports}
    return {
        "soort": DossierKind.HOTSPOT.value,
        "meldingen": " ".join(report.reference for report in reports),
        "wijk": areas.pop() if len(areas) == 1 else None,
        "spoed": any(report.urgent for report in reports),
        **({TAKE: True} if has_new(reports) else {}),
    }


def _areas(request: Request, holder: str) -> list[tuple[str, str]]:
    return [(area.code, area.name) for area in present_neighbourhoods_of(request.db, holder)]


def _make(
    context: MunicipalityResource,
    request: Request,
    reports: Sequence[Report],
    values: dict[str, Any],
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
            if values.get(TAKE):
                take_on(request.db, effects, report, actor)
            file_report(request.db, effects, dossier, report, reason, actor)
        except DossierError as problem:
            raise DossierError(str(problem), "meldingen") from None
    request.flash(f"Dossier {dossier.number} is gemaakt.")
    return HTTPSeeOther(path_of_dossier(request.db, dossier.id))


@view_config(
    context=DossierResource,
    name="bewerken",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def edit_view(context: DossierResource, request: Request) -> Any:
    """Everything that isn't changed by a step."""
    dossier = context.dossier
    areas = _areas(request, context.holder)
    doubts = doubts_about_title(request, areas, dossier.title)
    schema = _edit_schema(context, request, areas, doubts)
    form = Form(
        schema,
        request,
        buttons=[Button("opslaan", "Dossier opslaan")],
        appstruct={**stored(dossier, ATTRIBUTES), "versie": dossier.version},
        cancel_url=page_of(context, request),
    )

    def act(values: dict[str, Any]) -> Any:
        check_title(values, doubts)
        lock(request.db, dossier)
        check_version(dossier, values["versie"])
        fields = change_dossier(request.db, dossier, read(values, ATTRIBUTES), request.actor)
        request.flash("Het dossier is opgeslagen." if fields else "Er was niets gewijzigd.", "ok")
        request.db.flush()
        return HTTPSeeOther(path_of_dossier(request.db, dossier.id))

    page = form_page(context, request, "Dossier bewerken")
    return submit(
        request,
        form,
        act,
        page,
        conflict=lambda values: differences(dossier, values, ATTRIBUTES, schema.children),
    )


def _edit_schema(
    context: DossierResource, request: Request, areas: list[tuple[str, str]], doubts: list[str]
) -> Any:
    dossier = context.dossier
    strict = bool(STRICT_ROLES & roles_at(request, context.holder))
    people = owners_for(request.db, context.holder, dossier.kind)
    return edit_schema(
        areas,
        kind_choices(strict),
        people,
        doubts,
        strict=is_strict(dossier.kind),
    )
