"""/uitnodiging: somebody who was invited sets a password. Looking at it uses nothing up."""

from __future__ import annotations

from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.accounts.forms import InvitationSchema
from stopintimidatie.accounts.invitations import accept, open_invitation
from stopintimidatie.accounts.offers import offers_to
from stopintimidatie.accounts.services import AccountError, hash_chosen
from stopintimidatie.accounts.views import sign_in_page
from stopintimidatie.storage import transaction
from stopintimidatie.tree import Root
from stopintimidatie.web.forms import BusyError, Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs
from stopintimidatie.web.waiting_room import is_turned_away

PAGE = "stopintimidatie.accounts:templates/invitation.jinja2"
SPENT = (
    "Deze link werkt niet meer. Hij is al gebruikt, ingetrokken of vervangen, of ouder"
    " dan een week. Vraag een nieuwe aan wie u uitnodigde."
)
DONE = "Uw wachtwoord is ingesteld. Meld u nu aan."
BUSY = (
    "Het is nu te druk om uw wachtwoord in te stellen. Er is niets opgeslagen en de link blijft"
    " werken. Wacht tien seconden, vul het wachtwoord twee keer in en probeer het opnieuw."
)


@view_config(
    context=Root,
    name="uitnodiging",
    request_method=("GET", "POST"),
    permission=NO_PERMISSION_REQUIRED,
    renderer=PAGE,
)
def invitation_view(request: Request) -> Any:
    """The form for a first password, or that the link works no more."""
    asked = request.POST if request.method == "POST" else dict(query_pairs(request))
    key = str(asked.get("sleutel", ""))[:200]
    keys = request.registry.key_ring
    # Not in the transaction of the request: hashing is slow and would hold its lock.
    with transaction(request.registry.engine, write=False) as session:
        found = open_invitation(session, keys, key)
        waiting = offers_to(session, found.user.username) if found else []
    form = Form(
        InvitationSchema(),
        request,
        buttons=[Button("instellen", "Wachtwoord instellen")],
        appstruct={"sleutel": key},
        action="/uitnodiging",
    )

    def on_valid(values: dict[str, Any]) -> Any:
        if found is None:
            raise FormError(SPENT)
        if values["wachtwoord"] != values["nog_eens"]:
            raise FormError("De twee wachtwoorden zijn niet gelijk.", "nog_eens")
        if is_turned_away(request):
            raise BusyError(BUSY)
        try:
            hashed = hash_chosen(values["wachtwoord"])
        except AccountError as problem:
            raise FormError(str(problem), "wachtwoord") from None
        if not accept(request.db, keys, key, hashed):
            raise FormError(SPENT)
        return sign_in_page(request, found.user.username, DONE)

    name = found.user.username if found else None
    offered = next((one for one in waiting if found and one.id == found.offer_id), None)
    page = {"name": name, "offered": offered, "spent": SPENT}
    return handle_form(request, form, on_valid, page)
