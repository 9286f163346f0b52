"""Attachments of a dossier: sent, opened, removed."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.core import forms
from stopintimidatie.core.forms import BusyError, Button, Form, Schema, field
from stopintimidatie.core.sandbox.process import memory_file
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import SHORT_MONTHS, date_text
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.limits import TOO_BUSY, NoPlaceError
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.dossiers.actions import services as actions_services
from stopintimidatie.dossiers.actions.services import (
    Effect,
    attach,
    attachments,
    file_name,
    find_attachment,
    remove_attachment,
    title_of,
)
from stopintimidatie.dossiers.forms import version_field
from stopintimidatie.dossiers.models import DossierAttachment, DossierMeasure
from stopintimidatie.dossiers.pages import (
    FORM_PAGE,
    back_to,
    form_page,
    only_live,
    page_of,
    submit,
    today,
)
from stopintimidatie.dossiers.queries import Counts
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import DossierError, check_version
from stopintimidatie.dossiers.words import link
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.reports.attachments.cleaner import (
    PHOTO_TYPES,
    CleaningError,
    cleaned_apart,
    ffmpeg_path,
)
from stopintimidatie.reports.attachments.services import read
from stopintimidatie.reports.vocabulary import FollowUp

FILES_PART: Final = "bijlagen"
LIMIT: Final = 9_500_000


class FileSchema(Schema):
    """A photo, sound or video, and what it shows."""

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
    """Return the form for a file; sound and video only where they can be cleaned."""
    schema = FileSchema()
    if ffmpeg_path(request.app_settings.ffmpeg) is None:
        schema["bestand"].title = "Foto"
        schema["bestand"].widget = forms.FileInput(accept=PHOTO_TYPES)
    return schema


@view_config(
    context=DossierResource,
    name="bijlage-toevoegen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def attach_view(context: DossierResource, request: Request) -> Any:
    """Add a photo, sound or video."""
    form = Form(
        file_schema(request),
        request,
        buttons=[Button("toevoegen", "Bijlage toevoegen")],
        cancel_url=page_of(context, request, FILES_PART),
    )

    def act(values: dict[str, Any]) -> Any:
        given, keys = values["bestand"], request.registry.key_ring
        actor = request.actor
        try:
            with memory_file() as file:
                file.write(given.content)
                with cleaned_apart(request, file) as clean:
                    attach(request.db, keys, context.dossier, values["waarover"], clean, actor)
        except CleaningError as refused:
            raise DossierError(str(refused), "bestand") from None
        except NoPlaceError:
            raise BusyError(TOO_BUSY, "bestand") from None
        request.flash("De bijlage is toegevoegd.")
        return back_to(context, request, FILES_PART)

    return submit(request, form, act, form_page(context, request, "Bijlage toevoegen"))


def files_part(context: DossierResource, request: Request, numbers: Counts) -> dict[str, Any]:
    """Return the attachments of the dossier for its page, each with its title."""
    rows = attachments(request.db, context.dossier)
    return {"files": [(title_of(row), row) for row in rows]}


def _wanted(context: DossierResource, request: Request, number: str) -> DossierAttachment:
    found = find_attachment(request.db, context.dossier, number)
    if found is None:
        raise HTTPNotFound()
    return found


@view_config(
    context=DossierResource,
    name="bijlage",
    request_method="GET",
    permission=Permission.VIEW_DOSSIER,
)
def attachment_view(context: DossierResource, request: Request) -> Response:
    """Send the content, of the type that we gave it ourselves: `?nummer=1`."""
    found = _wanted(context, request, dict(query_pairs(request)).get("nummer", ""))
    task = f"bijlage {found.number} openen"
    note_read(request, context.holder, "dossier", [context.dossier.id], task=task)
    registry = request.registry
    answer = Response(content_type=found.media_type, charset=None)
    answer.app_iter = read(
        registry.engine, registry.key_ring, context.holder, found.id, DossierAttachment
    )
    answer.content_length = found.size
    # A photo is shown; sound and video are saved, for no player of ours is around them.
    how = "inline" if found.media_type == "image/jpeg" else "attachment"
    name = file_name(context.dossier, found)
    answer.headers["Content-Disposition"] = f'{how}; filename="{name}"'
    return answer


@view_config(
    context=DossierResource,
    name="bijlage-weg",
    request_method="POST",
    permission=Permission.EDIT_DOSSIER,
)
def remove_view(context: DossierResource, request: Request) -> Any:
    """Remove one: `nummer` in the form."""
    found = find_attachment(request.db, context.dossier, str(request.POST.get("nummer", "")))
    try:
        if found is None:
            raise DossierError("Deze bijlage is er niet meer.")
        remove_attachment(request.db, context.dossier, found, request.actor)
        request.flash("De bijlage is weg.")
    except DossierError as problem:
        request.flash(str(problem), "warning")
    return back_to(context, request, FILES_PART)


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
    schema = Schema()
    schema.add(field(forms.OneOf(FollowUp.choices()), "Soort maatregel", name="soort"))
    schema.add(field(forms.Text(2000, lines=True), "Wat wordt er gedaan?", name="wat"))
    schema.add(
        field(
            forms.Text(200),
            "Wie doet het?",
            name="wie",
            description="Een functie of organisatie, geen naam.",
        )
    )
    schema.add(field(forms.Date(), "Vanaf", name="vanaf"))
    schema.add(field(forms.Date(), "Tot en met", name="tot", missing=None))
    schema.add(
        field(
            forms.Text(4000, lines=True),
            "Effect",
            name="effect",
            description="Wat ziet u ervan op straat? De aantallen meldingen staan er al bij.",
            missing=None,
        )
    )
    schema.add(version_field())
    return schema


@view_config(
    context=DossierResource,
    name="maatregel",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def measure_view(context: DossierResource, request: Request) -> Any:
    """Add a measure, or with `?maatregel=…` change one that exists."""
    known = _known(context, request)
    given = (
        {name: getattr(known, attribute) for name, attribute in ATTRIBUTES.items()}
        if known
        else {"vanaf": today()}
    )
    form = Form(
        measure_schema(),
        request,
        buttons=[Button("opslaan", "Maatregel opslaan")],
        appstruct={**given, "versie": known.version if known else 0},
        cancel_url=page_of(context, request, PART),
    )

    def act(values: dict[str, Any]) -> Any:
        told = {attribute: values[name] for name, attribute in ATTRIBUTES.items()}
        actor = request.actor
        try:
            if known is None:
                actions_services.add_measure(request.db, context.dossier, told, actor)
            else:
                check_version(known, values["versie"])
                actions_services.change_measure(request.db, context.dossier, known, told, actor)
        except DossierError as problem:
            place = "tot" if problem.field == "ended_on" else problem.field
            raise DossierError(str(problem), place) from None
        request.flash("De maatregel is opgeslagen.")
        return back_to(context, request, PART)

    heading = "Maatregel bijwerken" if known else "Maatregel toevoegen"
    return submit(request, form, act, form_page(context, request, heading))


def _known(context: DossierResource, request: Request) -> DossierMeasure | None:
    asked = dict(query_pairs(request)).get("maatregel")
    try:
        return (
            None
            if asked is None
            else actions_services.find_measure(request.db, context.dossier, asked)
        )
    except DossierError:
        raise HTTPNotFound() from None


def effects_of(context: DossierResource, request: Request) -> list[Effect]:
    """Return the measures of the dossier with what they did, as of today."""
    whole = context.neighbourhood.kind == NeighbourhoodKind.WHOLE
    return actions_services.effects(request.db, context.dossier, today(), whole=whole)


def measures_part(context: DossierResource, request: Request, numbers: Counts) -> dict[str, Any]:
    """Return the measures, their counts, and the months in a chart with its table."""
    found = effects_of(context, request)
    months = actions_services.per_month(request.db, context.dossier, today())
    items = [
        (f"{SHORT_MONTHS[day.month - 1]} {day.year % 100:02d}", count) for day, count in months
    ]
    live = context.dossier.state in LIVE
    editing = live and bool(request.has_permission(Permission.EDIT_DOSSIER, context))
    edit = f"{page_of(context, request)}/maatregel?maatregel="
    rows = [
        [
            link(f"{edit}{one.measure.id}", _name(one)) if editing else _name(one),
            date_text(one.measure.started_on),
            _days(one),
            *([""] * 4 if one.too_soon else _numbers(one)),
        ]
        for one in found
    ]
    return {
        "found": found,
        "rows": rows,
        "columns": [
            "Maatregel",
            "Vanaf",
            ("Dagen voor en na", "number"),
            ("Dossier voor", "number"),
            ("Dossier na", "number"),
            ("Wijk voor", "number"),
            ("Wijk na", "number"),
        ],
        "words": [(_name(one), one.words, one.measure) for one in found],
        "months": [[label, str(count)] for label, count in items],
        "chart": _chart(items),
        "alt": charts.bar_summary("Meldingen in dit dossier per maand", items),
    }


def _name(one: Effect) -> str:
    return FollowUp.word(one.measure.kind).capitalize()


def _days(one: Effect) -> str:
    return "te kort" if one.too_soon else str(one.days)


def _numbers(one: Effect) -> list[str]:
    return [str(n) for n in (one.before, one.after, one.area_before, one.area_after)]


def _chart(items: list[tuple[str, int]]) -> Markup:
    """Return the chart as an address that holds the picture itself."""
    drawn = charts.trend_chart(items, colour=DEFAULT_COLOUR)
    return Markup(charts.data_uri(drawn))  # noqa: S704 - base64 of our own drawing
