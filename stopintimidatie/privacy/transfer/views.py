"""Pages of the archivist: how far a transfer or the leaving of a municipality is, and the receipt.

They show no content: numbers, days and states.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.privacy.destruction.models import ArchiveTransfer, TransferState
from stopintimidatie.privacy.transfer.removal import obstacles, receive_everything, take_back
from stopintimidatie.privacy.transfer.services import (
    EVERYTHING,
    NAME,
    Receipt,
    find_transfer,
    is_agreed,
    receive,
    to_do,
    transfers,
    withdrawn_since,
)

LEAVE: Final = "vertrek"
BACK: Final = "terugnemen"


def receipt_schema(giver: str, paper: str, numbers: Sequence[str] = ()) -> Any:
    """Return the form of a receipt or decision: whose it is, its number and day."""
    dossiers = forms.OneOf([(number, number) for number in numbers])
    return Schema(
        *([field(dossiers, "Dossier", name="dossier")] if numbers else ()),
        field(forms.Text(200), giver, name="van"),
        field(forms.Text(100), f"Nummer of kenmerk van het {paper}", name="nummer"),
        field(forms.Date(), f"Datum van het {paper}", name="datum", validator=forms.in_past),
    )


@form_view(
    MunicipalityResource,
    NAME,
    Permission.TRANSFER,
    "templates/transfers.jinja2",
    guards=(recently_confirmed,),
)
def transfers_view(context: MunicipalityResource, request: Request) -> Any:
    """Show how far each transfer is, and take the receipt of an archive."""
    rows = {row.reference: row for row in transfers(request.db)}
    lapsed = {row.id for row in rows.values() if withdrawn_since(request.db, row)}
    agreed = is_agreed(request.db, list(rows.values()))
    waits = [
        number
        for number, row in rows.items()
        if row.state == TransferState.WAITS and row.id not in lapsed and row.dossier_id in agreed
    ]
    page = {
        "owner": context.title,
        "waiting": to_do(request.db),
        "rows": [
            (row, "vervallen" if row.id in lapsed else row.state, row.dossier_id in agreed)
            for row in rows.values()
        ],
        "leave": request.resource_path(context, LEAVE)
        if find_transfer(request.db, EVERYTHING)
        else None,
    }
    if not waits:
        return {**page, "form": None}
    button = Button("ontvangen", "Ontvangst vastleggen en dossier vernietigen")
    form = Form(
        receipt_schema("Naam van het archief", "ontvangstbewijs", waits),
        request,
        buttons=[button],
    )

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        row = rows[values["dossier"]]
        number = receive(request.registry, request.db, row, _receipt(values), request.actor)
        gone = f" met {plural(number, 'melding', 'meldingen')}" if number else ""
        request.flash(f"Dossier {row.reference} is overgebracht, en hier vernietigd{gone}.")
        return HTTPSeeOther(request.path)

    return handle_form(request, form, on_valid, page)


def _receipt(values: dict[str, Any]) -> Receipt:
    return Receipt(values["nummer"], values["datum"], values["van"])


@form_view(
    MunicipalityResource,
    LEAVE,
    Permission.TRANSFER,
    "templates/leaving.jinja2",
    guards=(recently_confirmed,),
)
def leave_view(context: MunicipalityResource, request: Request) -> Any:
    """Show how far the leaving of a municipality is, and take its decision and receipt."""
    row: ArchiveTransfer | None = find_transfer(request.db, EVERYTHING)
    page = {"owner": context.title, "row": row, "obstacles": obstacles(request.db)}
    if row is not None and BACK in request.POST:
        take_back(request.db, row, request.actor)
        request.flash("Teruggenomen. Er wordt niets vernietigd tot u het opnieuw vastlegt.")
        return HTTPSeeOther(request.path)
    if row is None or (row.received_at is not None and request.method != "POST"):
        return {**page, "form": None}
    button = Button("ontvangen", "Besluit en ontvangst vastleggen")
    form = Form(receipt_schema("Orgaan dat het besluit nam", "besluit"), request, buttons=[button])

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        receive_everything(request.db, row, _receipt(values), request.actor)
        request.flash("Vastgelegd. Wie de installatie beheert, kan vernietigen wat overblijft.")
        return HTTPSeeOther(request.path)

    return handle_form(request, form, on_valid, page)
