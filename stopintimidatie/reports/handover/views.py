"""The pages of the reports that other municipalities offer, and of the answer."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import (
    Button,
    ConflictError,
    Form,
    FormError,
    Schema,
    field,
    handle_form,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web.request import Request, form_view, page_view
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.handover import services
from stopintimidatie.reports.handover.transfer import holder_name
from stopintimidatie.reports.resources import OFFER_PREFIX, OfferResource
from stopintimidatie.reports.vocabulary import HandoverState

RECENT: Final = 25
TAKE, REFUSE = "aannemen", "weigeren"
CHOICES: Final = (
    (TAKE, "aannemen: de melding komt in ons postvak"),
    (REFUSE, "weigeren: de andere gemeente houdt de melding"),
)


class AnswerSchema(Schema):
    """The form of the answer: yes, or no with the reason."""

    antwoord = field(forms.OneOf(CHOICES, radio=True), "Antwoord")
    reden = field(
        forms.Text(1000, lines=True),
        "Reden",
        description="Nodig als u weigert. De andere gemeente leest dit.",
        missing="",
    )


@page_view(MunicipalityResource, "overdrachten", Permission.TRIAGE, "templates/offers.jinja2")
def offers_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the offers that wait for an answer, and the latest hand-overs."""
    waiting = services.incoming(request.db, context.holder)
    past = services.recent(request.db, context.holder, RECENT)
    ids = [transfer.id for transfer in waiting]
    note_read(request, context.holder, services.OFFER_KIND, ids, task="overdrachten bekijken")
    sides = {transfer.giver for transfer in (*waiting, *past)}
    sides |= {transfer.receiver for transfer in past}
    return {
        "waiting": [(row, services.shown(request.registry.key_ring, row)) for row in waiting],
        "past": past,
        "here": f"{request.resource_path(context).rstrip('/')}/{OFFER_PREFIX}",
        "holder": context.holder,
        "names": {side: holder_name(request.db, side) for side in sides},
        "labels": dict(HandoverState.choices()),
    }


@form_view(OfferResource, "", Permission.TRIAGE, "templates/offer.jinja2")
def offer_view(context: OfferResource, request: Request) -> Any:
    """Show an offer with the form to answer it, and take the answer."""
    transfer, kind = context.transfer, services.OFFER_KIND
    form = Form(AnswerSchema(), request, buttons=[Button("antwoorden", "Antwoord versturen")])

    def page() -> dict[str, Any]:
        note_read(request, context.holder, kind, [transfer.id], task="overdracht bekijken")
        return {
            "transfer": transfer,
            "giver": holder_name(request.db, transfer.giver),
            "shown": services.shown(request.registry.key_ring, transfer),
        }

    return handle_form(request, form, lambda values: _answer(context, request, values), page)


def _answer(context: OfferResource, request: Request, values: dict[str, Any]) -> Any:
    transfer, actor = context.transfer, request.actor
    refused, why = values["antwoord"] == REFUSE, values["reden"].strip()
    if refused and not why:
        raise FormError("Schrijf waarom uw gemeente de melding niet aanneemt.", "reden")
    try:
        services.answer(request.db, transfer, actor, why if refused else None)
    except services.AnsweredError:
        raise ConflictError(
            "Dit aanbod is intussen beantwoord of ingetrokken. Er is niets veranderd.", []
        ) from None
    done = "geweigerd" if refused else "aangenomen. Zij staat zo in het postvak"
    request.flash(f"{transfer.reference} is {done}.")
    return HTTPSeeOther(request.resource_path(context.__parent__, "overdrachten"))
