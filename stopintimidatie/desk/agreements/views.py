"""Pages of the desk about agreements: the list, one municipality, making and ending one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import colander
from cryptography import x509
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, FormError, ask_values
from stopintimidatie.core.mail.addresses import clear_address
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.web.components import panels
from stopintimidatie.core.web.request import form_view, page_view, post_view, query_pairs
from stopintimidatie.desk.resources import Desk, DeskMunicipality, address_of
from stopintimidatie.municipalities.agreements import services as agreements
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.municipalities.agreements.rules import RING_ABOUT, missing, standing_word
from stopintimidatie.municipalities.agreements.services import (
    Official,
    Plan,
    deputy_of,
    official_of,
    today,
)
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import (
    municipalities_by_name,
    municipality_by_code,
    municipality_by_slug,
)
from stopintimidatie.municipalities.areas.services import successors
from stopintimidatie.municipalities.levels.services import profile_of
from stopintimidatie.municipalities.people import views as people_views
from stopintimidatie.municipalities.people.forms import Telephone
from stopintimidatie.municipalities.people.services import is_role_address
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import Delivery

# The words of `standing_word` in the order of the list: those that need work come first.
_ORDER: Final = (
    *RING_ABOUT,
    "loopt bijna af",
    "verlopen",
    "nog niet rond",
    "geen afspraak",
    "geweigerd",
)


@dataclass(frozen=True)
class AgreedRow:
    """A municipality in the list, with the word for its agreement and the reports that wait."""

    town: Municipality
    word: str
    until: date | None
    waiting: int


def agreed_rows(session: Session, keys: KeyRing) -> list[AgreedRow]:
    """Return every municipality with an agreement, or with reports that wait for one.

    The practice municipality isn't among them. The number of queries doesn't depend on how many
    there are.
    """
    counted = (
        select(Report.municipality_code, func.count())
        .where(Report.delivery == Delivery.WAITING)
        .group_by(Report.municipality_code)
    )
    waiting = dict(session.execute(counted).all())
    present = {
        row.municipality_code: row
        for row in session.scalars(
            select(ForwardingAgreement).where(ForwardingAgreement.ended_at.is_(None))
        )
    }
    addresses = {(a.owner_kind, a.owner_id): a for a in session.scalars(select(MailAddress))}
    towns = session.scalars(
        select(Municipality).where(Municipality.code.in_({*waiting, *present} - {PRACTICE}))
    ).all()
    day = today()
    rows = []
    for town in towns:
        agreement, owners = present.get(town.code), (official_of(town.code), deputy_of(town.code))
        official, deputy = (addresses.get((owner.kind, owner.id)) for owner in owners)
        role = is_role_address(clear_address(keys, official) or "")
        lacking = missing(agreement, official, deputy, role_address=role, today=day)
        word = standing_word(agreement, lacking, day)[0]
        until = agreement.valid_until if agreement else None
        rows.append(AgreedRow(town, word, until, waiting.get(town.code, 0)))

    def rank(row: AgreedRow) -> tuple[int, int, str]:
        urgency = _ORDER.index(row.word) if row.word in _ORDER else len(_ORDER)
        return urgency, -row.waiting, row.town.name

    return sorted(rows, key=rank)


def choices(session: Session) -> Sequence[tuple[str, str]]:
    """Return the slug and name of every municipality, to choose one."""
    towns = session.scalars(select(Municipality).where(Municipality.code != PRACTICE))
    rows = municipalities_by_name(towns)
    return [(row.municipality.slug, row.label) for row in rows]


# Forms to record an agreement that was made by telephone, or its refusal

CHANNELS: Final = (
    ("ophalen", "op een pagina, met een code die het meldpunt voorleest"),
    ("smime", "als versleutelde mail (S/MIME, met een certificaat)"),
)
YES: Final = "ja"
WANTS: Final = ((YES, "ja"), ("onbekend", "nog niet bekend"))


def pem_certificate(node: Any, value: str) -> None:
    """Check that a value is a PEM certificate, for which a report can be encrypted."""
    try:
        x509.load_pem_x509_certificate(value.encode())
    except ValueError:
        raise colander.Invalid(
            node, "Dit is geen certificaat. Plak het hele blok, van BEGIN tot en met END."
        ) from None


def line_field(most: int, title: str, name: str, about: str = "", **more: Any) -> Any:
    """Make the field of a line of text."""
    return forms.field(forms.Text(most), title, name=name, description=about, **more)


def _phone(title: str, name: str, about: str = "", **more: Any) -> Any:
    widget = forms.TelInput(autocomplete="off")
    return forms.field(Telephone(), title, name=name, description=about, widget=widget, **more)


def _person(title: str, *, needed: bool, description: str = "") -> Any:
    """Return the part of the form about an official; that of a deputy may stay empty."""
    more: dict[str, Any] = {} if needed else {"missing": ""}
    box = "Liefst van een functie, zoals oov@gemeente.nl." if needed else ""
    ring = "Via het algemene nummer van de gemeente na te bellen." if needed else ""
    mail = {"widget": forms.EmailInput(autocomplete="off"), "validator": forms.email_address}
    return forms.Schema(
        line_field(120, "Naam", "naam", **more),
        line_field(120, "Functie", "functie", **more),
        line_field(200, "E-mailadres", "email", box, **mail, **more),
        _phone("Telefoon", "telefoon", ring, **more),
        title=title,
        description=description,
    )


class AgreementSchema(forms.Schema):
    """The form to record an agreement that was made by telephone."""

    functionaris = _person("De functionaris die de meldingen ontvangt", needed=True)
    vervanger = _person(
        "Vervanger",
        needed=False,
        description="Verplicht als het adres hierboven van één persoon is. Krijgt bericht als een"
        " melding na twee werkdagen niet is opgehaald.",
    )
    spoed = _phone("Nummer bij spoed", "spoed", "Bij spoed bellen wij altijd.", missing="")
    wil = forms.field(
        forms.OneOf(WANTS, radio=True),
        "Wil de functionaris de meldingen ontvangen, en zorgt die dat ze worden opgepakt?",
        description="Zolang dat niet bekend is, gaat er niets heen. Wil de gemeente niet, leg dan"
        " een weigering vast.",
    )
    mag_van = line_field(
        200,
        "Wie vindt dit goed namens de gemeente",
        "mag_van",
        "Naam en functie, bijvoorbeeld van de leidinggevende. Nodig zodra de functionaris ja zegt.",
        missing="",
    )
    mag_sinds = forms.field(forms.Date(), "Wanneer was dat", validator=forms.in_past, missing=None)
    kanaal = forms.field(forms.OneOf(CHANNELS, radio=True), "Hoe gaat een melding erheen")
    per_dag = forms.field(
        forms.Flag(),
        "Eén bericht per werkdag in plaats van één per melding; spoed gaat altijd meteen en wij"
        " bellen",
        missing=False,
    )
    certificaat = forms.field(
        forms.Text(20_000, lines=True),
        "Certificaat voor versleutelde mail",
        description="Alleen bij S/MIME: het certificaat van de ontvanger, in PEM.",
        missing=None,
        validator=pem_certificate,
    )
    afgesproken_op = forms.field(
        forms.Date(), "Telefonisch afgesproken op", validator=forms.in_past
    )
    geldig_tot = forms.field(forms.Date(), "Geldig tot en met", validator=forms.not_before_today)


class RefusalSchema(forms.Schema):
    """The form to record that a municipality wants no reports."""

    reden = forms.field(forms.Text(1000, lines=True), "Waarom niet", validator=forms.at_least(5))
    afgesproken_op = forms.field(forms.Date(), "Besproken op", validator=forms.in_past)


def plan_of(values: dict[str, Any]) -> Plan:
    """Return the values of the form as the terms of an agreement.

    Raises:
        FormError: answers don't fit each other.
    """
    official, deputy = _official(values["functionaris"]), values["vervanger"]
    given = [name for name in ("naam", "functie", "email", "telefoon") if deputy[name]]
    if 0 < len(given) < 4:
        raise FormError("Vul alles van de vervanger in, of niets.", "vervanger.naam")
    if not given and not is_role_address(official.email):
        raise FormError(
            "Dit adres is van één persoon. Noem een vervanger, of kies het adres van een functie.",
            "functionaris.email",
        )
    wants = values["wil"] == YES
    for name in ("mag_van", "mag_sinds"):
        if wants and not values[name]:
            raise FormError("Vul in wie dit namens de gemeente goedvindt, en sinds wanneer.", name)
    if values["kanaal"] == "smime" and not values["certificaat"]:
        raise FormError("Bij versleutelde mail hoort een certificaat.", "certificaat")
    until: date = values["geldig_tot"]
    if (until - values["afgesproken_op"]).days > 731:
        raise FormError("Kies een datum binnen twee jaar: bel daarna opnieuw.", "geldig_tot")
    return Plan(
        official=official,
        deputy=_official(deputy) if given else None,
        wants=wants,
        authorised_by=values["mag_van"],
        authorised_on=values["mag_sinds"],
        channel=values["kanaal"],
        certificate=values["certificaat"],
        agreed_on=values["afgesproken_op"],
        valid_until=until,
        urgent_phone=values["spoed"],
        digest=values["per_dag"],
    )


def _official(values: dict[str, str]) -> Official:
    return Official(values["naam"], values["functie"], values["email"], values["telefoon"])


# Pages

_YEAR: Final = timedelta(days=365)
OWNERS: Final = {"functionaris": official_of, "vervanger": deputy_of}
_FORM: Final = "templates/agreement_form.jinja2"


@page_view(Desk, "afspraken", Permission.VIEW_DESK, "templates/agreements.jinja2")
def list_view(context: Desk, request: Any) -> Any:
    """Show the agreements, those that need work on top; with `?gemeente=…` go to a municipality."""
    wanted = dict(query_pairs(request)).get("gemeente", "")[:80]
    if wanted:
        if municipality_by_slug(request.db, wanted) is None:
            raise HTTPNotFound()
        return HTTPSeeOther(request.resource_path(context, wanted))
    rows = agreed_rows(request.db, request.registry.key_ring)
    return {"rows": rows, "municipalities": choices(request.db)}


@page_view(DeskMunicipality, "", Permission.VIEW_DESK, "templates/agreement.jinja2")
def municipality_view(context: DeskMunicipality, request: Any) -> dict[str, Any]:
    """Show a municipality: its agreement, what that lacks, and earlier agreements."""
    keys, code = request.registry.key_ring, context.municipality.code
    standing = agreements.standing_of(request.db, keys, code)
    people, successor = {}, successors(request.db, [code]).get(code)
    if standing.agreement is not None:
        ids = [standing.agreement.id]
        note_read(request, NATIONAL, agreements.KIND, ids, task="afspraak bekijken")
        people = agreements.people_of(keys, standing.agreement)
    return {
        "name": context.municipality.name,
        "level": profile_of(request.db, code).level,
        "standing": standing,
        "word": standing_word(standing.agreement, standing.lacking, agreements.today()),
        "successor": successor and municipality_by_code(request.db, successor),
        "people": people,
        "addresses": [(who, row, clear_address(keys, row)) for who, row in _addresses(standing)],
        "history": agreements.history(request.db, code),
        "onboarding": request.has_permission(Permission.CONNECT, context)
        and address_of(context.municipality),
        "here": request.resource_path(context).rstrip("/") + "/",
        "panels": panels(request, "gemeente_bij_meldpunt", context),
    }


def _addresses(standing: agreements.Standing) -> tuple[tuple[str, MailAddress | None], ...]:
    return ("functionaris", standing.official), ("vervanger", standing.deputy)


@form_view(DeskMunicipality, "vastleggen", Permission.ROUTE_REPORT, _FORM)
def make_view(context: DeskMunicipality, request: Any) -> Any:
    """Show the form of an agreement, with what to say by telephone beside it, and record it."""
    keys, code = request.registry.key_ring, context.municipality.code
    given, back = _filled_in(request, code), request.resource_path(context)

    def act(values: dict[str, Any]) -> None:
        plan, rules = plan_of(values), request.registry.level_rules
        agreements.make(request.db, keys, rules, code, plan, request.actor)
        request.flash("De afspraak is vastgelegd. Naar een nieuw adres gaat een code.")

    button, page = Button("vastleggen", "Afspraak vastleggen"), {"name": context.municipality.name}
    return ask_values(request, AgreementSchema(), button, act, back, page, given=given)


def _filled_in(request: Any, code: str) -> dict[str, Any]:
    """Return the first values: the present agreement to renew, or only dates and channel."""
    keys, today = request.registry.key_ring, agreements.today()
    standing = agreements.standing_of(request.db, keys, code)
    start: dict[str, Any] = {
        "afgesproken_op": today,
        "geldig_tot": today + _YEAR,
        "kanaal": "ophalen",
    }
    row = standing.agreement
    if row is None or row.people is None:
        return start
    note_read(request, NATIONAL, agreements.KIND, [row.id], task="afspraak vernieuwen")
    people = agreements.people_of(keys, row)
    for function, address in _addresses(standing):
        if people.get(function):
            start[function] = {**people[function], "email": clear_address(keys, address) or ""}
    return {
        **start,
        "spoed": people.get("spoed", ""),
        "per_dag": row.digest,
        "mag_van": people.get("goedgekeurd_door"),
        "mag_sinds": row.authorised_on,
        "kanaal": row.channel,
        "certificaat": row.certificate,
    }


@form_view(DeskMunicipality, "weigering", Permission.ROUTE_REPORT, _FORM)
def refuse_view(context: DeskMunicipality, request: Any) -> Any:
    """Show the form of a refusal, and record that the municipality doesn't want reports."""
    code, back = context.municipality.code, request.resource_path(context)

    def act(values: dict[str, Any]) -> None:
        reason, day, actor = values["reden"], values["afgesproken_op"], request.actor
        keys, rules = request.registry.key_ring, request.registry.level_rules
        agreements.decline(request.db, keys, rules, code, reason, day, actor)
        request.flash("Vastgelegd: deze gemeente wil geen meldingen.")

    button = Button("vastleggen", "Weigering vastleggen")
    given = {"afgesproken_op": agreements.today()}
    page = {"name": context.municipality.name, "refusal": True}
    return ask_values(request, RefusalSchema(), button, act, back, page, given=given)


