"""The pages of agreements, of the steps of a dossier, and of notes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther

from stopintimidatie.core.forms import Button, Change, Form
from stopintimidatie.core.forms.transitions import derive_form
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.workflow import (
    WORKFLOW_EFFECTS,
    Transition,
    WorkflowError,
    options_of,
)
from stopintimidatie.dossiers.actions.panels import effects_of
from stopintimidatie.dossiers.actions.services import find_part
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
    Values,
    back_to,
    back_to_finishing,
    dossier_form,
    dossier_form_view,
    form_page,
    only_live,
    page_of,
    submit,
)
from stopintimidatie.dossiers.person.services import check_ready, latest_advice
from stopintimidatie.dossiers.resources import DossierResource, is_strict, path_of_dossier
from stopintimidatie.dossiers.services import (
    DossierError,
    add_note,
    check_version,
    lock,
    possible_readers,
)
from stopintimidatie.dossiers.workflow import DEFAULT_BODY, DOSSIER_WORKFLOW, PERSON_FIELDS


@dossier_form_view("afspraak", only_live)
def agreement_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a new agreement, or of an existing one (`?afspraak=…`), and save it."""
    number = dict(query_pairs(request)).get("afspraak")
    if number is None:
        return _new_agreement(context, request)
    agreement = find_part(request.db, context.dossier, DossierAgreement, number)
    if agreement is None:
        raise HTTPNotFound()
    return _existing_agreement(context, request, agreement)


def _new_agreement(context: DossierResource, request: Request) -> Any:
    dossier = context.dossier
    consultation = _consultation(context, request)
    people = owners_for(request.db, dossier.holder, dossier.kind)
    schema = agreement_schema(people, existing=False)
    owner = {"houder": str(dossier.owner_id) if dossier.owner_id else None}
    form = dossier_form(context, request, schema, SAVE, owner, part="afspraken")

    def act(values: Values) -> Any:
        columns, actor = read(values, AGREEMENT_ATTRIBUTES), request.actor
        agreement = make_agreement(request.db, dossier, columns.pop("what"), **columns, actor=actor)
        request.flash("De afspraak is opgeslagen.")
        if consultation is not None:
            springs_from(request.db, consultation, agreement)
            here = page_of(context, request)
            return HTTPSeeOther(f"{here}/overleg-bekijken?nr={consultation.serial}")
        return back_to(context, request, "afspraken")

    return submit(request, form, act, form_page(context, request, "Afspraak toevoegen"))


def _consultation(context: DossierResource, request: Request) -> Consultation | None:
    """Return the consultation where it was agreed (`?overleg=3`), or None."""
    serial = dict(query_pairs(request)).get("overleg")
    if serial is None:
        return None
    consultation = find_consultation(request.db, context.dossier, serial)
    if consultation is None:
        raise HTTPNotFound()
    return consultation


def _existing_agreement(
    context: DossierResource, request: Request, agreement: DossierAgreement
) -> Any:
    dossier = context.dossier
    people = owners_for(request.db, dossier.holder, dossier.kind)
    schema = agreement_schema(people, existing=True)
    values = {**stored(agreement, AGREEMENT_ATTRIBUTES), "versie": agreement.version}
    form = dossier_form(context, request, schema, SAVE, values, part="afspraken")

    def act(values: Values) -> Any:
        lock(request.db, agreement)
        check_version(agreement, values["versie"])
        changes = read(values, AGREEMENT_ATTRIBUTES)
        change_agreement(request.db, dossier, agreement, changes, request.actor)
        request.flash("De afspraak is opgeslagen.")
        return back_to(context, request, "afspraken")

    def conflict(values: Values) -> list[Change]:
        return differences(agreement, values, AGREEMENT_ATTRIBUTES, schema.children)

    page = form_page(context, request, "Afspraak bijwerken")
    return submit(request, form, act, page, conflict=conflict)


SAVE = Button("opslaan", "Afspraak opslaan")
# Steps that can't be made while agreements are open; their page says so at once.
NEEDS_AGREEMENTS_DONE = frozenset({"monitoren", "afsluiten", "niet_starten"})
NO_ADVICE_YET = (
    "Het advies van de privacyfunctionaris is er nog niet. Wacht daarop. Kan de start niet wachten?"
    " Schrijf dan onderaan waarom."
)


