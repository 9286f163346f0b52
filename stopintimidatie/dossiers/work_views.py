"""Working in a dossier: its steps, notes and agreements."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.dossiers.access import is_strict
from stopintimidatie.dossiers.effects import open_agreements
from stopintimidatie.dossiers.forms import (
    note_schema,
)
from stopintimidatie.dossiers.handling import (
    FORM_PAGE,
    back_to,
    form_page,
    only_live,
    page_of,
    submit,
)
from stopintimidatie.dossiers.history import check_version, lock
from stopintimidatie.dossiers.measure_views import effects_of
from stopintimidatie.dossiers.notes import add_note, possible_readers
from stopintimidatie.dossiers.options import other_dossiers
from stopintimidatie.dossiers.paths import path_of_dossier
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import (
    move_dossier,
)
from stopintimidatie.dossiers.vocabulary import DEFAULT_BODY
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW, PERSON_FIELDS
from stopintimidatie.reports.vocabulary import FollowUp
from stopintimidatie.security import Permission
from stopintimidatie.web.filters import plural
from stopintimidatie.web.forms import Button, Change, Form
from stopintimidatie.web.request import Request
from stopintimidatie.web.transitions import derive_form
from stopintimidatie.web.urls import query_pairs
from stopintimidatie.workflow import Transition, WorkflowError
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS, WORKFLOW_OPTIONS

# Steps that can't be made while agreements are open; their page says so before one types.
NEEDS_AGREEMENTS_DONE = frozenset({"monitoren", "afsluiten"})


@view_config(
    context=DossierResource,
    name="stap",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
)
def step_view(context: DossierResource, request: Request) -> Any:
    """One step of the workflow: `?naam=starten`. What it asks follows from the workflow."""
    step = _wanted_step(context, request)
    dossier = context.dossier
    if request.method != "POST" and dossier.state not in step.sources:
        label = DOSSIER_WORKFLOW.state(dossier.state).label
        request.flash(f"‘{step.label}’ kan nu niet: de toestand is ‘{label}’.", "warning")
        return back_to(context, request)
    if step.name == "samenvoegen" and not other_dossiers(request.db, dossier):
        request.flash("Er is geen ander dossier om mee samen te voegen.", "warning")
        return back_to(context, request)
    form = _step_form(context, request, step)
    page = {
        **form_page(context, request, step.label),
        "warning": _warning(context, request, step),
        "warning_link": ("Naar de afspraken", page_of(context, request, "afspraken")),
    }

    def act(values: dict[str, Any]) -> Any:
        lock(request.db, dossier)
        check_version(dossier, values["versie"])
        move_dossier(
            request.db,
            WORKFLOW_EFFECTS.of(request.registry),
            dossier,
            step.name,
            {asked.name: values.get(asked.name) for asked in step.fields},
            request.actor,
        )
        return _after(context, request, step)

    return submit(request, form, act, page, conflict=lambda values: _state_change(context, step))


def _wanted_step(context: DossierResource, request: Request) -> Transition:
    try:
        step = DOSSIER_WORKFLOW.transition(dict(query_pairs(request)).get("naam", ""))
    except WorkflowError:
        raise HTTPNotFound() from None
    if not request.has_permission(step.permission, context):
        raise HTTPForbidden()
    return step


def _step_form(context: DossierResource, request: Request, step: Transition) -> Form:
    dossier = context.dossier
    offered = WORKFLOW_OPTIONS.of(request.registry)
    strict = is_strict(dossier.kind)
    return derive_form(
        step,
        {
            asked.options: offered[asked.options](request.db, dossier)
            for asked in step.fields
            if asked.options
        },
        request,
        version=dossier.version,
        appstruct=_first_answers(context, request, step),
        leave_out=frozenset() if strict else PERSON_FIELDS,
        given={"soort": dossier.kind},
        cancel_url=page_of(context, request),
    )


def _first_answers(context: DossierResource, request: Request, step: Transition) -> dict[str, Any]:
    """What is known already; at closing, what the measures did."""
    if step.name == "starten":
        return _known(context)
    if step.name != "afsluiten":
        return {}
    found = [one for one in effects_of(context, request) if not one.too_soon]
    told = [f"{FollowUp.word(one.measure.kind).capitalize()}: {one.words}" for one in found]
    return {"effect": "\n".join(told) or None}


def _known(context: DossierResource) -> dict[str, Any]:
    """What the dossier says already about what the first step asks."""
    dossier = context.dossier
    return {
        "doel": dossier.purpose,
        "grondslag": dossier.legal_basis,
        "verantwoordelijke": dossier.responsible_body or DEFAULT_BODY,
        "dossierhouder": str(dossier.owner_id) if dossier.owner_id else None,
        "advies_privacy": dossier.privacy_advice,
        "advies_datum": dossier.privacy_advice_on,
    }


def _warning(context: DossierResource, request: Request, step: Transition) -> str:
    if step.name not in NEEDS_AGREEMENTS_DONE:
        return ""
    number = open_agreements(request.db, context.dossier)
    if not number:
        return ""
    agreements = plural(number, "afspraak staat", "afspraken staan")
    return f"{agreements} nog open. Rond die eerst af, of laat ze vervallen."


def _state_change(context: DossierResource, step: Transition) -> list[Change]:
    now = DOSSIER_WORKFLOW.state(context.dossier.state).label
    return [Change("Toestand", now, DOSSIER_WORKFLOW.state(step.target).label)]


def _after(context: DossierResource, request: Request, step: Transition) -> Any:
    """After closing, the reports come next."""
    label = DOSSIER_WORKFLOW.state(step.target).label.lower()
    told = "Het dossier is samengevoegd met dit dossier." if step.name == "samenvoegen" else ""
    request.flash(told or f"Het dossier is nu {label}.")
    if step.name == "samenvoegen":
        path = path_of_dossier(request.db, context.dossier.merged_into_id)  # type: ignore[arg-type]
        return HTTPSeeOther(path)
    if step.name == "afsluiten":
        return back_to_finishing(context, request)
    return back_to(context, request)


def back_to_finishing(context: DossierResource, request: Request) -> Any:
    answer = back_to(context, request)
    answer.location = f"{page_of(context, request)}/meldingen-afhandelen"
    return answer


@view_config(
    context=DossierResource,
    name="notitie",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def note_view(context: DossierResource, request: Request) -> Any:
    """Write a note."""
    cancel = page_of(context, request, "notities")
    me = str(request.actor.id)
    people = [one for one in possible_readers(request.db, context.dossier) if one[0] != me]
    form = Form(
        note_schema(people),
        request,
        buttons=[Button("opslaan", "Notitie opslaan")],
        cancel_url=cancel,
    )

    def act(values: dict[str, Any]) -> Any:
        named = [UUID(code) for code in values["lezers"]]
        add_note(
            request.db,
            context.dossier,
            values["tekst"],
            request.actor,
            readers=named,
            restricted=values["besloten"],
        )
        request.flash("De notitie is opgeslagen.")
        return back_to(context, request, "notities")

    return submit(request, form, act, form_page(context, request, "Notitie toevoegen"))
