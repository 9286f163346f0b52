"""Pages of the desk about municipalities that join: the list, the checklist and the level."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.models import RoleOffer
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import (
    Button,
    Change,
    ConflictError,
    Form,
    FormError,
    Schema,
    ask_values,
    field,
    handle_form,
)
from stopintimidatie.core.mail.addresses import clear_address, find_address
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import datetime_long
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view, query_pairs
from stopintimidatie.desk.models import JoiningRequest, Onboarding
from stopintimidatie.desk.onboarding.services import (
    KIND,
    checklist_of,
    colleagues_of,
    items,
    save_checklist,
    set_trained,
)
from stopintimidatie.desk.onboarding.signup import KIND as JOINING
from stopintimidatie.desk.onboarding.signup import owner_of_request
from stopintimidatie.desk.resources import Desk, address_of
from stopintimidatie.municipalities.accountability.rules import FEWEST, lacking, lacking_words
from stopintimidatie.municipalities.accountability.services import (
    gate_of,
    is_real,
    refused_words,
)
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import (
    all_municipalities,
    municipalities_by_name,
    municipality_by_code,
    municipality_by_slug,
)
from stopintimidatie.municipalities.levels import services as levels
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import LevelRefusedError
from stopintimidatie.municipalities.partners.vocabulary import offered_bases
from stopintimidatie.municipalities.people.parties import pending
from stopintimidatie.municipalities.people.services import domains_of, is_outside
from stopintimidatie.municipalities.sso.services import find_provider

PAGE: Final = "templates/onboarding.jinja2"
MOST_SHOWN: Final = 100
# Name on the form -> column of the checklist.
COLUMNS: Final = {
    "afspraak_op": "agreement_on",
    "afspraak_met": "agreement_with",
    "grondslag": "legal_basis",
    "teksten_op": "texts_on",
    "logo_op": "logo_on",
    "opleiding_op": "training_on",
}


def _day(title: str) -> Any:
    return field(forms.Date(), title, missing=None, validator=forms.in_past)


class ChecklistSchema(Schema):
    """The form of what the desk notes by hand; an empty answer is still to be done."""

    afspraak_op = _day("Afspraak gemaakt op")
    afspraak_met = field(
        forms.Text(200),
        "Afgesproken met",
        missing=None,
        description="De functie bij de gemeente, en wie daar toestemming gaf.",
    )
    grondslag = field(forms.OneOf(offered_bases()), "Grondslag", missing=None)
    teksten_op = _day("Antwoordteksten nagekeken op")
    logo_op = _day("Logo en kleur nagekeken op")
    opleiding_op = _day("Opleiding gegeven op")
    versie = field(forms.Integer(0), "Versie", missing=0, widget=forms.Hidden())


class TrainedSchema(Schema):
    """The form of the day on which somebody was trained; empty: not yet."""

    wie = field(forms.Text(36), "Wie", widget=forms.Hidden())
    opgeleid_op = _day("Opgeleid op")


def level_schema(present: ParticipationLevel) -> Any:
    """Return the form of another level than the present one, and from which moment on."""
    others = [(level.value, level.label) for level in ParticipationLevel if level != present]
    return Schema(
        field(
            forms.OneOf(others, radio=True),
            "Nieuw niveau",
            name="niveau",
            description="Programma kan pas als de lijst klaar is. Doorgifte en zonder afspraak"
            " volgen anders vanzelf uit de doorgifteafspraak.",
        ),
        field(
            forms.Moment(),
            "Geldt vanaf",
            name="vanaf",
            missing=None,
            description="Laat leeg als het meteen mag gelden.",
        ),
        field(
            forms.Text(200),
            "Reden",
            name="reden",
            missing=None,
            description="Voor het logboek, zonder namen van mensen.",
        ),
    )


@page_view(Desk, "aansluitingen", Permission.CONNECT, "templates/onboardings.jinja2")
def onboardings_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show the requests to join, and the checklists that were begun."""
    return {
        "asked": _newest(request.db, JoiningRequest, JoiningRequest.asked_at),
        "begun": _newest(request.db, Onboarding, Onboarding.started_at),
        "municipalities": municipalities_by_name(all_municipalities(request.db)),
    }


