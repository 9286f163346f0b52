"""Pages of the desk: the queue, the call list, figures, routing by hand, its quarantine.

A report is opened and passed on at its own pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.audit import record
from stopintimidatie.core.forms import Button, Change, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import COUNTED
from stopintimidatie.core.text import date_short, datetime_short, plural
from stopintimidatie.core.web.components import FacetValue, ListItem, Panel, Tile
from stopintimidatie.core.web.request import (
    Paging,
    Request,
    form_view,
    page_view,
    wanted_page,
    with_params,
    worth_counting,
)
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.desk.forwarding.views import count_returned
from stopintimidatie.desk.models import LocalPolicy, PolicyKind
from stopintimidatie.desk.queue import services as queue
from stopintimidatie.desk.queue.services import can_be_routed, route_by_hand
from stopintimidatie.desk.resources import Desk, DeskMunicipality
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import all_municipalities, municipalities_by_name
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import AUDIT_KIND, without_admin
from stopintimidatie.municipalities.people.queries import count_due
from stopintimidatie.municipalities.people.services import proposals_for
from stopintimidatie.reports.inbox.views import TEMPLATE, quarantine_view
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import Action, add_version, conflict, version_values
from stopintimidatie.reports.page.views import impossible, step_page
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import StaleReportError, lock_report, report_path
from stopintimidatie.reports.vocabulary import Form as HarassmentForm
from stopintimidatie.reports.vocabulary import PlaceType

MUNICIPALITIES_SHOWN: Final = 15
UNKNOWN: Final = "gemeente onbekend"


@page_view(Desk, "", Permission.VIEW_DESK, "templates/queue.jinja2")
def queue_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show the reports that wait at the desk, with filters by delivery and municipality."""
    wanted = queue.QueueFilter(request.GET.get("bezorging"), request.GET.get("gemeente"))
    number = wanted_page(request)
    most = worth_counting(number, COUNTED)
    paging = Paging.counted(number, queue.count(request.db, wanted, most), most)
    rows = queue.page(request.db, wanted, paging.offset, paging.size)
    ids = [report.id for report, _ in rows]
    note_read(request, context.holder, "melding", ids, task="wachtrij landelijk meldpunt")
    return {
        "items": [_item(report, name) for report, name in rows],
        "paging": paging,
        "deliveries": _delivery_facet(request, wanted),
        "municipalities": _municipality_facet(request, wanted),
        "returned": count_returned(request.db),
        "proposals": len(proposals_for(request.db, context.holder)),
        "without_admin": len(without_admin(request.db)),
        "reviews": count_due(request.db, context.holder, request.identity.user_id),  # type: ignore[union-attr]
    }


def _item(report: Report, municipality: str | None) -> ListItem:
    forms = ", ".join(HarassmentForm.word(code) for code in report.forms)
    return ListItem(
        title=f"{report.reference}: {forms}",
        href=report_path(report, None, None),
        badges=(["spoed"] if report.urgent else []) + [report.state, report.delivery or ""],
        meta=[
            municipality or UNKNOWN,
            PlaceType.word(report.place_type),
            f"ontvangen {datetime_short(report.received_at)}",
        ],
    )


def _delivery_facet(request: Request, wanted: queue.QueueFilter) -> list[FacetValue]:
    counts = queue.by_delivery(request.db, wanted)
    return [
        _value(request, "bezorging", code, label, counts[code], wanted.delivery)
        for code, label in queue.DELIVERY_LABELS.items()
        if code in counts
    ]


def _municipality_facet(request: Request, wanted: queue.QueueFilter) -> list[FacetValue]:
    rows = queue.by_municipality(request.db, wanted, MUNICIPALITIES_SHOWN)
    present = wanted.municipality
    return [
        _value(request, "gemeente", code or queue.UNPLACED, name or UNKNOWN, number, present)
        for code, name, number in rows
    ]


def _value(
    request: Request, name: str, code: str, label: str, number: int | None, present: str | None
) -> FacetValue:
    """Return a value of a filter; its link chooses the value, or leaves a chosen one out."""
    chosen = code == present
    wanted: dict[str, Any] = {name: None if chosen else code, "pagina": None}
    return FacetValue(label, with_params(request, **wanted), number, chosen)


# A choice of a municipality, which may be in the list under two names

# Two lines of a list may not have one value: then both would count as chosen.
_MARK: Final = "~"


