"""The page on which somebody looks at what officers wrote in a dossier, before it goes outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import hidden_reports
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import KIND
from stopintimidatie.exports.extract.queries import LoadedDossier, load_dossier
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.redaction.texts import texts_of_officers
from stopintimidatie.exports.review.rules import (
    MarkError,
    read_marks,
    signs_for,
    suggest,
    with_marks,
)
from stopintimidatie.exports.review.services import digest_of, keep_looked_at
from stopintimidatie.exports.review.views import LIMIT, check_shown, version_field
from stopintimidatie.municipalities.areas.models import Neighbourhood

NAME: Final = "teksten-nakijken"
NEW: Final = "Nieuw of gewijzigd: dit is nog niet nagekeken."


def texts_here(session: Session, loaded: LoadedDossier) -> dict[str, str]:
    """Return the texts of officers in a dossier and in what waits for a decision, with names."""
    waiting = session.scalars(
        select(Export)
        .where(Export.dossier_id == loaded.row.id, Export.state == ExportState.REQUESTED)
        .order_by(Export.proposed_at, Export.reference)
    )
    return texts_of_officers(loaded.known, [export.asked for export in waiting])


@form_view(
    DossierResource,
    NAME,
    Permission.EDIT_DOSSIER,
    "templates/texts.jinja2",
    guards=(hidden_reports,),
)
def texts_view(context: DossierResource, request: Request) -> Any:
    """Mark what recipients don't read of the texts of officers, and save that."""
    dossier: Dossier = context.dossier
    if request.method == "POST":
        request.db.refresh(dossier, with_for_update=True)
    texts = texts_here(request.db, load_dossier(request.db, dossier, request.registry))
    names = select(Neighbourhood.name).where(Neighbourhood.municipality_code == context.holder)
    places, signs = request.db.scalars(names).all(), signs_for(texts)
    known = dossier.looked_at or {}
    marks = {
        text: known[digest]
        if (digest := digest_of(text)) in known
        else [hint.span for hint in suggest(text, places)]
        for text in texts
    }
    fields = {control_of(text): text for text in texts}
    shown = {name: with_marks(text, marks[text], signs) for name, text in fields.items()}
    version = digest_of(repr((sorted(known.items()), shown)))
    areas = [
        _area(f"{n}. {title}", text, known) for n, (text, title) in enumerate(texts.items(), 1)
    ]
    form = Form(
        forms.Schema(*areas, version_field()),
        request,
        buttons=[Button("opslaan", "Opslaan voor ontvangers")] if texts else [],
        appstruct={**shown, "versie": version},
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        check_shown(form, values, shown, version)
        looked = {}
        for name, text in fields.items():
            try:
                looked[text] = read_marks(text, values[name], signs)
            except MarkError as problem:
                raise FormError(str(problem), name) from None
        keep_looked_at(request.db, dossier, looked, request.actor)
        request.flash("Nagekeken. Een ontvanger leest deze teksten zonder wat u hebt gemarkeerd.")
        return HTTPSeeOther(request.resource_path(context))

    note_read(request, context.holder, KIND, [dossier.id], task="teksten nakijken")
    return handle_form(request, form, on_valid, {"dossier": dossier, "signs": signs})


def control_of(text: str) -> str:
    """Return the name of the control of a text, which stays the same when others come or go."""
    return f"tekst-{digest_of(text)[:12]}"


def _area(title: str, text: str, known: Mapping[str, Any]) -> Any:
    return forms.field(
        forms.Text(LIMIT, lines=True),
        title,
        description="" if digest_of(text) in known else NEW,
        name=control_of(text),
        missing="",
        needed_sometimes=True,
        widget=forms.TextArea(rows=min(14, 2 + len(text) // 80)),
    )
