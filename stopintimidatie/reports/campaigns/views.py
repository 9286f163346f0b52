"""The campaigns of a municipality: the list, the form, and taking one away."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Schema, ask_values, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.web.register import read_rows
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view, query_pairs
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.campaigns import services
from stopintimidatie.reports.campaigns.models import Campaign, Channel
from stopintimidatie.reports.campaigns.rules import in_fives, problem_with
from stopintimidatie.reports.rules import find_personal_data
from stopintimidatie.reports.words import listed

LIST: Final = "campagnes"
ABOUT_CODE: Final = (
    "Staat in het adres op de poster. Kleine letters, cijfers en streepjes; geen gebouw en geen"
    " adres. Na de eerste melding staat de code vast."
)


def no_person(node: Any, text: str) -> None:
    """Refuse a text with a number, an address or a plate of a person."""
    if find_personal_data(text):
        raise colander.Invalid(node, "Noem geen mensen, nummers, adressen of kentekens.")


def fitting(node: Any, code: str) -> None:
    """Refuse a code that can't be that of a campaign."""
    if problem := problem_with(code.lower()):
        raise colander.Invalid(node, problem)


class CampaignSchema(Schema):
    """The form of a campaign."""

    naam = field(forms.Text(80), "Naam", validator=no_person)
    code = field(forms.Text(20), "Code", description=ABOUT_CODE, validator=fitting)
    van = field(forms.Date(), "Eerste dag")
    tot = field(forms.Date(), "Laatste dag", description="Leeg: loopt door.", missing=None)
    kanalen = field(forms.ManyOf(Channel.choices()), "Waar is zij te zien?", missing=())
    tekst = field(forms.Text(2000, lines=True), "Uitleg", validator=no_person, missing=None)


def read(values: dict[str, Any]) -> dict[str, Any]:
    """Return what was filled in, by column."""
    days = {"since": values["van"], "until": values["tot"]}
    words = {"name": values["naam"], "code": values["code"].lower(), "about": values["tekst"]}
    return {**days, **words, "channels": list(values["kanalen"])}


@page_view(MunicipalityResource, LIST, Permission.VIEW_MUNICIPALITY, "templates/campaigns.jinja2")
def list_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Show the campaigns, each with the number of its reports in fives."""
    campaigns = read_rows(request, services.LATEST)
    return {
        "campaigns": campaigns,
        "numbers": services.count_reports(request.db, [row.code for row in campaigns.rows]),
        "in_fives": in_fives,
        "channels": partial(listed, Channel),
        "address": f"{request.application_url}/melden/{context.__name__}?c=",
        "edits": request.has_permission(Permission.EDIT_SETTINGS, context),
        "compares": request.has_permission(Permission.VIEW_REPORT, context),
    }


@form_view(MunicipalityResource, "campagne", Permission.EDIT_SETTINGS)
def change_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the form of a new campaign, or of an existing one (`?code=…`), and save it."""
    code = dict(query_pairs(request)).get("code")
    known = services.campaign_with(request.db, code) if code else None
    if code and known is None:
        raise HTTPNotFound()

    def act(values: dict[str, Any]) -> None:
        campaign = known or Campaign(holder=context.holder)
        services.save_campaign(request.db, campaign, read(values), request.actor)
        request.flash("De campagne is opgeslagen.")

    given: Any = colander.null
    if known:
        given = {"naam": known.name, "code": known.code, "van": known.since, "tot": known.until}
        given |= {"kanalen": known.channels, "tekst": known.about}
    page = {"heading": f"Campagne {known.name}" if known else "Nieuwe campagne"}
    button, back = Button("opslaan", "Campagne opslaan"), request.resource_path(context, LIST)
    return ask_values(request, CampaignSchema(), button, act, back, page, given=given)


@post_view(MunicipalityResource, "campagne-weg", Permission.EDIT_SETTINGS)
def remove_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """Remove a campaign that no report came from."""
    campaign = services.campaign_with(request.db, request.POST.get("code", "")[:40])
    if campaign is None:
        raise HTTPNotFound()
    if services.remove_campaign(request.db, campaign, request.actor):
        request.flash(f"De campagne ‘{campaign.name}’ is weg.")
    else:
        request.flash("Er zijn meldingen met deze code. Vul een laatste dag in.", "warning")
    return HTTPSeeOther(request.resource_path(context, LIST))