class Town(forms.OneOf):
    """The choice of a municipality by one of its names; the value is its code."""

    def __init__(self, municipalities: Iterable[Municipality]) -> None:
        super().__init__(
            (
                f"{row.municipality.code}{_MARK}{row.key}" if row.also else row.municipality.code,
                row.label,
            )
            for row in municipalities_by_name(municipalities)
        )

    def fit(self, value: Any) -> str:
        """Return the code of the chosen municipality, whichever of its names was chosen."""
        return str(super().fit(value)).partition(_MARK)[0]


# Call list and figures

_TEMPLATES: Final = "stopintimidatie.desk.queue:templates"
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
    """Return a link that rings a number; within the address it has no spaces."""
    return _LINK.format(f"tel:{''.join(number.split())}", number) if number else ""


@page_view(Desk, "bellijst", Permission.VIEW_DESK, f"{_TEMPLATES}/call_list.jinja2")
def call_list_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show the municipalities to ring, with what waits for each."""
    rows = queue.call_list(request.db, request.registry.key_ring)
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


@page_view(Desk, "cijfers", Permission.VIEW_DESK, f"{_TEMPLATES}/figures.jinja2")
def figures_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show by municipality and level how many reports passed the desk in the last year."""
    figures = queue.figures(request.db)
    return {
        "tiles": [
            *(
                _tile(figures.levels[level], "gemeente", "gemeenten", f"met niveau {level.label}")
                for level in ParticipationLevel
            ),
            _tile(figures.unplaced, "melding", "meldingen", "zonder gemeente"),
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
            for row in figures.rows
        ],
    }


def _tile(count: int, singular: str, more: str, after: str) -> Tile:
    shown, _, thing = plural(count, singular, more).partition(" ")
    return Tile(shown, f"{thing} {after}")


class PolicySchema(Schema):
    """The form to record a municipality's own campaign or policy."""

    soort = field(forms.OneOf(POLICIES, radio=True), "Deze gemeente heeft")
    naam = field(
        forms.Text(120),
        "Naam van de campagne of het beleid",
        description="Zoals de gemeente het zelf noemt. Geen namen van mensen.",
        missing="",
    )


@form_view(DeskMunicipality, "beleid", Permission.ROUTE_REPORT, f"{_TEMPLATES}/policy.jinja2")
def policy_view(context: DeskMunicipality, request: Request) -> Any:
    """Show the form of a municipality's own campaign or policy, and record it."""
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
    """Return the panel about a municipality's own policy, on its page at the desk."""
    code = context.municipality.code
    values = {
        "policy": queue.policies_of(request.db, [code]).get(code),
        "href": request.resource_path(context, "beleid"),
    }
    return Panel("Eigen campagne of beleid", f"{_TEMPLATES}/policy_panel.jinja2", values)


def routing_action(request: Any, context: Any) -> Action | None:
    """Return the button to choose a municipality, on the page of a report at the desk."""
    if context.holder != NATIONAL or not can_be_routed(context.report):
        return None
    if not request.has_permission(Permission.ROUTE_REPORT, context):
        return None
    return Action("Gemeente kiezen", request.resource_path(context, "routeren"), "primary")


def _routing_schema(request: Request) -> Schema:
    schema = Schema(
        field(Town(all_municipalities(request.db)), "Gemeente", name="gemeente"),
        field(forms.Text(1000, lines=True), "Hoe weet u dat?", name="reden"),
    )
    add_version(schema)
    return schema


@form_view(
    ReportResource,
    "routeren",
    Permission.ROUTE_REPORT,
    "stopintimidatie.reports.page:templates/step.jinja2",
)
def routing_view(context: ReportResource, request: Request) -> Any:
    """Show the form to choose the municipality of a report, and route it there."""
    report = context.report

    def page() -> dict[str, Any]:
        return {**step_page(context, request, "Gemeente kiezen"), "nothing_to_choose": []}

    if not can_be_routed(report) and request.method != "POST":
        return impossible(context, request, page())
    start = {**version_values(report), "gemeente": report.municipality_code}
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
            lock_report(request.db, report, values["versie"])
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
        result = "doorgegeven" if gone else "bij deze gemeente gezet. Zij staat op de bellijst"
        request.flash(f"{report.reference} is {result}.")
        return HTTPSeeOther(here)

    return handle_form(request, form, on_valid, page)


@form_view(Desk, "quarantaine", Permission.RELEASE, TEMPLATE)
def desk_quarantine_view(context: Desk, request: Request) -> Any:
    """Show the quarantine of the reports that no municipality holds."""
    return quarantine_view(context, request)
