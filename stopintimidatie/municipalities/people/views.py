"""Pages `…/berichten`, `…/rollen` and `…/gebruikers`: mailbox, proposed roles, and users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select

from stopintimidatie.core.accounts.models import IdentityProvider, OfferState, RoleOffer
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.forms import Button, Form, FormError, ask_values, handle_form
from stopintimidatie.core.mail.addresses import (
    Owner,
    clear_address,
    confirm_address,
    find_address,
    remove_address,
    send_code,
    set_address,
)
from stopintimidatie.core.second import ANSWERED
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.text import uuid_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityResource,
    settings_link,
)
from stopintimidatie.municipalities.people import proposals, services
from stopintimidatie.municipalities.people.forms import (
    REFUSE,
    DecisionSchema,
    invite_schema,
    postbox_schema,
)
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.parties import pending, proposals_for
from stopintimidatie.municipalities.people.queries import count_due
from stopintimidatie.municipalities.people.roster import (
    LIST,
    ONE,
    PERSON_PAGE,
    REVIEW,
    REVIEW_PAGE,
    USERS_PAGE,
    Roster,
    change_confirmed,
    handle_person,
    handle_review,
    known_invitee,
    list_page,
)

_TEMPLATES: Final = "stopintimidatie.municipalities.people:templates"
PAGE: Final = f"{_TEMPLATES}/postbox.jinja2"
OWNERS: Final = {"adres": services.postbox_of, "spoednummer": services.urgent_number_of}
# The pages of who manages the municipality
managed_page = partial(
    view_config, context=MunicipalityResource, permission=Permission.MANAGE_MUNICIPALITY
)


@managed_page(name="berichten", request_method=("GET", "POST"), renderer=PAGE)
def postbox_view(context: Any, request: Any) -> Any:
    """Show the mailbox and the urgent number, whether they are confirmed, and the form for them."""
    keys, texting = request.registry.key_ring, request.registry.texter.on
    rows = {name: find_address(request.db, owner(context.holder)) for name, owner in OWNERS.items()}
    form = Form(
        postbox_schema(texting=texting),
        request,
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
    set_address(request.db, keys, holder, services.postbox_of(holder), values["adres"], actor)
    number = values.get("spoednummer")
    if number:
        owner = services.urgent_number_of(holder)
        set_address(request.db, keys, holder, owner, number, actor, phone=True)
    elif "spoednummer" in values:
        remove_address(request.db, services.urgent_number_of(holder), actor)


@managed_page(name="berichten-code", request_method="POST")
def code_view(context: Any, request: Any) -> Any:
    """Take the code that was sent to the mailbox or the number, or send a new one."""
    kind = request.POST.get("welk", "")
    owner = OWNERS[kind](context.holder) if kind in OWNERS else None
    confirmed = "Bevestigd. Berichten komen voortaan hier aan."
    take_code(request, owner, confirmed, phone=kind == "spoednummer")
    return HTTPSeeOther(request.resource_path(context, "berichten"))


def take_code(request: Any, owner: Owner | None, confirmed: str, *, phone: bool = False) -> bool:
    """Take the code that was sent to the address of an owner, or send a new one when asked.

    Flashes what was done; after the right code the words `confirmed`. Tells whether it was right.

    Raises:
        HTTPNotFound: there is no such address.
    """
    row = find_address(request.db, owner) if owner else None
    if row is None:
        raise HTTPNotFound()
    keys = request.registry.key_ring
    if "opnieuw" in request.POST:
        send_code(request.db, keys, row, phone=phone)
        request.flash("Er is een nieuwe code onderweg.")
        return False
    typed = request.POST.get("code", "")[:40]
    problem = confirm_address(request.db, keys, row, typed, request.actor)
    request.flash(problem or confirmed, "error" if problem else "ok")
    return problem is None


# `…/rollen`: the second person confirms or refuses who may come in.

PROPOSALS_PAGE: Final = "rollen"
TEMPLATE: Final = f"{_TEMPLATES}/proposals.jinja2"
CONFIRMED: Final = "Bevestigd. De uitnodiging gaat weg."
GROUP_CONFIRMED: Final = (
    "Bevestigd. Wie in deze groep zit, krijgt de rol bij de volgende aanmelding via de gemeente."
)
PROVIDER_CONFIRMED: Final = "Bevestigd. Collega's kunnen zich nu via de gemeente aanmelden."
HALF: Final = "Bevestigd. De uitnodiging gaat weg als ook de tweede partij bevestigt."
WITHOUT_REASON: Final = (
    "U koos bevestigen, maar vulde in waarom u weigert. Kies weigeren, of maak dit veld leeg."
)
answered_page = partial(
    form_view,
    name=PROPOSALS_PAGE,
    renderer=TEMPLATE,
    guards=(change_confirmed,),
)


@answered_page(MunicipalityResource, permission=Permission.CONFIRM_ROLE)
def proposals_view(context: MunicipalityResource, request: Request) -> Any:
    """Show what waits for a second person here, and take their decision."""
    return decide(request, context.holder, request.resource_path(context, PROPOSALS_PAGE))


def decide(request: Request, at: str, here: str) -> Any:
    """Show the proposals that the holder `at` must confirm, and handle a posted decision."""
    cards = proposals_for(request.db, at, request.identity)
    forms = {str(card.row.id): _form(request, str(card.row.id), here) for card in cards}
    codes = {card.row.holder for card in cards}
    named = select(Municipality.code, Municipality.name).where(Municipality.code.in_(codes))
    page = {"cards": cards, "forms": forms, "names": dict(request.db.execute(named).all())}
    if request.method != "POST":
        return page
    chosen = str(request.POST.get("voorstel", ""))
    if chosen not in forms:
        request.flash(ANSWERED, "error")
        return HTTPSeeOther(here)

    def on_valid(values: dict[str, Any]) -> Any:
        row = next(card.row for card in cards if str(card.row.id) == chosen)
        if values["besluit"] == REFUSE:
            proposals.refuse(request.db, row, request.actor, at, values["reden"])
            request.flash("Geweigerd. Wie het voorstelde, leest waarom.")
        elif values["reden"]:
            raise FormError(WITHOUT_REASON, "reden")
        else:
            proposals.confirm(request.db, row, request.actor, at)
            of_group = GROUP_CONFIRMED if isinstance(row, GroupRole) else CONFIRMED
            done = PROVIDER_CONFIRMED if isinstance(row, IdentityProvider) else of_group
            request.flash(HALF if row.waits else done)
        return HTTPSeeOther(here)

    return handle_form(request, forms[chosen], on_valid, page)


def _form(request: Request, number: str, here: str) -> Form:
    return Form(
        DecisionSchema(),
        request,
        buttons=[Button("vastleggen", "Besluit vastleggen")],
        action=here,
        formid=f"voorstel-{number[:8]}",
        appstruct={"voorstel": number},
    )


# `…/gebruikers`: the admin invites, and changes who may come in.

INVITE_PAGE: Final = "gebruiker-uitnodigen"
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
    """Return the link to the users, with how many of them the admin must review."""
    template = f"{_TEMPLATES}/link_users.jinja2"
    link = settings_link(USERS_PAGE, "Gebruikers", Permission.MANAGE_MUNICIPALITY, template)
    panel = link(context, request)
    if panel is None:
        return None
    due = count_due(request.db, context.holder, request.identity.user_id)
    return replace(panel, values={**panel.values, "due": due})


def _roster(context: MunicipalityResource, request: Request) -> Roster:
    """Return the people of a municipality as its admin sees them."""
    path = request.resource_path(context).rstrip("/")
    invite = request.resource_path(context, INVITE_PAGE)
    return Roster(context.holder, context.holder, context.title, path, invite=invite)


@managed_page(name=USERS_PAGE, request_method="GET", renderer=LIST)
def users_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show all users with a role here, their roles, and the people who are invited."""
    return {
        **list_page(request, _roster(context, request)),
        "invited": pending(request.db, RoleOffer, RoleOffer.holder == context.holder)[::-1],
        "domains": services.domains_of(request.db, [context.holder])[context.holder],
        "again": request.resource_path(context, "gebruiker-opnieuw"),
        "withdraw": request.resource_path(context, "gebruiker-intrekken"),
    }


