"""Page `…/rollen`: the second person confirms or refuses a proposed role."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import OfferState, RoleOffer, User
from stopintimidatie.accounts.services import AccountError
from stopintimidatie.municipalities import proposals
from stopintimidatie.municipalities.confirmers import Confirmer, awaited, has_confirmed, has_hand
from stopintimidatie.municipalities.mail_domains import domains_of, is_outside
from stopintimidatie.municipalities.proposal_forms import CONFIRM, DecisionSchema
from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.register.models import Municipality
from stopintimidatie.security import Permission, Role
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.filters import plural
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request

PAGE: Final = "rollen"
PARTIES: Final = {
    Confirmer.COLLEAGUE: "een collega van de gemeente die meldingen leest",
    Confirmer.DESK: "het landelijk meldpunt",
}
TEMPLATE: Final = "stopintimidatie.municipalities:templates/proposals.jinja2"
CONFIRMED: Final = "Bevestigd. De uitnodiging gaat weg."
HALF: Final = "Bevestigd. De uitnodiging gaat weg als ook de tweede partij bevestigt."
WITHOUT_REASON: Final = (
    "U koos bevestigen, maar vulde in waarom u weigert. Kies weigeren, of maak dit veld leeg."
)
GONE: Final = "Over dit voorstel is al beslist, of het is ingetrokken."


@view_config(
    context=MunicipalityResource,
    name=PAGE,
    request_method=("GET", "POST"),
    permission=Permission.CONFIRM_ROLE,
    renderer=TEMPLATE,
)
def proposals_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the proposals that wait for a second person here."""
    return decide(request, context.holder, request.resource_path(context, PAGE))


def decide(request: Request, at: str, here: str) -> Any:
    """Show the proposals of a municipality or the desk, and handle the buttons of that page."""
    waiting = {str(offer.id): offer for offer in proposals.waiting_at(request.db, at)}
    forms = {number: _form(request, number, here) for number in waiting}
    page = {"cards": _cards(request, list(waiting.values())), "forms": forms}
    if request.method != "POST":
        return page
    asked = str(request.POST.get("voorstel", ""))
    if asked not in waiting:
        request.flash(GONE, "error")
        return HTTPSeeOther(here)

    def on_valid(values: dict[str, Any]) -> Any:
        _decide(request, waiting[asked], at, values)
        return HTTPSeeOther(here)

    return handle_form(request, forms[asked], on_valid, page)


def _decide(request: Request, offer: RoleOffer, at: str, values: dict[str, Any]) -> None:
    """Confirm a proposal, or refuse it with a reason.

    :raises FormError: this user may not decide about it, or choice and reason don't fit.
    """
    actor = request.actor
    if values["besluit"] == CONFIRM and values["reden"]:
        raise FormError(WITHOUT_REASON, "reden")
    try:
        if values["besluit"] == CONFIRM:
            proposals.confirm(request.db, offer, actor, at)
            gone = offer.state == OfferState.OFFERED
            request.flash(CONFIRMED if gone else HALF)
        else:
            proposals.refuse(request.db, offer, actor, at, values["reden"])
            request.flash("Geweigerd. Wie het voorstel deed, leest waarom.")
    except AccountError as problem:
        raise FormError(str(problem), "reden") from None


def _form(request: Request, number: str, here: str) -> Form:
    return Form(
        DecisionSchema(),
        request,
        buttons=[Button("vastleggen", "Besluit vastleggen")],
        action=here,
        formid=f"voorstel-{number[:8]}",
        appstruct={"voorstel": number},
    )


def _cards(request: Request, offers: list[RoleOffer]) -> list[dict[str, Any]]:
    codes = {offer.holder for offer in offers}
    domains, names = domains_of(request.db, codes), _names(request.db, codes)
    left = awaited(request.db, offers)
    me = request.db.get_one(User, request.identity.user_id)  # type: ignore[union-attr]
    return [
        {
            "id": str(offer.id),
            "offer": offer,
            "role": Role(offer.role).label,
            "municipality": names[offer.holder],
            "outside": is_outside(offer.username, domains[offer.holder]),
            "awaited": " en ".join(PARTIES[party] for party in left[offer.id]),
            "mine": has_hand(offer, me) or has_confirmed(offer, me),
        }
        for offer in offers
    ]


def _names(session: Session, codes: set[str]) -> dict[str, str]:
    rows = session.execute(
        select(Municipality.code, Municipality.name).where(Municipality.code.in_(codes))
    )
    return {row.code: row.name for row in rows}


def roles_to_confirm(session: Session, holder: str, path: str) -> list[ListItem]:
    """Return the start-page item for proposals that wait for a second person; empty if none do."""
    number = len(proposals.waiting_at(session, holder))
    if not number:
        return []
    waits = f"{plural(number, 'voorstel', 'voorstellen')} om over te beslissen"
    return [ListItem("Een collega een rol geven", f"{path}/{PAGE}", meta=[waits])]
