"""The desk's other pages: the call list, figures, and what a municipality does itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.audit import record
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.storage.session import COUNTED
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, page_view
from stopintimidatie.desk.forwarding.access import number_of
from stopintimidatie.desk.models import LocalPolicy, PolicyKind
from stopintimidatie.desk.queue import calls
from stopintimidatie.desk.queue import services as queue
from stopintimidatie.desk.resources import Desk, DeskMunicipality
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.municipalities.agreements.services import standing_of
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import AUDIT_KIND

_TEMPLATES: Final = "stopintimidatie.desk.queue:templates"
_NOTHING: Final = "geen"


@page_view(Desk, "bellijst", Permission.VIEW_DESK, f"{_TEMPLATES}/call_list.jinja2")
def call_list_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show the municipalities to ring, with what waits for each."""
    rows = calls.call_list(request.db, request.registry.key_ring)
    number = sum(row.waiting.number for row in rows)
    return {"rows": rows, "number": number, "labels": calls.LABELS}


def _call_schema(effects: Mapping[calls.Outcome, str]) -> Any:
    """Return the form of a call; `effects`: what each outcome does to the reports that wait."""
    return Schema(
        field(
            forms.OneOf(
                [(way, f"{calls.LABELS[way]}. {says}.") for way, says in effects.items()],
                radio=True,
            ),
            "Hoe liep het gesprek af",
            name="uitkomst",
            description="Bij elke keuze staat wat er met de meldingen gebeurt die wachten.",
        ),
        field(
            forms.Date(),
            "Dag",
            name="dag",
            missing=None,
            drawn=forms.Opened("Wanneer u weer belt", (calls.Outcome.LATER.value,)),
        ),
        field(forms.Text(20), "Nummer", name="nummer", widget=forms.Hidden(), missing=None),
    )


def _call_values(context: DeskMunicipality, request: Request) -> dict[str, Any]:
    """Return what is shown beside a call: the number, the form, and earlier calls."""
    session, town = request.db, context.municipality
    contact = calls.contacts(session, [town.code])[town.code]
    waiting = queue.waiting_reports(session, town.code).get(town.code, queue.Waiting())
    valid = standing_of(session, request.registry.key_ring, town.code).valid
    offered = number_of(session, town.code, Pickup.state == PickupState.OFFERED)
    left = RETENTION_CLASSES.of(request.registry)["meldpunt_blijft_liggen"]
    form = Form(
        _call_schema(calls.effects(town.name, waiting, offered, valid=valid, term=left.term)),
        request,
        formid="gesprek",
        action=request.resource_path(context, "gesprek"),
        buttons=[Button("opslaan", "Gesprek opslaan")],
        appstruct={"nummer": contact.number} if contact.number else {},
    )
    return {
        "name": town.name,
        "contact": contact,
        "form": form,
        "calls": calls.calls_with(session, town.code),
        "labels": calls.LABELS,
    }


def call_panel(context: Any, request: Any) -> Panel:
    """Return the panel with the script, the form of a call and earlier calls."""
    return Panel("Bellen", f"{_TEMPLATES}/call_panel.jinja2", _call_values(context, request))


@form_view(DeskMunicipality, "gesprek", Permission.ROUTE_REPORT, f"{_TEMPLATES}/call.jinja2")
def call_view(context: DeskMunicipality, request: Request) -> Any:
    """Show the form of a call with the script beside it, and save how it ended."""
    page = _call_values(context, request)

    def on_valid(values: dict[str, Any]) -> Any:
        calls.save_call(request.db, context.municipality.code, values, request.actor)
        if values["uitkomst"] == calls.Outcome.REFUSES:
            return HTTPSeeOther(request.resource_path(context, "weigering"))
        request.flash(f"Gesprek met {context.municipality.name} opgeslagen.")
        return HTTPSeeOther(f"/{NATIONAL}/bellijst")

    return handle_form(request, page["form"], on_valid, page)


@page_view(Desk, "cijfers", Permission.VIEW_DESK, f"{_TEMPLATES}/figures.jinja2")
def figures_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show by municipality and level how many reports passed the desk in the last year."""
    return {
        "figures": queue.figures(request.db),
        "levels": list(ParticipationLevel),
        "counted": COUNTED,
        "unplaced_href": f"/{NATIONAL}?gemeente={queue.UNPLACED}",
    }


class PolicySchema(Schema):
    """The form to record a municipality's own campaign or policy."""

    soort = field(
        forms.OneOf(
            [
                (_NOTHING, "niets, voor zover bekend"),
                (PolicyKind.CAMPAIGN.value, "een eigen campagne"),
                (PolicyKind.POLICY.value, "eigen beleid"),
            ],
            radio=True,
        ),
        "Deze gemeente heeft",
    )
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
