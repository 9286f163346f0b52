"""/landelijk/aansluitingen, and the page of one municipality: its checklist and its people."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.desk import onboarding
from stopintimidatie.desk.models import Onboarding
from stopintimidatie.desk.onboarding_forms import (
    COLUMNS,
    TrainedSchema,
    checklist_schema,
)
from stopintimidatie.desk.onboarding_rules import items
from stopintimidatie.desk.resources import Desk
from stopintimidatie.mail.addresses import clear_address, find_address
from stopintimidatie.municipalities.level_plans import plan_of, take_back_when_lacking
from stopintimidatie.municipalities.mail_domains import domains_of, is_outside
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.proposals import waiting_at
from stopintimidatie.municipalities.services import level_of
from stopintimidatie.municipalities.workers import invited_at
from stopintimidatie.public.joining import owner_of
from stopintimidatie.public.models import JoiningRequest
from stopintimidatie.register.called import listed
from stopintimidatie.register.models import Municipality
from stopintimidatie.register.queries import all_municipalities, municipality_by_slug
from stopintimidatie.security import Permission
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.filters import date_text
from stopintimidatie.web.forms import Button, Change, ConflictError, Form, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

LIST: Final = "stopintimidatie.desk:templates/onboardings.jinja2"
PAGE: Final = "stopintimidatie.desk:templates/onboarding.jinja2"
MOST_SHOWN: Final = 100


def address_of(municipality: Municipality) -> str:
    """The page of a municipality that is joining."""
    return f"/landelijk/aansluiting?gemeente={municipality.slug}"


def addresses_of(municipality: Municipality) -> dict[str, str]:
    """Return the addresses of the other pages and buttons for this municipality, by name."""
    names = ("uitnodigen", "opnieuw", "intrekken", "domeinen", "niveau", "plan-intrekken")
    return {name: f"/landelijk/aansluiting-{name}?gemeente={municipality.slug}" for name in names}


@view_config(
    context=Desk,
    name="aansluitingen",
    request_method="GET",
    permission=Permission.CONNECT,
    renderer=LIST,
)
def onboardings_view(context: Desk, request: Request) -> dict[str, Any]:
    """Who asked to join, and whose checklist was begun."""
    return {
        "asked": [_item(*row) for row in _requests(request.db)],
        "begun": _begun(request.db),
        "proposals": len(waiting_at(request.db, context.holder)),
        "municipalities": listed(all_municipalities(request.db)),
    }


def _requests(session: Session) -> list[tuple[JoiningRequest, Municipality]]:
    rows = session.execute(
        select(JoiningRequest, Municipality)
        .join(Municipality, Municipality.code == JoiningRequest.municipality_code)
        .order_by(JoiningRequest.asked_at.desc())
        .limit(MOST_SHOWN)
    )
    return [(asked, municipality) for asked, municipality in rows]


def _item(asked: JoiningRequest, municipality: Municipality) -> ListItem:
    state = "adres bevestigd" if asked.confirmed_at else "adres nog niet bevestigd"
    doubt = [] if asked.domain_fits else ["kijk na of het domein van de gemeente is"]
    return ListItem(
        title=municipality.name,
        href=address_of(municipality),
        meta=[asked.function, f"gevraagd op {date_text(asked.asked_at)}", state, *doubt],
    )


def _begun(session: Session) -> list[ListItem]:
    rows = session.execute(
        select(Onboarding, Municipality)
        .join(Municipality, Municipality.code == Onboarding.municipality_code)
        .order_by(Onboarding.started_at.desc())
        .limit(MOST_SHOWN)
    )
    return [
        ListItem(
            title=municipality.name,
            href=address_of(municipality),
            meta=[f"begonnen op {date_text(row.started_at)}"],
        )
        for row, municipality in rows
    ]


@view_config(
    context=Desk,
    name="aansluiting",
    request_method=("GET", "POST"),
    permission=Permission.CONNECT,
    renderer=PAGE,
)
def onboarding_view(context: Desk, request: Request) -> Any:
    """The checklist of a municipality: what is done, what is missing, and the form."""
    municipality = asked_municipality(request)
    row = onboarding.checklist_of(request.db, municipality.code)
    form = _checklist_form(request, municipality, row)

    def on_valid(values: dict[str, Any]) -> Any:
        _refuse_if_changed(row, values)
        noted = {column: values[name] for name, column in COLUMNS.items()}
        onboarding.save_checklist(request.db, municipality.code, noted, request.actor)
        request.flash("De lijst is opgeslagen.")
        check_plan(request, municipality)
        return HTTPSeeOther(location=address_of(municipality))

    return handle_form(request, form, on_valid, _page(request, municipality, row))


def check_plan(request: Request, municipality: Municipality) -> None:
    """A municipality never joins with a list that lacks something, also not by a plan."""
    rules, actor = request.registry.level_rules, request.actor
    lacking = take_back_when_lacking(request.db, rules, actor, municipality.code)
    if lacking:
        words = " ".join(lacking)
        request.flash(f"De geplande wijziging van het niveau is ingetrokken. {words}", "warning")


def _checklist_form(request: Request, municipality: Municipality, row: Onboarding | None) -> Form:
    return Form(
        checklist_schema(),
        request,
        buttons=[Button("opslaan", "Lijst opslaan")],
        action=address_of(municipality),
        appstruct=_opening(row),
    )


def asked_municipality(request: Request) -> Municipality:
    slug = dict(query_pairs(request)).get("gemeente", "")
    found = municipality_by_slug(request.db, slug)
    if found is None:
        raise HTTPNotFound()
    return found


def _opening(row: Onboarding | None) -> dict[str, Any]:
    if row is None:
        return {"versie": 0}
    return {"versie": row.version, **{name: getattr(row, col) for name, col in COLUMNS.items()}}


def _refuse_if_changed(row: Onboarding | None, values: dict[str, Any]) -> None:
    """:raises ConflictError: somebody else saved the list since this person saw it."""
    if row is None or row.version == values["versie"]:
        return
    shown = {node.name: node.title for node in checklist_schema().children}
    changes = [
        Change(shown[name], str(getattr(row, column) or ""), str(values[name] or ""))
        for name, column in COLUMNS.items()
        if getattr(row, column) != values[name]
    ]
    raise ConflictError("Iemand anders heeft deze lijst intussen opgeslagen.", changes)


def _page(request: Request, municipality: Municipality, row: Onboarding | None) -> dict[str, Any]:
    people = onboarding.colleagues_of(request.db, municipality.code)
    level = level_of(request.db, municipality.code)
    domains = domains_of(request.db, [municipality.code])[municipality.code]
    lines = items(row, people, domains)
    return {
        "municipality": municipality,
        "items": lines,
        "complete": all(item.done for item in lines),
        "level": level,
        "connected": level is ParticipationLevel.PROGRAMME,
        "people": people,
        "outside": {one.id for one in people if is_outside(one.username, domains)},
        "invited": invited_at(request.db, municipality.code),
        "domains": domains,
        "addresses": addresses_of(municipality),
        "trained": {person.id: _trained_form(request, municipality, person) for person in people},
        "requests": _addresses(request, municipality),
        "plan": plan_of(request.db, municipality.code),
    }


def _trained_form(request: Request, municipality: Municipality, person: Any) -> Form:
    return Form(
        TrainedSchema(),
        request,
        buttons=[Button("opslaan", "Opslaan", kind="secondary")],
        action=f"/landelijk/aansluiting-opgeleid?gemeente={municipality.slug}",
        formid=f"opgeleid-{person.id.hex[:8]}",
        appstruct={"wie": str(person.id), "opgeleid_op": person.trained_on},
    )


def _addresses(request: Request, municipality: Municipality) -> list[dict[str, Any]]:
    """Who asked for this municipality, with the address that was proven."""
    rows = request.db.scalars(
        select(JoiningRequest)
        .where(JoiningRequest.municipality_code == municipality.code)
        .order_by(JoiningRequest.asked_at.desc())
        .limit(5)
    )
    keys = request.registry.key_ring
    return [
        {
            "row": row,
            "address": clear_address(keys, find_address(request.db, owner_of(row.id))),
        }
        for row in rows
    ]


@view_config(
    context=Desk,
    name="aansluiting-opgeleid",
    request_method="POST",
    permission=Permission.CONNECT,
    renderer=PAGE,
)
def trained_view(context: Desk, request: Request) -> Any:
    """Note when somebody was trained; after a mistake the page of the municipality again."""
    municipality = asked_municipality(request)
    row = onboarding.checklist_of(request.db, municipality.code)
    page = _page(request, municipality, row)
    asked = str(request.POST.get("wie", ""))
    person = next((one for one in page["people"] if str(one.id) == asked), None)
    if person is None:
        raise HTTPNotFound()
    form = page["trained"][person.id]

    def on_valid(values: dict[str, Any]) -> Any:
        day = values["opgeleid_op"]
        onboarding.set_trained(request.db, request.actor, municipality.code, person.id, day)
        request.flash(f"Opgeslagen voor {person.name}.")
        check_plan(request, municipality)
        return HTTPSeeOther(location=address_of(municipality))

    answer = handle_form(request, form, on_valid, page)
    if isinstance(answer, dict):
        answer["form"] = _checklist_form(request, municipality, row)
    return answer
