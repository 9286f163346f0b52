"""On a report: telling everybody who holds a copy that something in it isn't right."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.deliveries.copies import tell_holder
from stopintimidatie.deliveries.corrections import Correction, copies_with, open_correction
from stopintimidatie.deliveries.forms import RectifySchema
from stopintimidatie.deliveries.mailing import CORRECTED
from stopintimidatie.deliveries.views import FORM_PAGE, form_page
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.services import lock
from stopintimidatie.exports.withdrawing import Change, withdraw
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.steps import Action
from stopintimidatie.security import Permission
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.web.filters import plural
from stopintimidatie.web.forms import Button, Form, handle_form
from stopintimidatie.web.request import Request

NAME: Final = "rectificatie"


def rectify_action(request: Any, context: Any) -> Action | None:
    """The button on the page of a report, where somebody outside has a copy of it."""
    if not request.has_permission(Permission.TRIAGE, context):
        return None
    if not copies_with(request.db, context.report.id):
        return None
    return Action("Correctie melden aan wie een kopie heeft", request.resource_path(context, NAME))


def notify(
    session: Session, keys: KeyRing, report_id: Any, correction: Correction, actor: Actor
) -> list[bool]:
    """Open a correction at everybody who has this report; per copy whether there was an address."""
    told = []
    for disclosure, label in copies_with(session, report_id):
        export = lock(session, disclosure.document_id)
        if export is None:
            continue
        row = open_correction(session, export, disclosure, label, correction, actor)
        row.told_at = utc_now() if tell_holder(session, keys, export, CORRECTED.name) else None
        told.append(row.told_at is not None)
    return told


def _withdraw_all(session: Session, report_id: Any, actor: Actor) -> None:
    """Not of a person-directed dossier: whoever may come near that withdraws it there."""
    for disclosure, _ in copies_with(session, report_id):
        export = session.get(Export, disclosure.document_id)
        if disclosure.restricted or export is None:
            continue
        if export.state == ExportState.READY:
            withdraw(session, export, actor, "onjuist")


@view_config(
    context=ReportResource,
    name=NAME,
    request_method=("GET", "POST"),
    permission=Permission.TRIAGE,
    renderer=FORM_PAGE,
)
def rectify_view(context: ReportResource, request: Request) -> Any:
    """What was wrong, and what the holders must know."""
    report, back = context.report, request.resource_path(context)
    number = len(copies_with(request.db, report.id))
    if not number:
        request.flash("Niemand buiten de gemeente heeft een kopie van deze melding.", "info")
        return HTTPSeeOther(back)
    form = Form(
        RectifySchema(),
        request,
        buttons=[Button("melden", "Correctie melden")],
        cancel_url=back,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        actor, keys = request.actor, request.registry.key_ring
        correction = Correction(Change.CORRECTED, tuple(values["wat"]), values["toelichting"])
        told = notify(request.db, keys, report.id, correction, actor)
        if values["intrekken"]:
            _withdraw_all(request.db, report.id, actor)
        _say(request, told)
        return HTTPSeeOther(back)

    intro = (
        f"{plural(number, 'document', 'documenten')} met deze melding erin"
        f" {'is' if number == 1 else 'zijn'} bij een ander. Die krijgt een e-mail zonder inhoud;"
        " wat er klopt en niet klopt, leest die na een code. Wij houden bij wie het verwerkte."
    )
    page = form_page(request, "Correctie melden", report.reference, intro)
    return handle_form(request, form, on_valid, page)


def _say(request: Request, told: list[bool]) -> None:
    if all(told):
        request.flash("De correctie is gemeld aan iedereen die een kopie heeft.")
        return
    missed = plural(told.count(False), "ontvanger heeft", "ontvangers hebben")
    request.flash(
        f"{missed} geen bevestigd e-mailadres. Bel die zelf; op de pagina van de uitvoer legt u"
        " vast dat het is verwerkt.",
        "warning",
    )
