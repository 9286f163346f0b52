"""The pages of the attachments and the measures of a dossier."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.forms import BusyError, Button, Schema, field
from stopintimidatie.core.sandbox.process import memory_file
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import SHORT_MONTHS
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.limits import TOO_BUSY, NoPlaceError
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.dossiers.actions import services
from stopintimidatie.dossiers.actions.services import (
    Effect,
    attach,
    attachments,
    file_name,
    find_attachment,
    remove_attachment,
    title_of,
)
from stopintimidatie.dossiers.forms import doer_field, read, stored, version_field
from stopintimidatie.dossiers.models import DossierAttachment, DossierMeasure
from stopintimidatie.dossiers.pages import (
    Values,
    back_to,
    dossier_form,
    dossier_form_view,
    form_page,
    only_live,
    submit,
    today,
)
from stopintimidatie.dossiers.queries import Counts, erasure_grounds
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import DossierError, check_version
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

FILES_PART: Final = "bijlagen"
LIMIT: Final = 9_500_000
STOPPED: Final = (
    "De virusscanner houdt dit bestand tegen. Het staat niet in het dossier en niemand kan het"
    " openen. Vertel de mensen van de ICT waar u het vandaan hebt."
)
NOT_SCANNED: Final = (
    "De virusscanner antwoordt nu niet, dus nemen wij geen bestanden aan. Probeer het over een"
    " kwartier nog eens. Blijft het zo? Vertel het uw beheerder."
)


class FileSchema(Schema):
    """The form of a photo, sound or video, and what it shows."""

    bestand = field(
        forms.Upload(LIMIT),
        "Foto, geluid of video",
        description="Foto's in JPEG, HEIC, PNG of WebP. Hoogstens 9,5 MB. Plaats, tijd en toestel"
        " halen wij eruit.",
        widget=forms.FileInput(accept=f"{PHOTO_TYPES},audio/*,video/*"),
    )
    waarover = field(
        forms.Text(200), "Wat is het?", description="Zoals: verlichting bij de tunnel. Geen namen."
    )


def file_schema(request: Request) -> Schema:
    """Return the form of a file; sound and video only where they can be cleaned."""
    schema = FileSchema()
    if ffmpeg_path(request.app_settings.ffmpeg) is None:
        schema["bestand"].title = "Foto"
        schema["bestand"].widget = forms.FileInput(accept=PHOTO_TYPES)
    return schema


@dossier_form_view("bijlage-toevoegen", only_live)
def attach_view(context: DossierResource, request: Request) -> Any:
    """Show the form that adds a photo, sound or video, and add it."""
    button = Button("toevoegen", "Bijlage toevoegen")
    form = dossier_form(context, request, file_schema(request), button, part=FILES_PART)

    def act(values: Values) -> Any:
        about, registry, actor = values["waarover"], request.registry, request.actor
        note = services.note_stopped(registry.engine, context.holder, context.dossier.id, actor)
        try:
            with memory_file() as file:
                file.write(values["bestand"].content)
                with cleaned_apart(request, file, note) as clean:
                    attach(request.db, registry.key_ring, context.dossier, about, clean, actor)
        except StoppedError:
            raise DossierError(STOPPED, "bestand") from None
        except CleaningError as refused:
            words = NOT_SCANNED if refused.fault is Fault.NOT_SCANNED else str(refused)
            kind = BusyError if refused.fault in LATER else DossierError
            raise kind(words, "bestand") from None
        except NoPlaceError:
            raise BusyError(TOO_BUSY, "bestand") from None
        request.flash("De bijlage is toegevoegd.")
        return back_to(context, request, FILES_PART)

    return submit(request, form, act, form_page(context, request, "Bijlage toevoegen"))


def files_part(context: DossierResource, request: Request, numbers: Counts) -> Values:
    """Return the attachments of the dossier for its page, each with its title."""
    rows = attachments(request.db, context.dossier)
    return {"files": [(title_of(row), row) for row in rows]}


@view_config(
    context=DossierResource,
    name="bijlage",
    request_method="GET",
    permission=Permission.VIEW_DOSSIER,
)
def attachment_view(context: DossierResource, request: Request) -> Response:
    """Send the content of an attachment: `?nummer=1`."""
    number = dict(query_pairs(request)).get("nummer", "")
    attachment = find_attachment(request.db, context.dossier, number)
    if attachment is None:
        raise HTTPNotFound()
    task = f"bijlage {attachment.number} openen"
    note_read(request, context.holder, "dossier", [context.dossier.id], task=task)
    name = file_name(context.dossier, attachment)
    return file_response(request, context.holder, attachment, name, DossierAttachment)


@dossier_form_view("bijlage-weg", only_live)
def remove_view(context: DossierResource, request: Request) -> Any:
    """Ask on which ground an attachment goes (`?nummer=1`), and remove it."""
    number = dict(query_pairs(request)).get("nummer", "")
    attachment = find_attachment(request.db, context.dossier, number)
    if attachment is None:
        request.flash("Deze bijlage is er niet meer.", "warning")
        return back_to(context, request, FILES_PART)
    grounds = erasure_grounds(request.registry, request.db, context.dossier.id)
    schema = Schema(field(forms.OneOf(grounds, radio=True), "Waarom mag zij weg?", name="grond"))
    button = Button("verwijderen", "Voorgoed verwijderen", kind="danger")
    form = dossier_form(context, request, schema, button, part=FILES_PART)

    def act(values: Values) -> Any:
        remove_attachment(request.db, context.dossier, attachment, values["grond"], request.actor)
        request.flash("De bijlage is weg.")
        return back_to(context, request, FILES_PART)

    return submit(request, form, act, form_page(context, request, "Bijlage verwijderen"))


PART: Final = "maatregelen"
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
    return Schema(
        field(forms.OneOf(FollowUp.choices()), "Soort maatregel", name="soort"),
        field(forms.Text(2000, lines=True), "Wat wordt er gedaan?", name="wat"),
        doer_field(),
        field(forms.Date(), "Vanaf", name="vanaf"),
        field(forms.Date(), "Tot en met", name="tot", missing=None),
        field(
            forms.Text(4000, lines=True),
            "Effect",
            name="effect",
            description="Wat ziet u ervan op straat? De aantallen meldingen staan er al bij.",
            missing=None,
        ),
        version_field(),
    )


@dossier_form_view("maatregel", only_live)
def measure_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a new measure, or of an existing one (`?maatregel=…`), and save it."""
    known = _known(context, request)
    values: Values = {"vanaf": today(), "versie": 0}
    if known is not None:
        values = {**stored(known, ATTRIBUTES), "versie": known.version}
    button = Button("opslaan", "Maatregel opslaan")
    form = dossier_form(context, request, measure_schema(), button, values, part=PART)

    def act(values: Values) -> Any:
        columns, actor = read(values, ATTRIBUTES), request.actor
        try:
            if known is None:
                services.add_measure(request.db, context.dossier, columns, actor)
            else:
                check_version(known, values["versie"])
                services.change_measure(request.db, context.dossier, known, columns, actor)
        except DossierError as problem:
            control = "tot" if problem.field == "ended_on" else problem.field
            raise DossierError(str(problem), control) from None
        request.flash("De maatregel is opgeslagen.")
        return back_to(context, request, PART)

    heading = "Maatregel bijwerken" if known else "Maatregel toevoegen"
    return submit(request, form, act, form_page(context, request, heading))


