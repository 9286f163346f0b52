"""The pages of steps, notes, agreements, measures and attachments of a dossier."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.forms import BusyError, Button, Change, Schema, field
from stopintimidatie.core.forms.transitions import derive_form
from stopintimidatie.core.sandbox.process import memory_file
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import file_size
from stopintimidatie.core.web.limits import PORTAL_UPLOAD, TOO_BUSY, NoPlaceError
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.workflow import (
    WORKFLOW_EFFECTS,
    Transition,
    WorkflowError,
    options_of,
)
from stopintimidatie.dossiers.actions import services
from stopintimidatie.dossiers.case.services import (
    change_agreement,
    make_agreement,
    move_dossier,
    open_agreements,
    owners_for,
)
from stopintimidatie.dossiers.case.steps import other_dossiers
from stopintimidatie.dossiers.consultations.services import find_consultation, springs_from
from stopintimidatie.dossiers.forms import (
    AGREEMENT_ATTRIBUTES,
    agreement_schema,
    differences,
    doer_field,
    lines,
    note_schema,
    read,
    stored,
    version_field,
)
from stopintimidatie.dossiers.models import (
    Consultation,
    DossierAgreement,
    DossierAttachment,
    DossierMeasure,
)
from stopintimidatie.dossiers.pages import (
    Values,
    back_to,
    dossier_form,
    dossier_form_view,
    only_live,
    page_of,
    submit,
    today,
)
from stopintimidatie.dossiers.person.services import check_ready, latest_advice
from stopintimidatie.dossiers.queries import erasure_grounds
from stopintimidatie.dossiers.resources import DossierResource, is_strict, path_of_dossier
from stopintimidatie.dossiers.services import (
    DossierError,
    add_note,
    check_version,
    lock,
    possible_readers,
)
from stopintimidatie.dossiers.workflow import DEFAULT_BODY, DOSSIER_WORKFLOW, PERSON_FIELDS
from stopintimidatie.reports.attachments.cleaner import (
    LATER,
    PHOTO_TYPES,
    CleaningError,
    Fault,
    StoppedError,
    cleaned_apart,
    ffmpeg_path,
)
from stopintimidatie.reports.page.views import file_response
from stopintimidatie.reports.vocabulary import FollowUp

# Steps that can't be made while agreements are open; their page says so at once.
NEEDS_AGREEMENTS_DONE: Final = frozenset({"monitoren", "afsluiten", "niet_starten"})


def _asked(request: Request, name: str) -> str:
    return dict(query_pairs(request)).get(name, "")


@dossier_form_view("afspraak", only_live)
def agreement_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a new agreement, or of an existing one (`?afspraak=…`), and save it."""
    dossier, here = context.dossier, page_of(context, request)
    known = _part(context, request, "afspraak", DossierAgreement)
    consultation = None if known else _consultation(context, request)
    people = owners_for(request.db, dossier.holder, dossier.kind)
    schema = agreement_schema(people, existing=known is not None)
    values: Values = {"houder": str(dossier.owner_id) if dossier.owner_id else None}
    if known:
        values = {**stored(known, AGREEMENT_ATTRIBUTES), "versie": known.version}
    back = f"{here}?deel=afspraken"
    if consultation:
        back = f"{here}/overleg-bekijken?nr={consultation.serial}"

    def act(values: Values) -> str:
        columns, actor = read(values, AGREEMENT_ATTRIBUTES), request.actor
        if known:
            lock(request.db, known)
            check_version(known, values["versie"])
            change_agreement(request.db, dossier, known, columns, actor)
        else:
            made = make_agreement(request.db, dossier, columns.pop("what"), **columns, actor=actor)
            if consultation:
                springs_from(request.db, consultation, made)
        return "De afspraak is opgeslagen."

    def conflict(values: Values) -> list[Change]:
        return differences(known, values, AGREEMENT_ATTRIBUTES, schema.children)

    button = Button("opslaan", "Afspraak opslaan")
    how: Values = {"back": back, "conflict": conflict, "known": known}
    return dossier_form(context, request, schema, button, act, values, **how)


def _part(context: DossierResource, request: Request, name: str, table: Any) -> Any:
    """Return the row of this dossier that the address names; None where it names none."""
    if name not in dict(query_pairs(request)):
        return None
    row = services.find_part(request.db, context.dossier, table, _asked(request, name))
    if row is None:
        raise HTTPNotFound()
    return row


def _consultation(context: DossierResource, request: Request) -> Consultation | None:
    """Return the consultation where it was agreed (`?overleg=3`), or None."""
    if "overleg" not in dict(query_pairs(request)):
        return None
    consultation = find_consultation(request.db, context.dossier, _asked(request, "overleg"))
    if consultation is None:
        raise HTTPNotFound()
    return consultation


