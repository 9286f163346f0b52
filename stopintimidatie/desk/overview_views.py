"""The desk's call list and figures, routing by hand, and noting what a municipality does itself."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.audit import record
from stopintimidatie.desk import overview
from stopintimidatie.desk.agreements_resources import DeskMunicipality
from stopintimidatie.desk.models import LocalPolicy, PolicyKind
from stopintimidatie.desk.resources import Desk
from stopintimidatie.desk.routing import can_be_routed, route_by_hand
from stopintimidatie.municipalities.levels import AUDIT_KIND
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.town_field import Town
from stopintimidatie.register.queries import all_municipalities
from stopintimidatie.reports.forms import add_seen, conflict, seen
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import StaleReportError, take_in_hand
from stopintimidatie.reports.steps import Action
from stopintimidatie.reports.views import impossible, step_page
from stopintimidatie.security import Permission
from stopintimidatie.storage import NATIONAL
from stopintimidatie.web import forms
from stopintimidatie.web.components import Tile
from stopintimidatie.web.filters import date_short
from stopintimidatie.web.forms import Button, Change, Form, FormError, Schema, field, handle_form
from stopintimidatie.web.panels import Panel
from stopintimidatie.web.request import Request
from stopintimidatie.workflow import WorkflowError
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS

_TEMPLATES: Final = "stopintimidatie.desk:templates"
_LINK: Final = Markup('<a class="utrecht-link utrecht-link--html-a" href="{}">{}</a>')
_NOTHING: Final = "geen"
POLICIES: Final = (
    (_NOTHING, "niets, voor zover bekend"),
    (PolicyKind.CAMPAIGN.value, "een eigen campagne"),
    (PolicyKind.POLICY.value, "eigen beleid"),
)
OFFER: Final = "bied programma aan"


def _town(slug: str, name: str) -> Markup:
    return _LINK.format(f"/{NATIONAL}/{slug}", name)


def _phone(number: str | None) -> Markup | str:
    """A number to press; within an address it has no spaces."""
    return _LINK.format(f"tel:{''.join(number.split())}", number) if number else ""


@view_config(
    context=Desk,
    name="bellijst",
    request_method="GET",
    permission=Permission.VIEW_DESK,
    renderer=f"{_TEMPLATES}/call_list.jinja2",
)
def call_list_view(context: Desk, request: Request) -> dict[str, Any]:
    """Whom to ring, and for what."""
    rows = overview.call_list(request.db, request.registry.key_ring)
    return {
        "rows": [
            [
                _town(row.slug, row.name),
                _phone(row.telephone),
                row.waiting,
                row.urgent,
                date_short(row.oldest),
                row.standing,
                f"{row.policy}: {OFFER}" if row.policy else "",
            ]
            for row in rows
        ],
        "number": sum(row.waiting for row in rows),
    }


@view_config(
    context=Desk,
    name="cijfers",
    request_method="GET",
    permission=Permission.VIEW_DESK,
    renderer=f"{_TEMPLATES}/figures.jinja2",
)
def figures_view(context: Desk, request: Request) -> dict[str, Any]:
    """Per municipality and level what passed the desk in the last year."""
    found = overview.figures(request.db)
    return {
        "tiles": [
            *(
                Tile(str(found.levels[level]), f"gemeenten {level.label}")
                for level in ParticipationLevel
            ),
            Tile(str(found.unplaced), "meldingen zonder gemeente"),
        ],
        "rows": [
            [
                _town(row.slug, row.name),
                row.level.label,
                row.waiting,
                row.offered,
                row.picked_up,
                row.handed_over,
                f"{row.policy}: {OFFER}" if row.offer_programme else row.policy or "",
            ]
            for row in found.rows
        ],
    }


class PolicySchema(Schema):
    """What a municipality does of its own."""

    soort = field(forms.OneOf(POLICIES, radio=True), "Deze gemeente heeft")
    naam = field(
        forms.Text(120),
        "Naam van de campagne of het beleid",
        description="Zoals de gemeente het zelf noemt. Geen namen van mensen.",
        missing="",
    )


@view_config(
    context=DeskMunicipality,
    name="beleid",
    request_method=("GET", "POST"),
    permission=Permission.ROUTE_REPORT,
    renderer=f"{_TEMPLATES}/policy.jinja2",
)
def policy_view(context: DeskMunicipality, request: Request) -> Any:
    """Note a campaign or policy: a reason to offer the programme."""
    code = context.municipality.code
    present = request.db.get(LocalPolicy, code)
    start = {"soort": present.kind, "naam": present.name} if present else {"soort": _NOTHING}
    here = request.resource_path(context)
    form = Form(
        PolicySchema(),
        request,
        buttons=[Button("vastleggen", "Vastleggen")],
        appstruct=start,
        cancel_url=here,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        name = values["naam"].strip()
        if values["soort"] != _NOTHING and not name:
            raise FormError("Schrijf hoe de gemeente het noemt.", "naam")
        if present is not None:
            request.db.delete(present)
            request.db.flush()
        if values["soort"] != _NOTHING:
            request.db.add(LocalPolicy(code=code, kind=PolicyKind(values["soort"]), name=name))
        actor = request.actor
        record(request.db, actor, "gemeente.beleid", NATIONAL, AUDIT_KIND, fields=[code])
        request.flash("Vastgelegd.")
        return HTTPSeeOther(here)

    return handle_form(request, form, on_valid, {"name": context.municipality.name})


def policy_panel(context: Any, request: Any) -> Panel:
    """On the page of a municipality at the desk."""
    code = context.municipality.code
    values = {
        "policy": overview.policies_of(request.db, [code]).get(code),
        "href": request.resource_path(context, "beleid"),
    }
    return Panel("Eigen campagne of beleid", f"{_TEMPLATES}/policy_panel.jinja2", values)


def routing_action(request: Any, context: Any) -> Action | None:
    """The button on the page of a report at the desk."""
    if context.holder != NATIONAL or not can_be_routed(context.report):
        return None
    if not request.has_permission(Permission.ROUTE_REPORT, context):
        return None
    return Action("Gemeente kiezen", request.resource_path(context, "routeren"), "primary")


def _routing_schema(request: Request) -> Schema:
    schema = Schema()
    schema.add(field(Town(all_municipalities(request.db)), "Gemeente", name="gemeente"))
    text = forms.Text(1000, lines=True)
    schema.add(field(text, "Hoe weet u dat?", name="reden"))
    add_seen(schema)
    return schema


@view_config(
    context=ReportResource,
    name="routeren",
    request_method=("GET", "POST"),
    permission=Permission.ROUTE_REPORT,
    renderer="stopintimidatie.reports:templates/step.jinja2",
)
def routing_view(context: ReportResource, request: Request) -> Any:
    """Say in which municipality it happened; a connected one gets the report at once."""
    report = context.report
    page: dict[str, Any] = {
        **step_page(context, request, "Gemeente kiezen"),
        "nothing_to_choose": [],
    }
    if not can_be_routed(report) and request.method != "POST":
        return impossible(context, request, page)
    start = {**seen(report), "gemeente": report.municipality_code}
    here = request.resource_path(context)
    form = Form(
        _routing_schema(request),
        request,
        buttons=[Button("routeren", "Vastleggen")],
        appstruct=start,
        cancel_url=here,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        try:
            take_in_hand(request.db, report, values["versie"])
            effects, actor = WORKFLOW_EFFECTS.of(request.registry), request.actor
            gone = route_by_hand(
                request.db, effects, report, values["gemeente"], values["reden"], actor
            )
            request.db.flush()
        except StaleReportError:
            change = [Change("Gemeente", report.municipality_code or "", values["gemeente"])]
            raise conflict(request.db, form, report, values["gezien"], change) from None
        except WorkflowError as problem:
            raise FormError(str(problem), problem.field) from None
        what = "doorgegeven" if gone else "bij deze gemeente gezet. Zij staat op de bellijst"
        request.flash(f"{report.reference} is {what}.")
        return HTTPSeeOther(here)

    return handle_form(request, form, on_valid, page)