def _known(context: DossierResource, request: Request) -> DossierMeasure | None:
    """Return the measure of the address; None where it names none."""
    number = dict(query_pairs(request)).get("maatregel")
    if number is None:
        return None
    measure = services.find_part(request.db, context.dossier, DossierMeasure, number)
    if measure is None:
        raise HTTPNotFound()
    return measure


def effects_of(context: DossierResource, request: Request) -> list[Effect]:
    """Return the measures of the dossier with what they did, as of today."""
    return services.effects(request.db, context.dossier, today())


def measures_part(context: DossierResource, request: Request, numbers: Counts) -> Values:
    """Return the measures, their counts, and the months in a chart with its table."""
    months = services.per_month(request.db, context.dossier, today())
    items = [
        (f"{SHORT_MONTHS[day.month - 1]} {day.year % 100:02d}", count) for day, count in months
    ]
    drawn = (charts.trend_chart(items, colour=DEFAULT_COLOUR, width=wide) for wide in (700, 340))
    # Base64 of our own drawings.
    wide, narrow = (Markup(charts.data_uri(svg)) for svg in drawn)  # noqa: S704
    return {
        "effects": effects_of(context, request),
        "months": items,
        "chart": wide,
        "narrow": narrow,
        "alt": charts.bar_summary("Meldingen in dit dossier per maand", items),
    }
