"""What officers do with the way to a partner: put ready, read a code out, read the answer."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.deliveries.answers import mark_seen
from stopintimidatie.deliveries.forms import offer_schema
from stopintimidatie.deliveries.mailing import CODE_TEXT, PHONE, contact_of, mobile_of
from stopintimidatie.deliveries.panel import CODE, OFFER, SEEN
from stopintimidatie.deliveries.pickups import DAYS, TIMES, offer_export, pickups_of, refusal
from stopintimidatie.disclosures.pickup import make_code
from stopintimidatie.disclosures.pickup_models import Pickup
from stopintimidatie.dossiers.naming_views import hidden_reports
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.resources import ExportResource
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.mail import Recipient, queue_mail
from stopintimidatie.mail.codes import readable
from stopintimidatie.mail.models import MailAddress
from stopintimidatie.partners.contacts import Shown, contacts_of, in_clear
from stopintimidatie.partners.history import KIND as PARTNER
from stopintimidatie.partners.models import PartnerOrganisation
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.navigation import Crumb
from stopintimidatie.web.request import Request

_TEMPLATES: Final = "stopintimidatie.deliveries:templates"
FORM_PAGE: Final = f"{_TEMPLATES}/form.jinja2"
_P: Final = Permission.REQUEST_EXPORT
NOBODY: Final = (
    "Bij deze partner staat niemand met een bevestigd e-mailadres. Zet er eerst iemand bij, op de"
    " pagina van de partner."
)


def form_page(request: Request, heading: str, above: str, intro: str = "") -> dict[str, Any]:
    """What every form of this room shows around itself."""
    crumbs = [*request.breadcrumb, Crumb(heading, request.path)]
    return {"crumbs": crumbs, "heading": heading, "above": above, "intro": intro}


def back(context: ExportResource, request: Request) -> HTTPSeeOther:
    return HTTPSeeOther(request.resource_path(context))


@view_config(
    context=ExportResource,
    name=OFFER,
    request_method=("GET", "POST"),
    permission=_P,
    renderer=FORM_PAGE,
    guards=(hidden_reports,),
)
def offer_view(context: ExportResource, request: Request) -> Any:
    """Choose who is told, and put the file ready."""
    export = context.export
    people = _people(context, request) if export.state == ExportState.READY else []
    if not people and request.method != "POST":
        request.flash(NOBODY if export.state == ExportState.READY else _NOT_NOW, "warning")
        return back(context, request)
    choices = [(str(one.row.id), f"{one.person.name}, {one.person.function}") for one in people]
    form = Form(
        offer_schema(choices),
        request,
        buttons=[Button("klaarzetten", "Klaarzetten en bericht sturen")],
        appstruct={"dagen": DAYS, "keren": TIMES},
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        address = next(one.address for one in people if str(one.row.id) == values["contact"])
        _offer(request, export, address, values)
        request.flash(
            "Het document staat klaar en het bericht gaat uit. Maak een code als de ander u belt."
        )
        return back(context, request)

    intro = "Het bericht noemt geen dossier en geen namen: alleen dat er iets klaarstaat, en waar."
    return handle_form(request, form, on_valid, form_page(request, _OFFER, export.recipient, intro))


_OFFER: Final = "Laten ophalen"
_NOT_NOW: Final = "Dit document kan nu niet worden klaargezet."


def _offer(
    request: Request, export: Export, address: MailAddress | None, values: dict[str, Any]
) -> None:
    actor, days, times = request.actor, values["dagen"], values["keren"]
    try:
        if address is None:
            raise ExportError(NOBODY)
        offer_export(request.db, export, address, actor, days=days, times=times)
    except ExportError as problem:
        raise FormError(problem.message, problem.field) from None


def _people(context: ExportResource, request: Request) -> list[Shown]:
    """Those of the partner whose address is confirmed."""
    number = context.export.partner_id
    partner = request.db.get(PartnerOrganisation, number) if number else None
    if partner is None:
        return []
    found = contacts_of(request.db, request.registry.key_ring, partner)
    note_read(request, context.holder, PARTNER, [partner.id], task="laten ophalen")
    return [one for one in found if one.address is not None and one.address.usable]


@view_config(
    context=ExportResource,
    name=CODE,
    request_method="POST",
    permission=_P,
    renderer=f"{_TEMPLATES}/code.jinja2",
    guards=(hidden_reports,),
)
def code_view(context: ExportResource, request: Request) -> Any:
    """A code to read out, shown once: it stands in no address and is kept nowhere."""
    pickup = _fetchable(context, request)
    keys, session = request.registry.key_ring, request.db
    code = make_code(session, keys, pickup, request.actor)
    phone = mobile_of(session, keys, pickup)
    may_text = phone is not None and request.registry.texter.on
    if may_text and request.POST.get("sms") == "ja":
        to = Recipient(PHONE, str(pickup.id))
        queue_mail(session, pickup.holder, CODE_TEXT.name, to, about=pickup.id)
        request.flash("De code gaat per sms naar de contactpersoon.")
        return back(context, request)
    found = contact_of(session, pickup)
    if found is not None:
        about = [found[0].organisation_id]
        note_read(request, context.holder, PARTNER, about, task="code voorlezen")
    return {
        "code": readable(code),
        "pickup": pickup,
        "person": in_clear(keys, *found) if found else None,
        "may_text": may_text,
        "code_href": request.resource_path(context, CODE),
        "back": request.resource_path(context),
    }


def _fetchable(context: ExportResource, request: Request) -> Pickup:
    for pickup in pickups_of(request.db, context.export.id)[:1]:
        if refusal(pickup, context.export) is None:
            return pickup
    raise HTTPNotFound()


@view_config(
    context=ExportResource,
    name=SEEN,
    request_method="POST",
    permission=_P,
    guards=(hidden_reports,),
)
def seen_view(context: ExportResource, request: Request) -> Any:
    """The answer was read: it leaves the start page."""
    mark_seen(request.db, context.export, request.actor)
    request.flash("Het antwoord staat als gelezen.")
    return back(context, request)
