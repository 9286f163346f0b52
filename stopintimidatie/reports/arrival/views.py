"""Form for a report by telephone, at the counter or from a partner: one screen, one button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import colander
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid_retry import mark_error_retryable
from sqlalchemy.exc import IntegrityError

from stopintimidatie.core import forms
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import uuid_of
from stopintimidatie.core.web.request import Request, form_view, page_view, post_view, query_pairs
from stopintimidatie.municipalities.areas.drawing import Sketch
from stopintimidatie.municipalities.areas.landmarks import find_named
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.queries import present_neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.arrival.schema import (
    FROM_16,
    answers_by_field,
    ask,
    fields_of,
    require_wishes,
)
from stopintimidatie.reports.arrival.services import (
    EntryError,
    code_to_read_out,
    enter_report,
    find_point,
    place_for,
    report_id,
)
from stopintimidatie.reports.arrival.submission import (
    InvalidMessageError,
    UnclearError,
    moment_of,
    validate,
)
from stopintimidatie.reports.fields import Submission
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import path_of_report
from stopintimidatie.reports.vocabulary import ContactWish, LocationSource, Role, Source

Choices = Sequence[tuple[str, str]]
Areas = Mapping[str, Neighbourhood]
SOURCES: Final = tuple(
    (source.value, source.nl) for source in (Source.PHONE, Source.COUNTER, Source.PARTNER)
)
# The two wishes to share, asked in one question: with the police, and with partners.
SHARING: Final[Mapping[str, tuple[str, tuple[bool, bool]]]] = {
    "beide": ("met politie en partners", (True, True)),
    "politie": ("alleen met de politie", (True, False)),
    "partners": ("alleen met partners", (False, True)),
    "niemand": ("met niemand", (False, False)),
}
WIJK: Final = "wat.wijk"
NAMES: Final = "stopintimidatie.reports.arrival:templates/places.jinja2"
ADDRESS: Final = ("straat", "huisnummer", "postcode", "woonplaats")
REACHED_BY: Final = ("naam", "telefoon", "email")
WITH_CONTACT: Final = tuple(wish.value for wish in ContactWish if wish is not ContactWish.NONE)


def entry_schema(neighbourhoods: Choices, map_address: str | None = None) -> Any:
    """Make the form for somebody who tells it to an officer: what is always asked comes first."""
    return Schema(
        _story(neighbourhoods, map_address),
        _asked(),
        _fold(
            *("meer", "Meer over wat er gebeurde"),
            ask("ernstGevoel", "Hoe voelde het?"),
            ask("gevolgGedrag", "Wat doet de melder nu anders?"),
            ask("herhaling", "Gebeurt het vaker?"),
            ask("omstanders", "Waren er omstanders?"),
        ),
        _fold(
            *("plegers", "Wie deed het?"),
            ask("plegers.aantal", "Met hoeveel waren zij?"),
            ask("plegers.bekend", "Kent de melder hen?"),
            ask("plegers.leeftijdGeschat", "Geschatte leeftijd"),
            ask("plegers.genderWaargenomen", "Gender, zoals gezien"),
            ask("plegers.vervoermiddel", "Vervoermiddel"),
            ask(
                "plegers.signalement",
                "Signalement",
                lines=True,
                description="Alleen kleding, vervoermiddel en route. Geen naam en geen afkomst.",
                widget=forms.TextArea(rows=3),
            ),
        ),
        _fold(
            *("melder", "Over de melder"),
            ask("melder.gender", "Gender"),
            ask("politie", "Weet de politie het?"),
        ),
        field(forms.Text(36), "Invoer", widget=forms.Hidden(), name="invoer"),
    )


def _fold(name: str, title: str, *nodes: Any) -> Any:
    return Schema(*nodes, name=name, title=title, widget=forms.Fold())


def _story(neighbourhoods: Choices, map_address: str | None) -> Any:
    exact: Any = {"drawn": forms.Folded("Adres of punt")}
    short: Any = {"widget": forms.TextInput(width="short"), **exact}
    sometimes: Any = {"missing": None, "needed_sometimes": True}
    # The list of names is filled in while somebody types (`templates/entry.jinja2`).
    names = forms.TextInput(autocomplete="off", attributes={"list": "plekken"})
    area = forms.MapSelect(
        values=neighbourhoods,
        image=map_address,
        image_text="Kaart van de gemeente. Kiest u liever zonder kaart? Gebruik de lijst.",
        image_action="#formulier-wat-wijk",
        folded="Kies op de kaart",
    )
    return Schema(
        ask(
            "omschrijving",
            "Wat er gebeurde, in de woorden van de melder",
            lines=True,
            description="Geen namen en geen kentekens van anderen.",
            widget=forms.TextArea(rows=6, attributes={"autofocus": ""}),
        ),
        ask("locatie.omschrijving", "Waar was het?", under="plek", widget=names, **sometimes),
        field(forms.OneOf(neighbourhoods), "Wijk", name="wijk", widget=area, **sometimes),
        ask("locatie.adres.straat", "Straat", **exact),
        ask("locatie.adres.huisnummer", "Huisnummer", **short),
        ask("locatie.adres.postcode", "Postcode", **short),
        ask("locatie.adres.woonplaats", "Woonplaats", **exact),
        ask("locatie.lat", "Breedtegraad", description="Bijvoorbeeld 51,81.", **exact),
        ask("locatie.lon", "Lengtegraad", description="Bijvoorbeeld 4,67.", **exact),
        ask("locatie.nauwkeurigheidM", "Op hoeveel meter nauwkeurig?", **short),
        field(forms.Date(), "Welke dag?", name="datum", validator=forms.in_past),
        field(forms.Time(), "Hoe laat?", name="tijd", **sometimes),
        ask("dagdeel", "Of welk deel van de dag?", radio=True, **sometimes),
        field(forms.OneOf(SOURCES, radio=True), "Via", name="bron"),
        ask("hoedanigheid", "Wie vertelt het?", radio=True),
        name="wat",
        title="Verhaal, plek en moment",
        validator=_somewhere,
    )


def _somewhere(node: Any, place: dict[str, Any]) -> None:
    error = colander.Invalid(node)
    for given, other in (("lat", "lon"), ("lon", "lat")):
        if place[given] is not None and place[other] is None:
            error[other] = "Vul breedtegraad en lengtegraad allebei in, of geen van beide."
    if all(place[name] is None for name in ("wijk", "plek", "lat", *ADDRESS)):
        error["plek"] = "Schrijf waar het was, of kies een wijk."
    if error.children:
        raise error


def _asked() -> Any:
    reach: Any = {"drawn": forms.Opened("Zo bereikt u de melder", WITH_CONTACT)}
    sharing = [(code, label) for code, (label, _) in SHARING.items()]
    return Schema(
        ask("vormen", "Vormen"),
        ask("typePlek", "Soort plek", radio=True),
        ask("contactGewenst", "Wil de melder contact?", radio=True),
        ask("melder.naam", "Naam", **reach),
        ask("melder.telefoon", "Telefoon", widget=forms.TelInput(autocomplete="off"), **reach),
        ask(
            "melder.email",
            "E-mail",
            widget=forms.EmailInput(autocomplete="off"),
            validator=forms.email_address,
            **reach,
        ),
        ask("contactWanneer", "Wanneer mag u bellen?", **reach),
        ask("hulpGewenst", "De melder wil hulp"),
        ask("melder.leeftijdsgroep", "Leeftijd van de melder", radio=True),
        field(
            forms.OneOf(sharing, radio=True),
            "Mag het gedeeld worden?",
            name="delen",
            description="Zeg erbij: loopt iemand gevaar, of verplicht de wet het, dan gaat het toch"
            " naar de politie.",
            **FROM_16,
        ),
        name="hoe",
        title="Vormen, contact en delen",
        validator=_reachable,
    )


def _reachable(node: Any, contact: dict[str, Any]) -> None:
    error = colander.Invalid(node)
    require_wishes(error, contact["leeftijdsgroep"], contact, ("delen",))
    if contact["contactGewenst"] not in WITH_CONTACT:
        for name in (*REACHED_BY, "contactWanneer"):
            if contact[name] is not None:
                error[name] = "De melder wil geen contact. Maak dit leeg, of kies wat wel mag."
    if contact["contactGewenst"] == ContactWish.CALL and not contact["telefoon"]:
        error["telefoon"] = "Vul het telefoonnummer in, want de melder wil gebeld worden."
    if contact["contactGewenst"] == ContactWish.MAIL and not contact["email"]:
        error["email"] = "Vul het e-mailadres in, want de melder wil een mail."
    if error.children:
        raise error


# The field of this form for each field of the message, whatever wijken it offers.
FIELDS: Final = fields_of(entry_schema([]))
# Field that shows a fault in a whole part of the message, when it isn't about one of its fields.
FIELDS_OF_PARTS: Final = {
    "melder": FIELDS["melder.leeftijdsgroep"],
    "incidentVan": "wat.datum",
    "locatie": FIELDS["locatie.omschrijving"],
    "locatie.adres": FIELDS["locatie.adres.straat"],
    "plegers": FIELDS["plegers.aantal"],
}


def message_of(
    values: Mapping[str, Any], neighbourhood: str | None, now: datetime
) -> dict[str, Any]:
    """Write the form as the message that the app would have sent, for the same rules to check.

    Args:
        values: All that was filled in.
        neighbourhood: Name of the chosen wijk: the place in words when nothing else is known.
        now: The present moment.

    Raises:
        UnclearError: It happened in the future.
    """
    answers, story = answers_by_field(FIELDS, values), values["wat"]
    begun, precision = moment_of(story["datum"], story["tijd"], story["dagdeel"], now)
    answers |= {"incidentVan": begun.isoformat(), "tijdNauwkeurigheid": precision.value}
    police, partners = SHARING[values["hoe"]["delen"] or "niemand"][1]
    answers |= {"deelvoorkeur.politie": police, "deelvoorkeur.ketenpartners": partners}
    if story["lat"] is None:
        answers.pop("locatie.nauwkeurigheidM", None)
    else:
        answers["locatie.bron"] = LocationSource.PIN.value
    answers["anoniem"] = not any(f"melder.{name}" in answers for name in REACHED_BY)
    if neighbourhood is not None and not any(name.startswith("locatie.") for name in answers):
        answers["locatie.omschrijving"] = f"In de wijk {neighbourhood}"
    message: dict[str, Any] = {}
    for name, value in answers.items():
        *way, last = name.split(".")
        part = message
        for step in way:
            part = part.setdefault(step, {})
        part[last] = list(value) if isinstance(value, tuple) else value
    return message


def field_at(path: Sequence[str | int]) -> str | None:
    """Return the field of this form where a fault in the message belongs."""
    names = [str(part) for part in path]
    ways = [".".join(names[:length]) for length in range(len(names), 0, -1)]
    fields = {**FIELDS_OF_PARTS, **FIELDS}
    return next((fields[way] for way in ways if way in fields), None)


# Entering a report, and the page with the follow code to read out.


@form_view(
    MunicipalityResource, "melding-invoeren", Permission.ENTER_REPORT, "templates/entry.jinja2"
)
def entry_view(context: MunicipalityResource, request: Request) -> Any:
    """Enter a report that came by telephone, at the counter or from a partner."""
    areas = {area.code: area for area in present_neighbourhoods_of(request.db, context.holder)}
    drawn = request.registry.sketches.sketch_of(request.db, context.holder)
    picture = f"/melden/{context.__name__}/kaart" if drawn else None
    form = Form(
        entry_schema([(code, area.name) for code, area in areas.items()], picture),
        request,
        buttons=[Button("bewaren", "Melding bewaren")],
        appstruct={
            "invoer": str(uuid4()),
            "wat": {
                "datum": local_date(utc_now()),
                "bron": Source.PHONE.value,
                "hoedanigheid": Role.VICTIM.value,
            },
        },
        cancel_url=request.resource_path(context, "postvak"),
    )
    if f"{WIJK}.kaart.x" in request.POST and drawn:
        return _tapped(request, form, drawn, areas)
    return handle_form(request, form, lambda v: _store(context, request, form, areas, v))


def _tapped(request: Request, form: Form, drawn: Sketch, areas: Areas) -> dict[str, Any]:
    """Show the form as it was sent, with the wijk and the point that were tapped on the map."""
    sent, widget = forms.read_controls(form, request.POST.items()), form["wat"]["wijk"].widget
    tap = drawn.tap(request.POST, WIJK)
    if tap is not None and tap[0] in areas:
        code, lat, lon, metres = tap
        point = {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}", "nauwkeurigheidM": str(metres)}
        sent["wat"] |= {"wijk": code, **point}
        widget.image += f"?wijk={areas[code].slug}"
    form.cstruct = form.deserialize(sent)
    if tap is None:
        form.add_error("Daar ligt geen wijk. Tik op de kaart, of kies een wijk uit de lijst.", WIJK)
    return {"form": form}


@post_view(MunicipalityResource, "melding-invoeren-plek", Permission.ENTER_REPORT, renderer=NAMES)
def names_view(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Return the names of places that what was typed may be; it goes by POST, so in no address."""
    typed = str(request.POST.get("wat.plek", ""))[:100]
    return {"places": find_named(request.db, context.holder, typed)}


