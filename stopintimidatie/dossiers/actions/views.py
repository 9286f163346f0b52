"""Agreements: new, sprung from a consultation, or as it stands now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.core.forms import Button, Change, Form
from stopintimidatie.core.forms.transitions import derive_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.workflow import (
    WORKFLOW_EFFECTS,
    WORKFLOW_OPTIONS,
    Transition,
    WorkflowError,
)
from stopintimidatie.dossiers.actions.panels import effects_of
from stopintimidatie.dossiers.actions.services import find_agreement
from stopintimidatie.dossiers.case.services import (
    change_agreement,
    make_agreement,
    move_dossier,
)
from stopintimidatie.dossiers.case.steps import open_agreements, other_dossiers, owners_for
from stopintimidatie.dossiers.consultations.services import find_consultation, springs_from
from stopintimidatie.dossiers.forms import (
    AGREEMENT_ATTRIBUTES,
    agreement_schema,
    differences,
    note_schema,
    read,
    stored,
)
from stopintimidatie.dossiers.models import Consultation, DossierAgreement
from stopintimidatie.dossiers.pages import (
    FORM_PAGE,
    back_to,
    back_to_finishing,
    form_page,
    only_live,
    page_of,
    submit,
)
from stopintimidatie.dossiers.resources import DossierResource, is_strict, path_of_dossier
from stopintimidatie.dossiers.services import (
    DossierError,
    add_note,
    check_version,
    lock,
    possible_readers,
)
from stopintimidatie.dossiers.workflow import DEFAULT_BODY, DOSSIER_WORKFLOW, PERSON_FIELDS
from stopintimidatie.reports.vocabulary import FollowUp


@view_config(
    context=DossierResource,
    name="afspraak",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def agreement_view(context: DossierResource, request: Request) -> Any:
    """Make an agreement, or with `?afspraak=…` change one that exists."""
    asked = dict(query_pairs(request)).get("afspraak")
    if asked is None:
        return _new_agreement(context, request)
    return _existing_agreement(context, request, _find(context, request, asked))


def _find(context: DossierResource, request: Request, asked: str) -> DossierAgreement:
    try:
        return find_agreement(request.db, context.dossier, UUID(asked[:40]))
    except (ValueError, DossierError):
        raise HTTPNotFound() from None


def _new_agreement(context: DossierResource, request: Request) -> Any:
    dossier = context.dossier
    talk = _consultation(context, request)
    form = Form(
        agreement_schema(owners_for(request.db, dossier.holder, dossier.kind), existing=False),
        request,
        buttons=[Button("opslaan", "Afspraak opslaan")],
        appstruct={"houder": str(dossier.owner_id) if dossier.owner_id else None},
        cancel_url=page_of(context, request, "afspraken"),
    )

    def act(values: dict[str, Any]) -> Any:
        made = read(values, AGREEMENT_ATTRIBUTES)
        agreement = make_agreement(
            request.db,
            dossier,
            made["what"],
            made["who"],
            made["due_on"],
            request.actor,
            owner_id=made["owner_id"],
        )
        request.flash("De afspraak is opgeslagen.")
        if talk is not None:
            springs_from(request.db, talk, agreement)
            here = page_of(context, request)
            return HTTPSeeOther(f"{here}/overleg-bekijken?nr={talk.serial}")
        return back_to(context, request, "afspraken")

    return submit(request, form, act, form_page(context, request, "Afspraak toevoegen"))


def _consultation(context: DossierResource, request: Request) -> Consultation | None:
    """Return the consultation where it was agreed: `?overleg=3`."""
    asked = dict(query_pairs(request)).get("overleg")
    try:
        return None if asked is None else find_consultation(request.db, context.dossier, asked)
    except DossierError:
        raise HTTPNotFound() from None


def _existing_agreement(
    context: DossierResource, request: Request, agreement: DossierAgreement
) -> Any:
    dossier = context.dossier
    people = owners_for(request.db, dossier.holder, dossier.kind)
    schema = agreement_schema(people, existing=True)
    form = Form(
        schema,
        request,
        buttons=[Button("opslaan", "Afspraak opslaan")],
        appstruct={**stored(agreement, AGREEMENT_ATTRIBUTES), "versie": agreement.version},
        cancel_url=page_of(context, request, "afspraken"),
    )

    def act(values: dict[str, Any]) -> Any:
        lock(request.db, agreement)
        check_version(agreement, values["versie"])
        changes = read(values, AGREEMENT_ATTRIBUTES)
        change_agreement(request.db, dossier, agreement, changes, request.actor)
        request.flash("De afspraak is opgeslagen.")
        return back_to(context, request, "afspraken")

    return submit(
        request,
        form,
        act,
        form_page(context, request, "Afspraak bijwerken"),
        conflict=lambda values: differences(
            agreement, values, AGREEMENT_ATTRIBUTES, schema.children
        ),
    )


# Working in a dossier: its steps, notes and agreements.


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
    """Make one step of the workflow: `?naam=starten`. The workflow says what it asks."""
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
    """Return what is known already; at closing, what the measures did."""
    if step.name == "starten":
        return _known(context)
    if step.name != "afsluiten":
        return {}
    found = [one for one in effects_of(context, request) if not one.too_soon]
    told = [f"{FollowUp.word(one.measure.kind).capitalize()}: {one.words}" for one in found]
    return {"effect": "\n".join(told) or None}


def _known(context: DossierResource) -> dict[str, Any]:
    """Return what the dossier says already about what the first step asks."""
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
    """Return where to go: after closing, the reports come next."""
    label = DOSSIER_WORKFLOW.state(step.target).label.lower()
    told = "Het dossier is samengevoegd met dit dossier." if step.name == "samenvoegen" else ""
    request.flash(told or f"Het dossier is nu {label}.")
    if step.name == "samenvoegen":
        path = path_of_dossier(request.db, context.dossier.merged_into_id)  # type: ignore[arg-type]
        return HTTPSeeOther(path)
    if step.name == "afsluiten":
        return back_to_finishing(context, request)
    return back_to(context, request)


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