@dossier_form_view("stap", renderer="stopintimidatie.dossiers.actions:templates/step.jinja2")
def step_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a step of the workflow (`?naam=starten`), and make the step."""
    step, dossier = _wanted_step(context, request), context.dossier
    if request.method != "POST" and (obstacle := _why_not(request, step, context)):
        request.flash(obstacle, "warning")
        return back_to(context, request)
    advice = latest_advice(request.db, dossier) if is_strict(dossier.kind) else None
    # A start could come before the advice: it was asked, and isn't there yet.
    hurried = advice is not None and advice.outcome is None
    form = derive_form(
        step,
        options_of(request.registry, request.db, step, dossier),
        request,
        version=dossier.version,
        appstruct=_first_answers(context, request, step),
        leave_out=frozenset() if hurried else PERSON_FIELDS,
        given={"soort": dossier.kind},
        cancel_url=page_of(context, request),
    )
    waits = step.name in NEEDS_AGREEMENTS_DONE
    page = {
        "step": step,
        "open_agreements": open_agreements(request.db, dossier) if waits else 0,
        "hurried": hurried and step.name == "starten",
        "here": page_of(context, request),
    }

    def act(values: Values) -> Any:
        lock(request.db, dossier)
        check_version(dossier, values["versie"])
        effects = WORKFLOW_EFFECTS.of(request.registry)
        answers = {question.name: values.get(question.name) for question in step.fields}
        move_dossier(request.db, effects, dossier, step.name, answers, request.actor)
        return _after(context, request, step)

    def conflict(values: Values) -> list[Change]:
        now, target = DOSSIER_WORKFLOW.states.word(dossier.state), step.target.nl
        return [Change("Toestand", now, target)]

    return submit(request, form, act, page, conflict=conflict)


def _wanted_step(context: DossierResource, request: Request) -> Transition:
    try:
        step = DOSSIER_WORKFLOW.transition(_asked(request, "naam"))
    except WorkflowError:
        raise HTTPNotFound() from None
    if not request.has_permission(step.permission, context):
        raise HTTPForbidden()
    return step


def _why_not(request: Request, step: Transition, context: DossierResource) -> str:
    """Return why the form of a step can't be opened; empty when it can."""
    dossier = context.dossier
    if dossier.state not in step.sources:
        label = DOSSIER_WORKFLOW.states.word(dossier.state)
        return f"‘{step.label}’ kan nu niet: de toestand is ‘{label}’."
    if step.name == "samenvoegen" and not other_dossiers(request.db, dossier):
        return "Er is geen ander dossier om mee samen te voegen."
    if step.name == "starten":
        try:
            check_ready(request.db, dossier)
        except DossierError as problem:
            return str(problem)
    return ""


def _first_answers(context: DossierResource, request: Request, step: Transition) -> Values:
    """Return the answers that are known already; at closing, the effect of the measures."""
    dossier = context.dossier
    if step.name == "starten":
        return {
            "doel": dossier.purpose,
            "grondslag": dossier.legal_basis,
            "verantwoordelijke": dossier.responsible_body or DEFAULT_BODY,
            "dossierhouder": str(dossier.owner_id) if dossier.owner_id else None,
        }
    if step.name != "afsluiten":
        return {}
    known = services.effects(request.db, dossier, today())
    lines = [f"{effect.name}: {effect.words}." for effect in known if not effect.too_soon]
    return {"effect": "\n".join(lines) or None}


def _after(context: DossierResource, request: Request, step: Transition) -> Any:
    """Say what was done, and redirect; after closing, to the page that finishes the reports."""
    if step.name == "samenvoegen":
        request.flash("Het dossier is samengevoegd met dit dossier.")
        path = path_of_dossier(request.db, context.dossier.merged_into_id)  # type: ignore[arg-type]
        return HTTPSeeOther(path)
    request.flash(f"Het dossier is nu {step.target.nl.lower()}.")
    if step.name == "afsluiten":
        return HTTPSeeOther(f"{page_of(context, request)}/meldingen-afhandelen")
    return back_to(context, request)


