"""Pages of the archivist: what is to be transferred, the package, and the archive's receipt.

They show no content of a dossier: numbers, days and states.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import record
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.security.policy import note
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import date_short, datetime_short, file_size, plural
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.privacy.destruction.models import (
    ArchivePart,
    ArchiveTransfer,
    TransferState,
)
from stopintimidatie.privacy.transfer.agreement import agreed_line, line_of
from stopintimidatie.privacy.transfer.resources import (
    STATES,
    TransferList,
    TransferResource,
    to_do,
    transfers,
)
from stopintimidatie.privacy.transfer.services import (
    UNDER_WAY,
    WITHDRAWN_SINCE,
    Receipt,
    TransferError,
    ask,
    find_dossier,
    find_transfer,
    known_key,
    name_of,
    receive,
    withdrawn_since,
)

NEW: Final = "nieuw"
LINK: Final = Markup('<a class="utrecht-link utrecht-link--html-a" href="{}">{}</a>')


class AskSchema(Schema):
    """Form of a new package."""

    dossier = field(forms.Text(12, hint="2026-0001"), "Nummer van het dossier")
    sleutel = field(
        forms.Text(100, hint="age1…"),
        "Openbare sleutel van het archief",
        description="Het pakket wordt hiermee versleuteld: alleen het archief kan het openen. Vraag"
        " de sleutel aan het archief; hij begint met ‘age1’ en is niet geheim.",
    )


class ReceiptSchema(Schema):
    """Form of the receipt of the archive, which looked at the package before it gave one."""

    archief = field(forms.Text(200), "Naam van het archief")
    nummer = field(forms.Text(100), "Nummer of kenmerk van het ontvangstbewijs")
    datum = field(forms.Date(), "Datum van het ontvangstbewijs", validator=forms.in_past)


@page_view(TransferList, "", Permission.TRANSFER, "templates/transfers.jinja2")
def list_view(context: TransferList, request: Request) -> dict[str, Any]:
    """Show the dossiers that are to be transferred, and the transfers there are."""
    new = request.resource_path(context, NEW)
    waiting = [
        (
            row.number,
            date_short(row.due_on),
            row.late,
            f"{new}?dossier={row.number}",
        )
        for row in to_do(request.db)
    ]
    rows = [
        (
            LINK.format(request.resource_path(context, row.reference), row.reference),
            STATES[TransferState(row.state)],
            datetime_short(row.requested_at),
            row.receipt_from or "",
        )
        for row in transfers(request.db)
    ]
    return {"waiting": waiting, "rows": rows, "new": new}


@form_view(TransferList, NEW, Permission.TRANSFER, "templates/transfer_form.jinja2")
def new_view(context: TransferList, request: Request) -> Any:
    """Ask for a dossier and the key of the archive; once two people agreed, have it packed."""
    wanted = dict(query_pairs(request)).get("dossier", "")[:12]
    known = find_dossier(request.db, wanted)
    asked = find_transfer(request.db, known.id) if known is not None else None
    agreed = known is not None and agreed_line(request.db, known.id) is not None
    form = Form(
        AskSchema(),
        request,
        buttons=[Button("maken", "Pakket maken" if agreed else "Overbrengen vragen")],
        appstruct={"dossier": wanted, "sleutel": (asked.recipient if asked else None) or ""},
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        dossier = find_dossier(request.db, values["dossier"])
        if dossier is None:
            raise FormError("Er is geen dossier met dit nummer in deze gemeente.", "dossier")
        try:
            transfer = ask(request.db, request.actor, dossier, known_key(values["sleutel"]))
        except TransferError as refused:
            raise FormError(refused.message, refused.field) from None
        return HTTPSeeOther(request.resource_url(context, transfer.reference))

    title = "Pakket voor het archief"
    return handle_form(request, form, on_valid, {"heading": title, "receipt": None})


@page_view(TransferResource, "", Permission.TRANSFER, "templates/transfer.jinja2")
def transfer_view(context: TransferResource, request: Request) -> dict[str, Any]:
    """Show how far a transfer is, and what to do next."""
    row = context.transfer
    lapsed = withdrawn_since(request.db, row)
    state = TransferState.LAPSED if lapsed else TransferState(row.state)
    return {
        "state": state,
        "withdrawn": WITHDRAWN_SINCE if lapsed else "",
        "words": STATES[state],
        "agreed": agreed_line(request.db, row.dossier_id) is not None,
        "listed": line_of(request.db, row.dossier_id) is not None,
        "running": state in UNDER_WAY,
        "facts": _facts(row),
        "download": request.resource_path(context, "pakket") if _has_content(row) else None,
        "receipt": request.resource_path(context, "ontvangst"),
        "again": f"{request.resource_path(context.__parent__, NEW)}?dossier={row.reference}",
    }


def _has_content(row: ArchiveTransfer) -> bool:
    return row.state == TransferState.WAITS and row.recipient is not None


def _facts(row: ArchiveTransfer) -> list[tuple[str, str]]:
    facts = [("Gevraagd", f"{datetime_short(row.requested_at)}, door {row.requested_by}")]
    facts.append(("Hoe", "versleuteld voor het archief" if row.recipient else "door een beheerder"))
    if row.recipient is not None:
        facts.append(("Sleutel van het archief", row.recipient))
    if row.made_at is not None and row.sha256 is not None:
        facts += [
            ("Gemaakt", datetime_short(row.made_at)),
            ("Inhoud", f"het dossier met {plural(len(row.reports), 'melding', 'meldingen')}"),
            ("Grootte", file_size(row.size or 0)),
            ("SHA-256", row.sha256),
        ]
    if row.received_at is not None and row.receipt_on is not None:
        facts += [
            ("Archief", row.receipt_from or ""),
            ("Ontvangstbewijs", f"{row.receipt_number}, van {date_short(row.receipt_on)}"),
            ("Ingevuld", f"{datetime_short(row.received_at)}, door {row.received_by}"),
        ]
    return facts


@view_config(
    context=TransferResource, name="pakket", request_method="GET", permission=Permission.TRANSFER
)
def download_view(context: TransferResource, request: Request) -> Response:
    """Send the package as it was encrypted for the archive."""
    row = context.transfer
    agreed = agreed_line(request.db, row.dossier_id) is not None
    if not _has_content(row) or not agreed or withdrawn_since(request.db, row):
        raise HTTPNotFound()
    _note_download(request, row.holder, row.dossier_id)
    response = Response(content_type="application/octet-stream", charset=None)
    response.app_iter = _content(request.registry.engine, row.holder, row.id)
    response.content_length = row.size
    response.content_disposition = f'attachment; filename="{name_of(row)}.zip.age"'
    return response


def _note_download(request: Request, holder: str, dossier: UUID) -> None:
    def write(session: Session, identity: Identity) -> None:
        record(session, identity.actor, "dossier.overbrengen_opgehaald", holder, DOSSIER, [dossier])

    note(request, holder, write)


def _content(engine: Engine, holder: str, transfer: UUID) -> Iterator[bytes]:
    """Yield the parts, each in a transaction of its own: the request's own is over by then."""
    number, part = 1, _part(engine, holder, transfer, 1)
    while part is not None:
        yield part
        number += 1
        part = _part(engine, holder, transfer, number)


