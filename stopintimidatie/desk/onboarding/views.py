"""/landelijk/aansluitingen, and the page of one municipality: checklist, people and level."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import (
    Button,
    Change,
    ConflictError,
    Form,
    FormError,
    Schema,
    field,
    handle_form,
)
from stopintimidatie.core.mail.addresses import clear_address, find_address
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import date_text, datetime_long
from stopintimidatie.core.web.components import ListItem
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.desk.models import JoiningRequest, Onboarding
from stopintimidatie.desk.onboarding.rules import items
from stopintimidatie.desk.onboarding.services import (
    checklist_of,
    colleagues_of,
    save_checklist,
    set_trained,
)
from stopintimidatie.desk.onboarding.signup import owner_of_request
from stopintimidatie.desk.resources import Desk, address_of
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import (
    all_municipalities,
    municipalities_by_name,
    municipality_by_slug,
)
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import (
    LevelRefusedError,
    level_of,
    plan_level,
    plan_of,
    take_back_plan,
    take_back_when_lacking,
)
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.municipalities.people.services import (
    domains_of,
    invited_at,
    is_outside,
    proposals_for,
)

LIST: Final = "stopintimidatie.desk.onboarding:templates/onboardings.jinja2"
PAGE: Final = "stopintimidatie.desk.onboarding:templates/onboarding.jinja2"
MOST_SHOWN: Final = 100
# Name on the form -> column of the checklist.
COLUMNS: Final = {
    "afspraak_op": "agreement_on",
    "afspraak_met": "agreement_with",
    "grondslag": "legal_basis",
    "dpia_op": "dpia_on",
    "fg": "data_protection_officer",
    "teksten_op": "texts_on",
    "logo_op": "logo_on",
    "opleiding_op": "training_on",
}


def _day(title: str, name: str) -> Any:
    return field(forms.Date(), title, name=name, missing=None, validator=forms.in_past)


def checklist_schema() -> Any:
    """Return the form of what the desk notes by hand; what is empty is still to be done."""
    schema = Schema()
    for node in (
        _day("Afspraak gemaakt op", "afspraak_op"),
        field(
            forms.Text(200),
            "Afgesproken met",
            name="afspraak_met",
            missing=None,
            description="De functie bij de gemeente, en wie daar toestemming gaf.",
        ),
        field(forms.OneOf(LegalBasis.choices()), "Grondslag", name="grondslag", missing=None),
        _day("Datum van de DPIA", "dpia_op"),
        field(
            forms.Text(200),
            "Functionaris gegevensbescherming (FG)",
            name="fg",
            missing=None,
        ),
        _day("Antwoordteksten nagekeken op", "teksten_op"),
        _day("Logo en kleur nagekeken op", "logo_op"),
        _day("Opleiding gegeven op", "opleiding_op"),
        field(forms.Integer(0), "Versie", name="versie", missing=0, widget=forms.Hidden()),
    ):
        schema.add(node)
    return schema


class TrainedSchema(Schema):
    """On which day somebody was trained; empty: not yet."""

    wie = field(forms.Text(36), "Wie", widget=forms.Hidden())
    opgeleid_op = field(
        forms.Date(),
        "Opgeleid op",
        missing=None,
        validator=forms.in_past,
    )


def level_schema(present: ParticipationLevel) -> Any:
    """Return the form of another level than the present one, and from which moment on."""
    schema = Schema()
    others = [(level.value, level.label) for level in ParticipationLevel if level != present]
    schema.add(
        field(
            forms.OneOf(others, radio=True),
            "Nieuw niveau",
            name="niveau",
            description="Programma kan pas als de lijst klaar is. Doorgifte en zonder afspraak"
            " volgen anders vanzelf uit de doorgifteafspraak.",
        )
    )
    schema.add(
        field(
            forms.Moment(),
            "Geldt vanaf",
            name="vanaf",
            missing=None,
            description="Laat leeg als het meteen mag gelden.",
        )
    )
    schema.add(
        field(
            forms.Text(200),
            "Reden",
            name="reden",
            missing=None,
            description="Voor het logboek, zonder namen van mensen.",
        )
    )
    return schema


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
    """Show who asked to join, and whose checklist was begun."""
    return {
        "asked": [_item(*row) for row in _requests(request.db)],
        "begun": _begun(request.db),
        "proposals": len(proposals_for(request.db, context.holder)),
        "municipalities": municipalities_by_name(all_municipalities(request.db)),
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
    """Show the checklist of a municipality: what is done, what is missing, and the form."""
    municipality = asked_municipality(request)
    row = checklist_of(request.db, municipality.code)
    form = _checklist_form(request, municipality, row)

    def on_valid(values: dict[str, Any]) -> Any:
        _refuse_if_changed(row, values)
        noted = {column: values[name] for name, column in COLUMNS.items()}
        save_checklist(request.db, municipality.code, noted, request.actor)
        request.flash("De lijst is opgeslagen.")
        check_plan(request, municipality)
        return HTTPSeeOther(location=address_of(municipality))

    return handle_form(request, form, on_valid, _page(request, municipality, row))


def check_plan(request: Request, municipality: Municipality) -> None:
    """Drop a plan to join while the list lacks something."""
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
    """Refuse when somebody else saved the list since this person saw it.

    :raises ConflictError: somebody did.
    """
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
    people = colleagues_of(request.db, municipality.code)
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
        "outside": {
            colleague.id for colleague in people if is_outside(colleague.username, domains)
        },
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
    """Return who asked for this municipality, with the address that was proven."""
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
            "address": clear_address(keys, find_address(request.db, owner_of_request(row.id))),
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
    row = checklist_of(request.db, municipality.code)
    page = _page(request, municipality, row)
    asked = str(request.POST.get("wie", ""))
    person = next((colleague for colleague in page["people"] if str(colleague.id) == asked), None)
    if person is None:
        raise HTTPNotFound()
    form = page["trained"][person.id]

    def on_valid(values: dict[str, Any]) -> Any:
        day = values["opgeleid_op"]
        set_trained(request.db, request.actor, municipality.code, person.id, day)
        request.flash(f"Opgeslagen voor {person.name}.")
        check_plan(request, municipality)
        return HTTPSeeOther(location=address_of(municipality))

    answer = handle_form(request, form, on_valid, page)
    if isinstance(answer, dict):
        answer["form"] = _checklist_form(request, municipality, row)
    return answer


# The level, at once or from a moment on

LEVEL_PAGE: Final = "stopintimidatie.desk.onboarding:templates/level.jinja2"


@view_config(
    context=Desk,
    name="aansluiting-niveau",
    request_method=("GET", "POST"),
    permission=Permission.CONNECT,
    renderer=LEVEL_PAGE,
)
def level_view(context: Desk, request: Request) -> Any:
    """Choose another level, and from when on it counts."""
    municipality = asked_municipality(request)
    level = level_of(request.db, municipality.code)
    form = Form(
        level_schema(level),
        request,
        buttons=[Button("opslaan", "Niveau wijzigen")],
        action=request.path_qs,
        cancel_url=address_of(municipality),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        return _changed(request, municipality, values)

    page = {"municipality": municipality, "level": level}
    return handle_form(request, form, on_valid, page)


def _changed(request: Request, municipality: Municipality, values: dict[str, Any]) -> Any:
    after, begins = ParticipationLevel(values["niveau"]), values["vanaf"]
    rules, actor, code = request.registry.level_rules, request.actor, municipality.code
    try:
        plan_level(request.db, rules, actor, code, after, begins, reason=values["reden"])
    except LevelRefusedError as refused:
        raise FormError(f"Dit kan nog niet. {' '.join(refused.missing)}", "niveau") from None
    if begins is not None and begins > utc_now():
        moment = datetime_long(begins)
        request.flash(f"Gepland: {municipality.name} is {after.label} vanaf {moment}.")
    elif after is ParticipationLevel.PROGRAMME:
        words = "Wat voor haar klaarstond, gaat nu naar haar postvak."
        request.flash(f"{municipality.name} is aangesloten. {words}")
    else:
        request.flash(f"{municipality.name} is nu {after.label}.")
    return HTTPSeeOther(location=address_of(municipality))


@view_config(
    context=Desk,
    name="aansluiting-plan-intrekken",
    request_method="POST",
    permission=Permission.CONNECT,
)
def take_back_view(context: Desk, request: Request) -> HTTPSeeOther:
    """Take back what was planned."""
    municipality = asked_municipality(request)
    rules, actor = request.registry.level_rules, request.actor
    if take_back_plan(request.db, rules, actor, municipality.code) is None:
        request.flash("Er is niets gepland, of het is al ingegaan.", "warning")
    else:
        request.flash("De geplande wijziging is ingetrokken.")
    return HTTPSeeOther(location=address_of(municipality))
