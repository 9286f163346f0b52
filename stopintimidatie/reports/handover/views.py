"""The pages of the reports that other municipalities offer, and of the answer."""

from __future__ import annotations

from datetime import datetime
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
from stopintimidatie.core.text import datetime_long, datetime_short
from stopintimidatie.core.web.components import ListItem
from stopintimidatie.core.web.request import Request, form_view, page_view
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.handover import services
from stopintimidatie.reports.handover.transfer import holder_name
from stopintimidatie.reports.models import ReportTransfer
from stopintimidatie.reports.resources import OFFER_PREFIX, OfferResource
from stopintimidatie.reports.vocabulary import LABELS

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
    return {
        "waiting": [_item(context, request, transfer) for transfer in waiting],
        "past": [_row(request, context.holder, transfer) for transfer in past],
    }


def _item(context: MunicipalityResource, request: Request, transfer: ReportTransfer) -> ListItem:
    shown = services.shown(request.registry.key_ring, transfer)
    return ListItem(
        title=f"{transfer.reference}: {shown.heading if shown else 'melding'}",
        href=request.resource_path(context, f"{OFFER_PREFIX}{transfer.reference}"),
        badges=["spoed"] if shown and shown.urgent else [],
        meta=[
            f"van {holder_name(request.db, transfer.giver)}",
            f"aangeboden {datetime_short(transfer.given_at)}",
        ],
    )


def _row(request: Request, holder: str, transfer: ReportTransfer) -> list[Any]:
    ours = transfer.giver == holder
    other = holder_name(request.db, transfer.receiver if ours else transfer.giver)
    return [
        transfer.reference,
        f"{'aan' if ours else 'van'} {other}",
        datetime_short(transfer.given_at),
        LABELS.get(transfer.state, transfer.state),
        transfer.answer or "",
    ]


@form_view(OfferResource, "", Permission.TRIAGE, "templates/offer.jinja2")
def offer_view(context: OfferResource, request: Request) -> Any:
    """Show an offer with the form to answer it, and take the answer."""
    transfer, kind = context.transfer, services.OFFER_KIND
    form = Form(AnswerSchema(), request, buttons=[Button("antwoorden", "Antwoord versturen")])

    def page() -> dict[str, Any]:
        note_read(request, context.holder, kind, [transfer.id], task="overdracht bekijken")
        shown = services.shown(request.registry.key_ring, transfer)
        return {
            "transfer": transfer,
            "giver": holder_name(request.db, transfer.giver),
            "rows": _shown_rows(shown) if shown else [],
            "urgent": bool(shown and shown.urgent),
        }

    return handle_form(request, form, lambda values: _answer(context, request, values), page)


def _shown_rows(shown: services.Offered) -> list[tuple[str, str]]:
    rows = [
        ("Wat", shown.heading),
        ("Gebeurd", shown.when),
        ("Ontvangen", datetime_long(datetime.fromisoformat(shown.received_at))),
        ("Wijk en buurt", shown.area),
        ("Adres", shown.address),
        ("Openbaar vervoer", shown.transit),
        ("Plek in woorden", shown.location_text),
        ("Punt op de kaart", shown.point),
    ]
    return [(term, value) for term, value in rows if value]


def _answer(context: OfferResource, request: Request, values: dict[str, Any]) -> Any:
    transfer, actor = context.transfer, request.actor
    refused = values["antwoord"] == REFUSE
    if refused and not values["reden"].strip():
        raise FormError("Schrijf waarom uw gemeente de melding niet aanneemt.", "reden")
    try:
        if refused:
            services.refuse(request.db, transfer, actor, values["reden"].strip())
        else:
            services.accept(request.db, transfer, actor)
    except services.AnsweredError:
        raise ConflictError(
            "Dit aanbod is intussen beantwoord of ingetrokken. Er is niets veranderd.", []
        ) from None
    done = "geweigerd" if refused else "aangenomen. Zij staat zo in het postvak"
    request.flash(f"{transfer.reference} is {done}.")
    return HTTPSeeOther(request.resource_path(context.__parent__, "overdrachten"))