def _store(
    context: MunicipalityResource,
    request: Request,
    form: Form,
    areas: Areas,
    values: dict[str, Any],
) -> HTTPSeeOther:
    entry = uuid_of(values["invoer"])
    if entry is None:
        raise FormError("Deze pagina is niet meer geldig. Open haar opnieuw.")
    if request.db.get(Report, report_id(_officer(request), entry)) is not None:
        return _to_code(request, entry)
    given = _checked(form, values, areas)
    registry, session, chosen = request.registry, request.db, values["wat"]["wijk"]
    where = (session, registry.locator_cache, context.holder)
    source = next(term for term in Source if term.value == values["wat"]["bron"])
    try:
        given = given if chosen else replace(given, location=find_point(*where, given.location))
        place = place_for(*where, given.location, chosen)
        enter_report(session, registry.key_ring, given, place, source, request.actor, entry)
    except EntryError as problem:
        raise FormError(str(problem), problem.field) from None
    except IntegrityError as error:
        # The same form, sent twice at once: tried again, it finds what the other one stored.
        mark_error_retryable(error)
        raise
    return _to_code(request, entry)


def _checked(form: Form, values: dict[str, Any], areas: Areas) -> Submission:
    """Check the form by the rules of the intake; every fault stands at its field."""
    try:
        now = utc_now()
        area = areas.get(values["wat"]["wijk"])
        return validate(message_of(values, area.name if area else None, now), now)
    except UnclearError as unclear:
        raise FormError(unclear.message, f"wat.{unclear.field}") from None
    except InvalidMessageError as invalid:
        first, *others = invalid.errors
        for error in others:
            form.add_error(error.message, field_at(error.path))
        raise FormError(first.message, field_at(first.path)) from None


def _officer(request: Request) -> UUID:
    return request.identity.user_id  # type: ignore[union-attr]


def _to_code(request: Request, entry: UUID) -> HTTPSeeOther:
    """Redirect to the page that shows the follow code; it is derived anew there."""
    path = path_of_report(request.db, report_id(_officer(request), entry))
    return HTTPSeeOther(f"{path}/volgcode?invoer={entry}")


@page_view(ReportResource, "volgcode", Permission.ENTER_REPORT, "templates/follow_code.jinja2")
def follow_code_view(context: ReportResource, request: Request) -> dict[str, Any]:
    """Show the follow code, for half an hour and only to who entered the report."""
    entry = uuid_of(dict(query_pairs(request)).get("invoer", ""))
    code = entry and code_to_read_out(
        request.registry.key_ring, context.report, _officer(request), entry
    )
    if not code:
        raise HTTPNotFound()
    return {"code": code, "report": context.report, "here": request.resource_path(context)}
