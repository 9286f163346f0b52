"""`…/berichten`, `…/rollen` and `…/gebruikers`: who is told, who confirms, who works here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import OfferState, RoleOffer, User
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.mail.addresses import (
    Owner,
    clear_address,
    confirm_address,
    find_address,
    remove_address,
    send_code,
    set_address,
)
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.components import ListItem, Panel
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import Administration, MunicipalityResource
from stopintimidatie.municipalities.people import proposals
from stopintimidatie.municipalities.people.forms import (
    CONFIRM,
    DecisionSchema,
    InviteSchema,
    as_number,
    postbox_schema,
)
from stopintimidatie.municipalities.people.services import (
    Confirmer,
    domains_of,
    has_confirmed,
    has_hand,
    invited_at,
    is_outside,
    offer_at,
    pending_confirmers,
    postbox_of,
    proposals_for,
    urgent_number_of,
    workers_of,
)

PAGE: Final = "stopintimidatie.municipalities.people:templates/postbox.jinja2"
OWNERS: Final = {"adres": postbox_of, "spoednummer": urgent_number_of}


def postbox_panel(context: Administration, request: Any) -> Panel | None:
    """Link to this page from the settings page of a municipality."""
    place = context.__parent__
    if context.holder == NATIONAL or not request.has_permission(
        Permission.MANAGE_MUNICIPALITY, place
    ):
        return None
    href = request.resource_path(place, "berichten")
    template = "stopintimidatie.municipalities.people:templates/postbox_panel.jinja2"
    return Panel("Berichten", template, {"href": href})


@view_config(
    context=MunicipalityResource,
    name="berichten",
    request_method=("GET", "POST"),
    permission=Permission.MANAGE_MUNICIPALITY,
    renderer=PAGE,
)
def postbox_view(context: Any, request: Any) -> Any:
    """Show the address and the number, whether they are confirmed, and the form to change them."""
    keys, texting = request.registry.key_ring, request.registry.texter.on
    rows = {name: find_address(request.db, owner(context.holder)) for name, owner in OWNERS.items()}
    form = Form(
        postbox_schema(texting=texting),
        request,
        buttons=[Button("opslaan", "Opslaan")],
        appstruct={name: clear_address(keys, row) for name, row in rows.items() if row is not None},
    )

    def on_valid(values: dict[str, Any]) -> Any:
        _save(context, request, values)
        request.flash("Opgeslagen. Naar een nieuw adres sturen wij een code.")
        return HTTPSeeOther(request.resource_path(context, "berichten"))

    page = {
        "rows": rows,
        "texting": texting,
        "code_action": request.resource_path(context, "berichten-code"),
    }
    return handle_form(request, form, on_valid, page)


def _save(context: Any, request: Any, values: dict[str, Any]) -> None:
    actor, keys, holder = request.actor, request.registry.key_ring, context.holder
    set_address(request.db, keys, holder, postbox_of(holder), values["adres"], actor)
    number = values.get("spoednummer")
    if number:
        written = as_number(number) or number
        owner = urgent_number_of(holder)
        set_address(request.db, keys, holder, owner, written, actor, phone=True)
    elif "spoednummer" in values:
        remove_address(request.db, urgent_number_of(holder), actor)


@view_config(
    context=MunicipalityResource,
    name="berichten-code",
    request_method="POST",
    permission=Permission.MANAGE_MUNICIPALITY,
)
def code_view(context: Any, request: Any) -> Any:
    """Type a code back, or ask for a new one."""
    which = request.POST.get("welk", "")
    if which not in OWNERS:
        raise HTTPNotFound()
    owner: Owner = OWNERS[which](context.holder)
    row = find_address(request.db, owner)
    if row is None:
        raise HTTPNotFound()
    if "opnieuw" in request.POST:
        send_code(request.db, request.registry.key_ring, row, phone=which == "spoednummer")
        request.flash("Er is een nieuwe code onderweg.")
    else:
        typed = request.POST.get("code", "")[:40]
        keys, actor = request.registry.key_ring, request.actor
        problem = confirm_address(request.db, keys, row, typed, actor)
        if problem:
            request.flash(problem, "error")
        else:
            request.flash("Bevestigd. Berichten komen voortaan hier aan.")
    return HTTPSeeOther(request.resource_path(context, "berichten"))


# `…/rollen`: the second person confirms or refuses a proposed role.

PROPOSALS_PAGE: Final = "rollen"
PARTIES: Final = {
    Confirmer.COLLEAGUE: "een collega van de gemeente die meldingen leest",
    Confirmer.DESK: "het landelijk meldpunt",
}
TEMPLATE: Final = "stopintimidatie.municipalities.people:templates/proposals.jinja2"
CONFIRMED: Final = "Bevestigd. De uitnodiging gaat weg."
HALF: Final = "Bevestigd. De uitnodiging gaat weg als ook de tweede partij bevestigt."
WITHOUT_REASON: Final = (
    "U koos bevestigen, maar vulde in waarom u weigert. Kies weigeren, of maak dit veld leeg."
)
GONE: Final = "Over dit voorstel is al beslist, of het is ingetrokken."


@view_config(
    context=MunicipalityResource,
    name=PROPOSALS_PAGE,
    request_method=("GET", "POST"),
    permission=Permission.CONFIRM_ROLE,
    renderer=TEMPLATE,
)
def proposals_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the proposals that wait for a second person here."""
    return decide(request, context.holder, request.resource_path(context, PROPOSALS_PAGE))