@managed_page(
    name=PERSON_PAGE, request_method=("GET", "POST"), renderer=ONE, guards=(change_confirmed,)
)
def user_view(context: MunicipalityResource, request: Request) -> Any:
    """Show one person who works here, and change their access."""
    return handle_person(request, _roster(context, request))


@managed_page(
    name=REVIEW_PAGE, request_method=("GET", "POST"), renderer=REVIEW, guards=(change_confirmed,)
)
def review_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the question whether the roles of each person are still right, and save the answers."""
    return handle_review(request, _roster(context, request))


@managed_page(
    name=INVITE_PAGE,
    request_method=("GET", "POST"),
    renderer=f"{_TEMPLATES}/users_invite.jinja2",
    guards=(change_confirmed,),
)
def invite_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form to propose a role for a colleague, and save the proposal."""
    back = request.resource_path(context, USERS_PAGE)
    return handle_invite(request, context.holder, context.holder, back, {})


def handle_invite(request: Request, code: str, at: str, back: str, page: dict[str, Any]) -> Any:
    """Show the form to propose a role at a holder, and save the proposal; the desk uses it too."""
    schema, button = invite_schema(request, code), Button("uitnodigen", "Uitnodigen")
    act, given = partial(invite, request, code, at), known_invitee(request, code)
    here = request.path_qs
    return ask_values(request, schema, button, act, back, page, given=given, action=here)


