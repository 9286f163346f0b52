"""The page of a campaign's material, and the same for who has the link and no account."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, Final

from pyramid.authorization import DENY_ALL
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.limits import Meter, Turnstile
from stopintimidatie.core.security import Permission
from stopintimidatie.core.tree import Resource
from stopintimidatie.core.web.errors import ErrorPage, error_response
from stopintimidatie.core.web.request import Request, page_view, post_view, query_pairs, with_params
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.programme.kit import services
from stopintimidatie.programme.services import answer
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.reports.campaigns.services import campaign_with
from stopintimidatie.reports.public.pages import look_of

SHARED: Final = "campagnemateriaal"
PAGE, FILE, SHARE = SHARED, f"{SHARED}-bestand", f"{SHARED}-delen"
TEMPLATE: Final = "templates/kit.jinja2"
# Files that are drawn for a sender without an account, or for all whom a proxy hides; a ZIP is one.
DRAWN: Final = Meter("materiaal", 60, timedelta(minutes=15))
_BUSY: Final = ErrorPage(
    "Dit bestand is nu niet gemaakt",
    ("Er worden veel bestanden tegelijk gemaakt.", "Wacht een kwartier en probeer het nog eens."),
)


class SharedFolder(Resource):
    """/campagnemateriaal, which has no page of its own; no permission of the portal counts here."""

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        campaign = services.shared_campaign(self.__parent__.request.db, name)
        if campaign is None:
            raise KeyError(name)
        kit = SharedKit(name, self)
        kit.campaign = campaign
        return kit


class SharedKit(Resource):
    """/campagnemateriaal/GM0505…: the material of a campaign, as long as its link stands."""

    kind = SHARED
    campaign: Campaign

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


def _material(context: Any, request: Request) -> tuple[Campaign, services.Kit]:
    """Return the campaign of an address, and its material with the headline that was asked for.

    Raises:
        HTTPNotFound: there is no such campaign.
    """
    asked, campaign = dict(query_pairs(request)), getattr(context, "campaign", None)
    campaign = campaign or campaign_with(request.db, asked.get("code", ""))
    if campaign is None:
        raise HTTPNotFound()
    return campaign, services.kit_of(request, campaign, asked.get("kop", ""))


@page_view(SharedKit, "", NO_PERMISSION_REQUIRED, TEMPLATE)
@page_view(MunicipalityResource, PAGE, Permission.VIEW_MUNICIPALITY, TEMPLATE)
def kit_view(context: Any, request: Request) -> dict[str, Any]:
    """Show the pictures with their files, and to the admin the link that shares them."""
    campaign, kit = _material(context, request)
    query = with_params(request, bestand="").partition("?")[2]
    page = {
        "kit": kit,
        "text": services.TEXT,
        "endings": services.ENDINGS,
        "with_headline": partial(with_params, request),
        "files": f"{request.path}{'/' if context.kind == SHARED else '-'}bestand?{query}",
        "shares": request.has_permission(Permission.EDIT_SETTINGS, context),
        "campaign": campaign,
    }
    if context.kind == SHARED:
        page["branding"] = look_of(kit.town, published_for(request.db, kit.town.code))
    return page


@page_view(SharedKit, "bestand", NO_PERMISSION_REQUIRED, "string")
@page_view(MunicipalityResource, FILE, Permission.VIEW_MUNICIPALITY, "string")
def file_view(context: Any, request: Request) -> Response:
    """Answer with a file; for strangers no more of those that take work than the limit."""
    name, (_, kit) = dict(query_pairs(request)).get("bestand", ""), _material(context, request)
    if name not in services.FILES:
        raise HTTPNotFound()
    if context.kind == SHARED and not name.endswith((".svg", ".docx")):
        gate = Turnstile(request.registry.senders, request.environ, DRAWN, DRAWN)
        if gate.closed():
            return error_response(request, 429, _BUSY)
        gate.guessed()
    return answer(request, f"{kit.name}-{name}", lambda: services.file_from(request, kit, name))


@post_view(MunicipalityResource, SHARE, Permission.EDIT_SETTINGS)
def share_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Make a link that needs no account, or end the one there is."""
    campaign, on = campaign_with(request.db, request.POST.get("code", "")), "delen" in request.POST
    if campaign is None:
        raise HTTPNotFound()
    services.share(request.db, campaign, request.actor, on=on)
    request.flash("De link staat klaar." if on else "De link werkt niet meer.")
    return HTTPSeeOther(request.resource_path(context, PAGE, query={"code": campaign.code}))