def _part(engine: Engine, holder: str, transfer: UUID, number: int) -> bytes | None:
    with transaction(engine, holder, write=False) as session:
        data: bytes | None = session.scalar(
            select(ArchivePart.data).where(
                ArchivePart.transfer_id == transfer, ArchivePart.number == number
            )
        )
        return data


@form_view(
    TransferResource,
    "ontvangst",
    Permission.TRANSFER,
    "templates/transfer_form.jinja2",
    guards=(recently_confirmed,),
)
def receipt_view(context: TransferResource, request: Request) -> Any:
    """Ask for the receipt of the archive; with it the dossier goes here."""
    row = context.transfer
    if row.state != TransferState.WAITS or agreed_line(request.db, row.dossier_id) is None:
        # The page of the transfer says how far it is, and what to do.
        return HTTPSeeOther(request.resource_url(context))
    form = Form(
        ReceiptSchema(),
        request,
        buttons=[Button("ontvangen", "Ontvangst vastleggen en dossier vernietigen")],
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        receipt = Receipt(values["nummer"], values["datum"], values["archief"])
        try:
            reports = receive(request.registry, request.db, row, receipt, request.actor)
        except TransferError as refused:
            raise FormError(refused.message, refused.field) from None
        gone = f" met {plural(reports, 'melding', 'meldingen')}" if reports else ""
        request.flash(f"Dossier {row.reference} is overgebracht, en hier vernietigd{gone}.")
        return HTTPSeeOther(request.resource_url(context))

    values = {"heading": "Ontvangstbewijs van het archief", "receipt": row}
    return handle_form(request, form, on_valid, values)
