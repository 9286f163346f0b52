"""Form for a report by telephone, at the counter or from a partner: one page, plain fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final
from uuid import UUID, uuid4

import colander
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy.exc import IntegrityError

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.text import uuid_of
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.municipalities.areas.queries import present_neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports import vocabulary as reports_vocabulary
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
    place_for,
    report_id,
)
from stopintimidatie.reports.arrival.submission import InvalidMessageError, validate
from stopintimidatie.reports.fields import Submission
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import path_of_report
from stopintimidatie.reports.vocabulary import Source

Choices = Sequence[tuple[str, str]]
SOURCES: Final = tuple(
    (source.value, source.nl) for source in (Source.PHONE, Source.COUNTER, Source.PARTNER)
)
YES_NO: Final = (("ja", "ja"), ("nee", "liever niet"))
ADDRESS: Final = ("straat", "huisnummer", "postcode", "woonplaats")


def entry_schema(neighbourhoods: Choices) -> Any:
    """Make the form for somebody who tells it to an officer."""
    return Schema(
        *(_how(), _event(), _when(), _where(neighbourhoods), _offenders(), _reporter(), _contact()),
        field(forms.Text(36), "Invoer", widget=forms.Hidden(), name="invoer"),
    )


def _how() -> Any:
    return Schema(
        field(forms.OneOf(SOURCES, radio=True), "Via", name="bron"),
        ask("hoedanigheid", "Wie vertelt het?", radio=True),
        name="binnen",
        title="Hoe kwam de melding binnen?",
    )


def _event() -> Any:
    return Schema(
        ask("vormen", "Vormen"),
        ask(
            "omschrijving",
            "Wat er gebeurde, in de woorden van de melder",
            lines=True,
            description="Geen namen en geen kentekens van anderen.",
        ),
        ask("ernstGevoel", "Hoe voelde het?"),
        ask("gevolgGedrag", "Wat doet de melder nu anders?"),
        ask("herhaling", "Gebeurt het vaker?"),
        ask("omstanders", "Waren er omstanders?"),
        name="wat",
        title="Wat gebeurde er?",
    )


def _when() -> Any:
    return Schema(
        ask(
            "incidentVan",
            "Datum en tijd",
            validator=forms.in_past,
            description="Weet de melder de tijd niet precies? Kies ongeveer.",
        ),
        ask("tijdNauwkeurigheid", "Hoe precies is dat?"),
        ask("dagdeel", "Dagdeel"),
        name="wanneer",
        title="Wanneer was het?",
    )


def _where(neighbourhoods: Choices) -> Any:
    return Schema(
        field(forms.OneOf(neighbourhoods), "Wijk", name="wijk", missing=None),
        ask("typePlek", "Soort plek"),
        ask("locatie.adres.straat", "Straat"),
        ask("locatie.adres.huisnummer", "Huisnummer", widget=forms.TextInput(width="short")),
        ask("locatie.adres.postcode", "Postcode", widget=forms.TextInput(width="short")),
        ask("locatie.adres.woonplaats", "Woonplaats"),
        ask("locatie.omschrijving", "De plek in woorden", description="Bijvoorbeeld: de bushalte."),
        ask(
            "locatie.lat",
            "Breedtegraad",
            description="Alleen als u een punt op de kaart hebt. Bijvoorbeeld 51,81.",
        ),
        ask("locatie.lon", "Lengtegraad"),
        name="plek",
        title="Waar was het?",
        validator=_somewhere,
    )


def _somewhere(node: Any, place: dict[str, Any]) -> None:
    error = colander.Invalid(node)
    for given, other in (("lat", "lon"), ("lon", "lat")):
        if place[given] is not None and place[other] is None:
            error[other] = "Vul breedtegraad en lengtegraad allebei in, of geen van beide."
    known = [name for name in ("wijk", "omschrijving", "lat", *ADDRESS) if place[name] is not None]
    if not known:
        error["wijk"] = "Kies een wijk, of schrijf hieronder een adres of de plek in woorden."
    if error.children:
        raise error


def _offenders() -> Any:
    return Schema(
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
        name="plegers",
        title="Wie deed het?",
    )


def _reporter() -> Any:
    return Schema(
        ask("melder.gender", "Gender"),
        ask("politie", "Weet de politie het?"),
        name="melder",
        title="Over de melder",
    )


def _contact() -> Any:
    sharing: Any = {"choices": YES_NO, "radio": True, **FROM_16}
    return Schema(
        ask("contactGewenst", "Wil de melder contact?", radio=True),
        ask(
            "melder.naam",
            "Naam",
            description="Wil de melder anoniem blijven? Laat naam, telefoon en e-mail dan leeg.",
        ),
        ask("melder.telefoon", "Telefoon", widget=forms.TelInput(autocomplete="off")),
        ask(
            "melder.email",
            "E-mail",
            widget=forms.EmailInput(autocomplete="off"),
            validator=forms.email_address,
        ),
        ask("contactWanneer", "Wanneer mag u bellen?"),
        ask("hulpGewenst", "De melder wil hulp"),
        ask(
            "melder.leeftijdsgroep",
            "Leeftijd van de melder",
            description="Jonger dan 16? Vraag dan niet of het gedeeld mag worden.",
        ),
        ask(
            "deelvoorkeur.politie",
            "Mag het gedeeld worden met de politie?",
            **sharing,
            description="Zeg erbij: loopt iemand gevaar, of verplicht de wet het, dan gaat het toch"
            " naar de politie.",
        ),
        ask("deelvoorkeur.ketenpartners", "Mag het gedeeld worden met partners?", **sharing),
        name="contact",
        title="Contact en delen",
        validator=_reachable,
    )


def _reachable(node: Any, contact: dict[str, Any]) -> None:
    error = colander.Invalid(node)
    require_wishes(error, contact["leeftijdsgroep"], contact, ("politie", "ketenpartners"))
    if contact["contactGewenst"] == reports_vocabulary.ContactWish.CALL and not contact["telefoon"]:
        error["telefoon"] = "Vul het telefoonnummer in, want de melder wil gebeld worden."
    if contact["contactGewenst"] == reports_vocabulary.ContactWish.MAIL and not contact["email"]:
        error["email"] = "Vul het e-mailadres in, want de melder wil een mail."
    if error.children:
        raise error


# The field of this form for each field of the message, whatever wijken it offers.
FIELDS: Final = fields_of(entry_schema([]))
# Field that shows a fault in a whole part of the message, when it isn't about one of its fields.
FIELDS_OF_PARTS: Final = {
    "melder": FIELDS["melder.leeftijdsgroep"],
    "locatie": FIELDS["locatie.omschrijving"],
    "locatie.adres": FIELDS["locatie.adres.straat"],
    "plegers": FIELDS["plegers.aantal"],
}


def message_of(values: Mapping[str, Any], neighbourhood: str | None) -> dict[str, Any]:
    """Write the form as the message that the app would have sent, for the same rules to check.

    Args:
        values: All that was filled in.
        neighbourhood: Name of the chosen wijk: the place in words when nothing else is known.
    """
    answers = answers_by_field(FIELDS, values)
    answers = {"deelvoorkeur.politie": False, "deelvoorkeur.ketenpartners": False, **answers}
    answers["anoniem"] = not any(
        f"melder.{name}" in answers for name in ("naam", "telefoon", "email")
    )
    answers["incidentVan"] = answers["incidentVan"].astimezone(UTC).isoformat()
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
    areas = {area.code: area.name for area in present_neighbourhoods_of(request.db, context.holder)}
    form = Form(
        entry_schema(list(areas.items())),
        request,
        buttons=[Button("bewaren", "Melding bewaren")],
        appstruct={"invoer": str(uuid4())},
        cancel_url=request.resource_path(context, "postvak"),
    )
    return handle_form(request, form, lambda v: _store(context, request, form, areas, v))


def _store(
    context: MunicipalityResource,
    request: Request,
    form: Form,
    areas: dict[str, str],
    values: dict[str, Any],
) -> HTTPSeeOther:
    entry = uuid_of(values["invoer"])
    if entry is None:
        raise FormError("Deze pagina is niet meer geldig. Open haar opnieuw.")
    if request.db.get(Report, report_id(_officer(request), entry)) is not None:
        return _to_code(context, request, entry)
    given = _checked(form, values, areas)
    registry, session, chosen = request.registry, request.db, values["plek"]["wijk"]
    source = next(term for term in Source if term.value == values["binnen"]["bron"])
    try:
        place = place_for(session, registry.locator_cache, context.holder, given.location, chosen)
        enter_report(session, registry.key_ring, given, place, source, request.actor, entry)
    except EntryError as problem:
        raise FormError(str(problem), problem.field) from None
    except IntegrityError:
        # The same form, sent twice at once: the other one has stored it.
        raise _to_code(context, request, entry, afresh=True) from None
    return _to_code(context, request, entry)


def _checked(form: Form, values: dict[str, Any], areas: dict[str, str]) -> Submission:
    """Check the form by the rules of the intake; every fault stands at its field."""
    try:
        return validate(message_of(values, areas.get(values["plek"]["wijk"] or "")), utc_now())
    except InvalidMessageError as invalid:
        first, *others = invalid.errors
        for error in others:
            form.add_error(error.message, field_at(error.path))
        raise FormError(first.message, field_at(first.path)) from None


def _officer(request: Request) -> UUID:
    return request.identity.user_id  # type: ignore[union-attr]


def _to_code(
    context: MunicipalityResource, request: Request, entry: UUID, *, afresh: bool = False
) -> HTTPSeeOther:
    """Redirect to the page that shows the follow code; it is derived anew there.

    Args:
        context: Municipality of the report.
        request: The request.
        entry: Number of the opened form.
        afresh: Set when the request's own transaction failed, and can be asked nothing more.
    """
    wanted = report_id(_officer(request), entry)
    if afresh:
        with transaction(request.registry.engine, context.holder, write=False) as session:
            path = path_of_report(session, wanted)
    else:
        path = path_of_report(request.db, wanted)
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