def _newest(session: Session, table: Any, moment: Any) -> Sequence[Any]:
    """Return the newest rows of a table, each with its municipality."""
    return session.execute(
        select(table, Municipality)
        .join(Municipality, Municipality.code == table.municipality_code)
        .order_by(moment.desc())
        .limit(MOST_SHOWN)
    ).all()


@form_view(Desk, "aansluiting", Permission.CONNECT, PAGE)
def onboarding_view(context: Desk, request: Request) -> Any:
    """Show the page of a municipality that joins, and save the form of its checklist."""
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

    def page() -> dict[str, Any]:
        return _noted(request, row, _page(request, municipality, row))

    return handle_form(request, form, on_valid, page)


def _noted(request: Request, row: Onboarding | None, page: dict[str, Any]) -> dict[str, Any]:
    """Note that the names on this page are read, now that it is shown; return it."""
    task = "aansluiting bekijken"
    note_read(request, NATIONAL, KIND, [row.id] if row else [], task=task)
    note_read(request, NATIONAL, JOINING, [asked.id for asked, _ in page["requests"]], task=task)
    return page


def check_plan(request: Request, municipality: Municipality) -> None:
    """Take back the plan of a municipality when its checklist lacks something."""
    rules, actor = request.registry.level_rules, request.actor
    lacking = levels.take_back_when_lacking(request.db, rules, actor, municipality.code)
    if lacking:
        words = " ".join(lacking)
        request.flash(f"De geplande wijziging van het niveau is ingetrokken. {words}", "warning")


def _checklist_form(request: Request, municipality: Municipality, row: Onboarding | None) -> Form:
    values = {name: getattr(row, column) for name, column in COLUMNS.items()} if row else {}
    return Form(
        ChecklistSchema(),
        request,
        buttons=[Button("opslaan", "Lijst opslaan")],
        action=address_of(municipality),
        appstruct={"versie": row.version if row else 0, **values},
    )


def asked_municipality(request: Request) -> Municipality:
    """Return the municipality in the address (`?gemeente=…`).

    Raises:
        HTTPNotFound: there is none.
    """
    slug = dict(query_pairs(request)).get("gemeente", "")
    municipality = municipality_by_slug(request.db, slug)
    if municipality is None:
        raise HTTPNotFound()
    return municipality


def _refuse_if_changed(row: Onboarding | None, values: dict[str, Any]) -> None:
    """Check that nobody else saved the checklist since this person saw it.

    Raises:
        ConflictError: somebody did; it holds the changes.
    """
    if row is None or row.version == values["versie"]:
        return
    shown = {node.name: node.title for node in ChecklistSchema().children}
    changes = [
        Change(shown[name], str(getattr(row, column) or ""), str(values[name] or ""))
        for name, column in COLUMNS.items()
        if getattr(row, column) != values[name]
    ]
    raise ConflictError("Iemand anders heeft deze lijst intussen opgeslagen.", changes)


def _page(request: Request, municipality: Municipality, row: Onboarding | None) -> dict[str, Any]:
    """Return the values of the page of a municipality that joins."""
    people = colleagues_of(request.db, municipality.code)
    profile = levels.profile_of(request.db, municipality.code)
    level = ParticipationLevel(profile.agreed_level)
    domains = domains_of(request.db, [municipality.code])[municipality.code]
    lines, gate = items(row, people, domains), gate_of(request.db, municipality.code)
    keeps_out = is_real(request.app_settings.demo, municipality.code)
    return {
        "municipality": municipality,
        "items": lines,
        "gate": gate,
        "fewest": FEWEST,
        "keeps_out": keeps_out,
        "refused": lacking_words(lacking(gate)) if profile.is_refused else None,
        "complete": all(item.done for item in lines) and not (keeps_out and lacking(gate)),
        "level": level,
        "connected": level is ParticipationLevel.PROGRAMME,
        "people": people,
        "outside": {
            colleague.id for colleague in people if is_outside(colleague.username, domains)
        },
        "invited": pending(request.db, RoleOffer, RoleOffer.holder == municipality.code)[::-1],
        "domains": domains,
        "trained": {person.id: _trained_form(request, municipality, person) for person in people},
        "requests": _requests(request, municipality.code),
        "provider": find_provider(request.db, municipality.code),
        "plan": levels.plan_in(profile),
    }


