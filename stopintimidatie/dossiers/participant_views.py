"""Who takes part in the work of a dossier: function and organisation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pyramid.view import view_config

from stopintimidatie.dossiers.consultation_forms import ParticipantSchema
from stopintimidatie.dossiers.consulting import add_participant, remove_participant
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
from stopintimidatie.security import Permission
from stopintimidatie.web.forms import Button, Form
from stopintimidatie.web.request import Request


@view_config(
    context=DossierResource,
    name="deelnemer",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def participant_view(context: DossierResource, request: Request) -> Any:
    """Somebody takes part."""
    cancel = page_of(context, request, "deelnemers")
    buttons = [Button("opslaan", "Deelnemer opslaan")]
    form = Form(ParticipantSchema(), request, buttons=buttons, cancel_url=cancel)

    def act(values: dict[str, Any]) -> Any:
        function, organisation, task = values["functie"], values["organisatie"], values["taak"]
        actor = request.actor
        add_participant(request.db, context.dossier, function, organisation, task, actor)
        request.flash("De deelnemer is opgeslagen.")
        return back_to(context, request, "deelnemers")

    return submit(request, form, act, form_page(context, request, "Deelnemer toevoegen"))


@view_config(
    context=DossierResource,
    name="deelnemer-weg",
    request_method="POST",
    permission=Permission.EDIT_DOSSIER,
)
def participant_gone_view(context: DossierResource, request: Request) -> Any:
    """Somebody takes part no longer: `deelnemer` in the form."""
    try:
        number = UUID(request.POST.get("deelnemer", "")[:40])
        remove_participant(request.db, context.dossier, number, request.actor)
        request.flash("De deelnemer doet niet meer mee.")
    except (ValueError, DossierError):
        request.flash("Deze deelnemer is er niet meer.", "warning")
    return back_to(context, request, "deelnemers")
