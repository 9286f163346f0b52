"""Attachments of a dossier: sent, opened, removed."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.view import view_config

from stopintimidatie.dossiers.chronology import Counts
from stopintimidatie.dossiers.files import (
    attach,
    attachments,
    file_name,
    find_attachment,
    remove_attachment,
    title_of,
)
from stopintimidatie.dossiers.handling import (
    FORM_PAGE,
    back_to,
    form_page,
    only_live,
    page_of,
    submit,
)
from stopintimidatie.dossiers.history import DossierError
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.work_models import DossierAttachment
from stopintimidatie.reports.attachments import read
from stopintimidatie.reports.cleaning import CleaningError, cleaned_apart, ffmpeg_path
from stopintimidatie.reports.media import PHOTO_TYPES
from stopintimidatie.sandbox.places import NoPlaceError
from stopintimidatie.sandbox.process import memory_file
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web import forms
from stopintimidatie.web.forms import BusyError, Button, Form, Schema, field
from stopintimidatie.web.heavy_work import TOO_BUSY
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

PART: Final = "bijlagen"
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
    """Where nothing can clean sound and video, they aren't asked for either."""
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
        cancel_url=page_of(context, request, PART),
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
        return back_to(context, request, PART)

    return submit(request, form, act, form_page(context, request, "Bijlage toevoegen"))


def files_part(context: DossierResource, request: Request, numbers: Counts) -> dict[str, Any]:
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
    """The content, of the type that we gave it ourselves: `?nummer=1`."""
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
    return back_to(context, request, PART)