def _trained_form(request: Request, municipality: Municipality, person: Any) -> Form:
    return Form(
        TrainedSchema(),
        request,
        buttons=[Button("opslaan", "Opslaan", kind="secondary")],
        action=address_of(municipality, "aansluiting-opgeleid"),
        formid=f"opgeleid-{person.id.hex[:8]}",
        appstruct={"wie": str(person.id), "opgeleid_op": person.trained_on},
    )


def _requests(request: Request, code: str) -> list[tuple[JoiningRequest, str | None]]:
    """Return the latest requests for a municipality, each with its address in clear."""
    session, keys = request.db, request.registry.key_ring
    rows = session.scalars(
        select(JoiningRequest)
        .where(JoiningRequest.municipality_code == code)
        .order_by(JoiningRequest.asked_at.desc())
        .limit(5)
    )
    owned = [(row, find_address(session, owner_of_request(row.id))) for row in rows]
    return [(row, clear_address(keys, address)) for row, address in owned]


@post_view(Desk, "aansluiting-opgeleid", Permission.CONNECT, renderer=PAGE)
def trained_view(context: Desk, request: Request) -> Any:
    """Save when somebody was trained; after a mistake show the page of the municipality again."""
    municipality = asked_municipality(request)
    row = checklist_of(request.db, municipality.code)
    page = _page(request, municipality, row)
    number = str(request.POST.get("wie", ""))
    person = next((colleague for colleague in page["people"] if str(colleague.id) == number), None)
    if person is None:
        raise HTTPNotFound()
    form = page["trained"][person.id]

    def on_valid(values: dict[str, Any]) -> Any:
        day = values["opgeleid_op"]
        set_trained(request.db, request.actor, [municipality.code], person.id, day)
        request.flash(f"Opgeslagen voor {person.name}.")
        check_plan(request, municipality)
        return HTTPSeeOther(location=address_of(municipality))

    answer = handle_form(request, form, on_valid, lambda: _noted(request, row, page))
    if isinstance(answer, dict):
        answer["form"] = _checklist_form(request, municipality, row)
    return answer


# The level, at once or from a moment on


@form_view(Desk, "aansluiting-niveau", Permission.CONNECT, "templates/level.jinja2")
def level_view(context: Desk, request: Request) -> Any:
    """Show the form of another level and its moment, and set or plan it."""
    municipality = asked_municipality(request)
    level = levels.agreed_level_of(request.db, municipality.code)
    schema, button = level_schema(level), Button("opslaan", "Niveau wijzigen")
    act, back = partial(_change, request, municipality), address_of(municipality)
    page = {"municipality": municipality, "level": level}
    return ask_values(request, schema, button, act, back, page, action=request.path_qs)


def _change(request: Request, municipality: Municipality, values: dict[str, Any]) -> None:
    after, begins = ParticipationLevel(values["niveau"]), values["vanaf"]
    rules, actor, code = request.registry.level_rules, request.actor, municipality.code
    try:
        levels.plan_level(request.db, rules, actor, code, after, begins, reason=values["reden"])
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


@post_view(Desk, "aansluiting-plan-intrekken", Permission.CONNECT)
def take_back_view(context: Desk, request: Request) -> HTTPSeeOther:
    """Take back the plan of a municipality."""
    municipality = asked_municipality(request)
    rules, actor = request.registry.level_rules, request.actor
    if levels.take_back_plan(request.db, rules, actor, municipality.code) is None:
        request.flash("Er is niets gepland, of het is al ingegaan.", "warning")
    else:
        request.flash("De geplande wijziging is ingetrokken.")
    return HTTPSeeOther(location=address_of(municipality))


# On the page of a report that waits at the desk


def not_ready_panel(context: Any, request: Request) -> Panel | None:
    """Return why a report waits here of a municipality that is connected: its gate is closed."""
    code = context.report.municipality_code
    if context.holder != NATIONAL or code is None:
        return None
    missing = refused_words(request.db, code)
    town = municipality_by_code(request.db, code) if missing else None
    if town is None:
        return None
    values = {"name": town.name, "missing": missing, "href": address_of(town)}
    template = "stopintimidatie.desk.onboarding:templates/not_ready.jinja2"
    return Panel("Gemeente nog niet gereed", template, values)