@dossier_form_view("notitie", only_live)
def note_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a note, and add the note."""
    actor, part = request.actor, "notities"
    readers = possible_readers(request.db, context.dossier)
    schema = note_schema([(code, name) for code, name in readers if code != str(actor.id)])

    def act(values: Values) -> str:
        readers, restricted = [UUID(code) for code in values["lezers"]], values["besloten"]
        how: Values = {"readers": readers, "restricted": restricted}
        add_note(request.db, context.dossier, values["tekst"], actor, **how)
        return "De notitie is opgeslagen."

    button = Button("opslaan", "Notitie opslaan")
    return dossier_form(context, request, schema, button, act, part=part)


class FileSchema(Schema):
    """The form of a photo, sound or video, and what it shows."""

    bestand = field(
        forms.Upload(PORTAL_UPLOAD),
        "Foto, geluid of video",
        description="Foto's in JPEG, HEIC, PNG of WebP. Hoogstens"
        f" {file_size(PORTAL_UPLOAD)}. Plaats, tijd en toestel halen wij eruit.",
        widget=forms.FileInput(accept=f"{PHOTO_TYPES},audio/*,video/*"),
    )
    waarover = field(
        forms.Text(200), "Wat is het?", description="Zoals: verlichting bij de tunnel. Geen namen."
    )


@dossier_form_view("bijlage-toevoegen", only_live)
def attach_view(context: DossierResource, request: Request) -> Any:
    """Show the form that adds a photo, sound or video, and add it."""
    schema = FileSchema()
    # Sound and video only where they can be cleaned.
    if ffmpeg_path(request.app_settings.ffmpeg) is None:
        schema["bestand"].title = "Foto"
        schema["bestand"].widget = forms.FileInput(accept=PHOTO_TYPES)

    def act(values: Values) -> str:
        about, registry, actor = values["waarover"], request.registry, request.actor
        note = services.note_stopped(registry.engine, context.holder, context.dossier.id, actor)
        try:
            with memory_file() as file:
                file.write(values["bestand"].content)
                with cleaned_apart(request, file, note) as clean:
                    keys = registry.key_ring
                    services.attach(request.db, keys, context.dossier, about, clean, actor)
        except StoppedError:
            raise DossierError(
                "De virusscanner houdt dit bestand tegen. Het staat niet in het dossier en niemand"
                " kan het openen. Vertel de mensen van de ICT waar u het vandaan hebt.",
                "bestand",
            ) from None
        except CleaningError as refused:
            words = NOT_SCANNED if refused.fault is Fault.NOT_SCANNED else str(refused)
            kind = BusyError if refused.fault in LATER else DossierError
            raise kind(words, "bestand") from None
        except NoPlaceError:
            raise BusyError(TOO_BUSY, "bestand") from None
        return "De bijlage is toegevoegd."

    button = Button("toevoegen", "Bijlage toevoegen")
    return dossier_form(context, request, schema, button, act, part="bijlagen")


NOT_SCANNED: Final = (
    "De virusscanner antwoordt nu niet, dus nemen wij geen bestanden aan. Probeer het over een"
    " kwartier nog eens. Blijft het zo? Vertel het uw beheerder."
)


def _attachment(context: DossierResource, request: Request) -> DossierAttachment | None:
    return services.find_attachment(request.db, context.dossier, _asked(request, "nummer"))


@view_config(
    context=DossierResource,
    name="bijlage",
    request_method="GET",
    permission=Permission.VIEW_DOSSIER,
)
def attachment_view(context: DossierResource, request: Request) -> Response:
    """Send the content of an attachment: `?nummer=1`."""
    attachment = _attachment(context, request)
    if attachment is None:
        raise HTTPNotFound()
    task = f"bijlage {attachment.number} openen"
    note_read(request, context.holder, "dossier", [context.dossier.id], task=task)
    name = services.file_name(context.dossier, attachment)
    return file_response(request, context.holder, attachment, name, DossierAttachment)


@dossier_form_view("bijlage-weg", only_live)
def remove_view(context: DossierResource, request: Request) -> Any:
    """Ask on which ground an attachment goes (`?nummer=1`), and remove it."""
    attachment, dossier = _attachment(context, request), context.dossier
    if attachment is None:
        request.flash("Deze bijlage is er niet meer.", "warning")
        return back_to(context, request, "bijlagen")
    grounds = erasure_grounds(request.registry, request.db, dossier.id)
    schema = Schema(field(forms.OneOf(grounds, radio=True), "Waarom mag zij weg?", name="grond"))

    def act(values: Values) -> str:
        ground, actor = values["grond"], request.actor
        services.remove_attachment(request.db, dossier, attachment, ground, actor)
        return "De bijlage is weg."

    button = Button("verwijderen", "Voorgoed verwijderen", kind="danger")
    return dossier_form(context, request, schema, button, act, part="bijlagen")


ATTRIBUTES: Final = {
    "soort": "kind",
    "wat": "what",
    "wie": "who",
    "vanaf": "started_on",
    "tot": "ended_on",
    "effect": "effect",
}


def measure_schema() -> Any:
    """Return the form of a measure: what is done, by whom, since when."""
    seen = "Wat ziet u ervan op straat? De aantallen meldingen staan er al bij."
    return Schema(
        field(forms.OneOf(FollowUp.choices()), "Soort maatregel", name="soort"),
        field(forms.Text(2000, lines=True), "Wat wordt er gedaan?", name="wat"),
        doer_field(),
        field(forms.Date(), "Vanaf", name="vanaf"),
        field(forms.Date(), "Tot en met", name="tot", missing=None),
        lines("effect", "Effect", seen, missing=None),
        version_field(),
    )


@dossier_form_view("maatregel", only_live)
def measure_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a new measure, or of an existing one (`?maatregel=…`), and save it."""
    dossier, known = context.dossier, _part(context, request, "maatregel", DossierMeasure)
    values: Values = {"vanaf": today(), "versie": 0}
    if known:
        values = {**stored(known, ATTRIBUTES), "versie": known.version}

    def act(values: Values) -> str:
        columns, actor = read(values, ATTRIBUTES), request.actor
        if known:
            check_version(known, values["versie"])
            services.change_measure(request.db, dossier, known, columns, actor)
        else:
            services.add_measure(request.db, dossier, columns, actor)
        return "De maatregel is opgeslagen."

    schema, button = measure_schema(), Button("opslaan", "Maatregel opslaan")
    part = "maatregelen"
    return dossier_form(context, request, schema, button, act, values, part=part, known=known)
