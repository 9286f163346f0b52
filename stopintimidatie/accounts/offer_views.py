"""Page /uitnodigingen: the roles offered to the signed-in user, who accepts or declines each."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.accounts.offers import accept_offer, decline_offer, offer_to, offers_to
from stopintimidatie.security import Permission
from stopintimidatie.tree import Root

NAME: Final = "uitnodigingen"
CHOOSE: Final = "Er is niets besloten. Kies aannemen of niet aannemen."
GONE: Final = "Deze uitnodiging is er niet meer. Vraag wie u uitnodigde om een nieuwe."


@view_config(
    context=Root,
    name=NAME,
    request_method="GET",
    permission=Permission.SIGNED_IN,
    renderer="templates/offers.jinja2",
)
def offers_view(request: Any) -> dict[str, Any]:
    """Show the offered roles, with who offers each one and at which municipality."""
    return {"offers": offers_to(request.db, request.identity.username)}


@view_config(context=Root, name=NAME, request_method="POST", permission=Permission.SIGNED_IN)
def answer_view(request: Any) -> HTTPSeeOther:
    """Accept or decline one offered role."""
    identity = request.identity
    offer = offer_to(request.db, identity.username, _number(request))
    if offer is None:
        request.flash(GONE, "error")
    elif request.POST.get("keuze") == "aannemen":
        accept_offer(request.db, identity.actor, identity.user_id, offer)
        request.flash("U hebt de rol aangenomen. U kunt meteen aan het werk.")
    elif request.POST.get("keuze") != "weigeren":
        request.flash(CHOOSE, "error")
    else:
        decline_offer(request.db, identity.actor, offer)
        request.flash("U hebt de rol niet aangenomen. Wie u uitnodigde, krijgt geen bericht.")
    more = offers_to(request.db, identity.username)
    return HTTPSeeOther(location=f"/{NAME}" if more else "/")


def _number(request: Any) -> UUID | None:
    try:
        return UUID(str(request.POST.get("welke", "")))
    except ValueError:
        return None