def decide(request: Request, at: str, here: str) -> Any:
    """Show the proposals of a municipality or the desk, and handle the buttons of that page."""
    waiting = {str(offer.id): offer for offer in proposals_for(request.db, at)}
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
    left = pending_confirmers(request.db, offers)
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
    number = len(proposals_for(session, holder))
    if not number:
        return []
    waits = f"{plural(number, 'voorstel', 'voorstellen')} om over te beslissen"
    return [ListItem("Een collega een rol geven", f"{path}/{PROPOSALS_PAGE}", meta=[waits])]


# `…/gebruikers`: the admin invites and takes roles away.

P: Final = Permission.MANAGE_MUNICIPALITY
_TEMPLATES: Final = "stopintimidatie.municipalities.people:templates"
USERS_PAGE: Final = "gebruikers"
WAITS: Final = (
    "Het voorstel is gedaan. Een tweede persoon moet het bevestigen; pas daarna gaat de uitnodiging"
    " weg."
)
SENT: Final = "De uitnodiging is verstuurd. De rol telt zodra deze persoon haar aanneemt."
AGAIN: Final = (
    "De uitnodiging staat weer open. Er gaat hoogstens één mail per dag heen; ging er vandaag al"
    " een, dan geldt die."
)


def users_panel(context: Administration, request: Any) -> Panel | None:
    """Return the way to the people, on the page of the settings."""
    if context.holder == NATIONAL or not request.has_permission(P, context.__parent__):
        return None
    href = request.resource_path(context.__parent__, USERS_PAGE)
    return Panel("Gebruikers", f"{_TEMPLATES}/users_panel.jinja2", {"href": href})


@view_config(
    context=MunicipalityResource,
    name=USERS_PAGE,
    request_method="GET",
    permission=P,
    renderer=f"{_TEMPLATES}/users.jinja2",
)
def users_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show all users with a role here, their roles, and the people who are invited."""
    return {
        "people": workers_of(request.db, context.holder),
        "invited": invited_at(request.db, context.holder),
        "domains": domains_of(request.db, [context.holder])[context.holder],
        "me": request.identity.user_id,  # type: ignore[union-attr]
        "invite": request.resource_path(context, "gebruiker-uitnodigen"),
        "again": request.resource_path(context, "gebruiker-opnieuw"),
        "withdraw": request.resource_path(context, "gebruiker-intrekken"),
        "take": request.resource_path(context, "gebruiker-rol-weg"),
    }


@view_config(
    context=MunicipalityResource,
    name="gebruiker-uitnodigen",
    request_method=("GET", "POST"),
    permission=P,
    renderer=f"{_TEMPLATES}/users_invite.jinja2",
)
def invite_view(context: MunicipalityResource, request: Request) -> Any:
    """Propose a role for a colleague."""
    back = request.resource_path(context, USERS_PAGE)
    buttons = [Button("uitnodigen", "Uitnodigen")]
    form = Form(InviteSchema(), request, buttons=buttons, cancel_url=back)

    def on_valid(values: dict[str, Any]) -> Any:
        invite(request, context.holder, context.holder, values)
        return HTTPSeeOther(back)

    return handle_form(request, form, on_valid, {})


def invite(request: Request, code: str, at: str, values: dict[str, Any]) -> None:
    """Propose the role that was filled in, and show what happens next.

    :raises FormError: the role can't be proposed.
    """
    try:
        offer = proposals.propose(
            request.db,
            request.actor,
            code,
            at=at,
            username=values["adres"],
            name=values["naam"],
            role=Role(values["rol"]),
        )
    except AccountError as problem:
        raise FormError(str(problem), "adres") from None
    request.flash(WAITS if offer.state == OfferState.PROPOSED else SENT)


@view_config(
    context=MunicipalityResource, name="gebruiker-opnieuw", request_method="POST", permission=P
)
def again_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Send an invitation again that wasn't used."""
    change_offer(request, context.holder, context.holder, proposals.send_again, AGAIN)
    return HTTPSeeOther(request.resource_path(context, USERS_PAGE))


@view_config(
    context=MunicipalityResource, name="gebruiker-intrekken", request_method="POST", permission=P
)
def withdraw_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Withdraw a proposed or offered role."""
    words = "De uitnodiging is ingetrokken."
    change_offer(request, context.holder, context.holder, proposals.withdraw, words)
    return HTTPSeeOther(request.resource_path(context, USERS_PAGE))


def change_offer(
    request: Request, code: str, at: str, change: Callable[..., None], done: str
) -> None:
    """Change an offer of this municipality with a function, and show the result."""
    offer: RoleOffer | None = offer_at(request.db, code, posted_id(request))
    try:
        if offer is None:
            raise AccountError("Deze uitnodiging is er niet meer. Open de pagina opnieuw.")
        change(request.db, offer, request.actor, at)
        request.flash(done)
    except AccountError as problem:
        request.flash(str(problem), "error")


@view_config(
    context=MunicipalityResource, name="gebruiker-rol-weg", request_method="POST", permission=P
)
def take_role_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Take a role away from a colleague."""
    role = str(request.POST.get("rol", ""))[:20]
    actor = request.actor
    try:
        proposals.take_role(request.db, actor, context.holder, posted_id(request), role)
        request.flash("De rol is weggehaald.")
    except AccountError as problem:
        request.flash(str(problem), "error")
    return HTTPSeeOther(request.resource_path(context, USERS_PAGE))


def posted_id(request: Request) -> UUID:
    """Return the id in the form: the person or the offer that the button is about.

    :raises HTTPNotFound: it is no id.
    """
    try:
        return UUID(str(request.POST.get("wie", "")))
    except ValueError:
        raise HTTPNotFound() from None