@form_view(DeskMunicipality, "beeindigen", Permission.ROUTE_REPORT, "templates/end.jinja2")
def end_view(context: DeskMunicipality, request: Any) -> Any:
    """Say what ends with the agreement, and end it once confirmed."""
    registry, code = request.registry, context.municipality.code

    def act(values: dict[str, Any]) -> None:
        agreements.end(request.db, registry.key_ring, registry.level_rules, code, request.actor)
        request.flash("De afspraak is beëindigd. Er gaan geen meldingen meer heen.")

    button = Button("beeindigen", "Ja, beëindig de afspraak", kind="danger")
    back, page = request.resource_path(context), {"name": context.municipality.name}
    return ask_values(request, forms.Schema(), button, act, back, page)


@post_view(DeskMunicipality, "code", Permission.ROUTE_REPORT)
def code_view(context: DeskMunicipality, request: Any) -> Any:
    """Take the code that the official got by mail and read out, or send a new one."""
    registry, code = request.registry, context.municipality.code
    function = request.POST.get("welk", "")
    owner = OWNERS[function](code) if function in OWNERS else None
    if people_views.take_code(request, owner, "Het adres is bevestigd."):
        agreements.settle(request.db, registry.key_ring, registry.level_rules, code, request.actor)
    return HTTPSeeOther(request.resource_path(context))


@form_view(Desk, "berichten", Permission.ROUTE_REPORT, people_views.PAGE)
def postbox_view(context: Desk, request: Any) -> Any:
    """Show the mailbox and the urgent number of the desk, and the form to change them."""
    return people_views.postbox_view(context, request)


@post_view(Desk, "berichten-code", Permission.ROUTE_REPORT)
def postbox_code_view(context: Desk, request: Any) -> Any:
    """Take the code that was sent to the desk's mailbox or number, or send a new one."""
    return people_views.code_view(context, request)