@dossier_form_view("stap")
def step_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a step of the workflow (`?naam=starten`), and make the step."""
    step = _wanted_step(context, request)
    dossier = context.dossier
    if request.method != "POST" and dossier.state not in step.sources:
        label = DOSSIER_WORKFLOW.state(dossier.state).label
        request.flash(f"‘{step.label}’ kan nu niet: de toestand is ‘{label}’.", "warning")
        return back_to(context, request)
    if step.name == "samenvoegen" and not other_dossiers(request.db, dossier):
        request.flash("Er is geen ander dossier om mee samen te voegen.", "warning")
        return back_to(context, request)
    if request.method != "POST" and step.name == "starten":
        try:
            check_ready(request.db, dossier)
        except DossierError as problem:
            request.flash(str(problem), "warning")
            return back_to(context, request)
    form = _step_form(context, request, step)
    page = {
        **form_page(context, request, step.label),
        "warning": _warning(context, request, step),
        "warning_link": ("Naar de afspraken", page_of(context, request, "afspraken")),
    }
    if step.name == "starten" and _may_hurry(context, request):
        page["intro"] = NO_ADVICE_YET

    def act(values: Values) -> Any:
        lock(request.db, dossier)
        check_version(dossier, values["versie"])
        effects = WORKFLOW_EFFECTS.of(request.registry)
        answers = {question.name: values.get(question.name) for question in step.fields}
        move_dossier(request.db, effects, dossier, step.name, answers, request.actor)
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
    return derive_form(
        step,
        options_of(request.registry, request.db, step, dossier),
        request,
        version=dossier.version,
        appstruct=_first_answers(context, request, step),
        leave_out=frozenset() if _may_hurry(context, request) else PERSON_FIELDS,
        given={"soort": dossier.kind},
        cancel_url=page_of(context, request),
    )


def _may_hurry(context: DossierResource, request: Request) -> bool:
    """Tell whether a start could come before the advice: it was asked, and isn't there yet."""
    if not is_strict(context.dossier.kind):
        return False
    advice = latest_advice(request.db, context.dossier)
    return advice is not None and advice.outcome is None


def _first_answers(context: DossierResource, request: Request, step: Transition) -> Values:
    """Return the answers that are known already; at closing, the effect of the measures."""
    if step.name == "starten":
        return _known(context)
    if step.name != "afsluiten":
        return {}
    effects = [effect for effect in effects_of(context, request) if not effect.too_soon]
    return {"effect": "\n".join(f"{effect.name}: {effect.words}." for effect in effects) or None}


def _known(context: DossierResource) -> Values:
    """Return the answers to the first step that the dossier holds already."""
    dossier = context.dossier
    return {
        "doel": dossier.purpose,
        "grondslag": dossier.legal_basis,
        "verantwoordelijke": dossier.responsible_body or DEFAULT_BODY,
        "dossierhouder": str(dossier.owner_id) if dossier.owner_id else None,
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
    """Say what was done, and redirect; after closing, to the page that finishes the reports."""
    if step.name == "samenvoegen":
        request.flash("Het dossier is samengevoegd met dit dossier.")
        path = path_of_dossier(request.db, context.dossier.merged_into_id)  # type: ignore[arg-type]
        return HTTPSeeOther(path)
    label = DOSSIER_WORKFLOW.state(step.target).label.lower()
    request.flash(f"Het dossier is nu {label}.")
    if step.name == "afsluiten":
        return back_to_finishing(context, request)
    return back_to(context, request)


@dossier_form_view("notitie", only_live)
def note_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a note, and add the note."""
    actor = request.actor
    readers = possible_readers(request.db, context.dossier)
    schema = note_schema([(code, name) for code, name in readers if code != str(actor.id)])
    button = Button("opslaan", "Notitie opslaan")
    form = dossier_form(context, request, schema, button, part="notities")

    def act(values: Values) -> Any:
        add_note(
            request.db,
            context.dossier,
            values["tekst"],
            actor,
            readers=[UUID(code) for code in values["lezers"]],
            restricted=values["besloten"],
        )
        request.flash("De notitie is opgeslagen.")
        return back_to(context, request, "notities")

    return submit(request, form, act, form_page(context, request, "Notitie toevoegen"))