def invite(request: Request, code: str, at: str, values: dict[str, Any]) -> None:
    """Propose the role that was filled in; flash what happens next.

    Raises:
        FormError: the role can't be proposed.
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
            until=values["tot_en_met"],
            mandate=values["mandaat"],
        )
    except AccountError as problem:
        raise FormError(str(problem), "adres") from None
    request.flash(WAITS if offer.state == OfferState.PROPOSED else SENT)


@managed_page(name="gebruiker-opnieuw", request_method="POST", guards=(change_confirmed,))
def again_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Send an invitation again that wasn't used."""
    change_offer(request, context.holder, context.holder, proposals.send_again, AGAIN)
    return HTTPSeeOther(request.resource_path(context, USERS_PAGE))


@managed_page(name="gebruiker-intrekken", request_method="POST", guards=(change_confirmed,))
def withdraw_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Withdraw a proposed or offered role."""
    words = "De uitnodiging is ingetrokken."
    change_offer(request, context.holder, context.holder, proposals.withdraw, words)
    return HTTPSeeOther(request.resource_path(context, USERS_PAGE))


def change_offer(
    request: Request, code: str, at: str, change: Callable[..., None], done: str
) -> None:
    """Apply a change to the posted offer of a municipality; flash `done`, or why it can't be."""
    offer = services.offer_at(request.db, code, posted_id(request))
    try:
        if offer is None:
            raise AccountError("Deze uitnodiging is er niet meer. Open de pagina opnieuw.")
        change(request.db, offer, request.actor, at)
        request.flash(done)
    except AccountError as problem:
        request.flash(str(problem), "error")


def posted_id(request: Request) -> UUID:
    """Return the posted id of the offer that a button is about.

    Raises:
        HTTPNotFound: it is no id.
    """
    number = uuid_of(str(request.POST.get("wie", "")))
    if number is None:
        raise HTTPNotFound()
    return number
