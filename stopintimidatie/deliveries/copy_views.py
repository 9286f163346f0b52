"""What officers do with a copy: withdraw it, and note what the holder said by telephone."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.deliveries.copies import confirm_destroyed
from stopintimidatie.deliveries.corrections import confirm
from stopintimidatie.deliveries.forms import WithdrawSchema
from stopintimidatie.deliveries.panel import CORRECTION_DONE, DESTROYED, WITHDRAW
from stopintimidatie.deliveries.views import FORM_PAGE, back, form_page
from stopintimidatie.disclosures.copies import copy_of
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.services import find_disclosure
from stopintimidatie.dossiers.naming_views import hidden_reports
from stopintimidatie.exports.models import ExportState
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.exports.withdrawing import withdraw
from stopintimidatie.security import Permission
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request

_P: Final = Permission.REQUEST_EXPORT


@view_config(
    context=ExportResource,
    name=WITHDRAW,
    request_method=("GET", "POST"),
    permission=_P,
    renderer=FORM_PAGE,
    guards=(hidden_reports,),
)
def withdraw_view(context: ExportResource, request: Request) -> Any:
    """Take it back, with a reason; who holds a copy is told."""
    export = context.export
    if export.state == ExportState.WITHDRAWN and request.method != "POST":
        request.flash("Deze uitvoer is al ingetrokken.", "info")
        return back(context, request)
    form = Form(
        WithdrawSchema(),
        request,
        buttons=[Button("intrekken", "Intrekken en vernietigen", kind="danger")],
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        code, reason = values["waarom"], values["reden"]
        try:
            withdraw(request.db, export, request.actor, code, reason)
        except ExportError as problem:
            raise FormError(problem.message, problem.field) from None
        request.flash("Het document is ingetrokken. Wie een kopie heeft, krijgt bericht.")
        return back(context, request)

    intro = (
        "Het bestand wordt vernietigd en komt niet terug. Wie het heeft of kon ophalen, krijgt een"
        " e-mail zonder inhoud met de vraag het te vernietigen en dat te bevestigen."
    )
    page = form_page(request, "Uitvoer intrekken", export.recipient, intro)
    return handle_form(request, form, on_valid, page)


@view_config(
    context=ExportResource,
    name=DESTROYED,
    request_method="POST",
    permission=_P,
    guards=(hidden_reports,),
)
def destroyed_view(context: ExportResource, request: Request) -> HTTPSeeOther:
    """The holder told that it is destroyed."""
    row = _disclosure(context, request)
    copy = copy_of(request.db, row.id)
    try:
        confirm_destroyed(request.db, context.export, row, copy, request.actor)
    except ExportError as problem:
        request.flash(problem.message, "warning")
    else:
        request.flash("Vastgelegd dat de ontvanger het document heeft vernietigd.")
    return back(context, request)


@view_config(
    context=ExportResource,
    name=CORRECTION_DONE,
    request_method="POST",
    permission=_P,
    guards=(hidden_reports,),
)
def correction_view(context: ExportResource, request: Request) -> HTTPSeeOther:
    """The holder told that a correction is done."""
    row, number = _disclosure(context, request), str(request.POST.get("nr", ""))[:40]
    try:
        confirm(request.db, context.export, row, number, request.actor)
    except ExportError as problem:
        request.flash(problem.message, "warning")
    else:
        request.flash("Vastgelegd dat de ontvanger de correctie heeft verwerkt.")
    return back(context, request)


def _disclosure(context: ExportResource, request: Request) -> Disclosure:
    found = find_disclosure(request.db, context.export.reference)
    if found is None:
        raise HTTPNotFound()
    return found
