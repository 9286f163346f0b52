"""The form for a report by telephone, at the counter or from a partner: one page, plain fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final
from uuid import UUID, uuid4

import colander
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy.exc import IntegrityError

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.text import Term
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.municipalities.areas.queries import present_neighbourhoods_of
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports import vocabulary as reports_vocabulary
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
from stopintimidatie.reports.resources import ReportResource, path_of_report
from stopintimidatie.reports.vocabulary import Source

Choices = Sequence[tuple[str, str]]
SOURCES: Final = tuple(
    (source.value, source.nl) for source in (Source.PHONE, Source.COUNTER, Source.PARTNER)
)
YES_NO: Final = (("ja", "ja"), ("nee", "liever niet"))
ADDRESS: Final = ("straat", "huisnummer", "postcode", "woonplaats")
# Where a fault in the message stands on this form; by the longest beginning of its path.
PLACES: Final[Mapping[tuple[str, ...], str]] = {
    ("hoedanigheid",): "binnen.hoedanigheid",
    ("melder",): "melder.leeftijdsgroep",
    ("melder", "telefoon"): "contact.telefoon",
    ("melder", "email"): "contact.email",
    ("melder", "naam"): "contact.naam",
    ("contactGewenst",): "contact.contactGewenst",
    ("contactWanneer",): "contact.contactWanneer",
    ("incidentVan",): "wanneer.incidentVan",
    ("locatie",): "plek.omschrijving",
    ("locatie", "lat"): "plek.lat",
    ("locatie", "lon"): "plek.lon",
    ("locatie", "adres"): "plek.straat",
    ("vormen",): "wat.vormen",
    ("omschrijving",): "wat.omschrijving",
    ("plegers",): "plegers.aantal",
    ("plegers", "signalement"): "plegers.signalement",
}


def entry_schema(neighbourhoods: Choices) -> Any:
    """What is asked of somebody who tells it to an officer."""
    schema = Schema()
    for part in (
        _how(),
        _what(),
        _when(),
        _where(neighbourhoods),
        _offenders(),
        _reporter(),
        _contact(),
    ):
        schema.add(part)
    schema.add(field(forms.Text(36), "Invoer", widget=forms.Hidden(), name="invoer"))
    return schema


def _part(name: str, title: str, *nodes: Any) -> Any:
    part = Schema(title=title, name=name)
    for node in nodes:
        part.add(node)
    return part


def _one(vocabulary: type[Term], title: str, name: str, **kw: Any) -> Any:
    """One of a vocabulary; not required unless said so."""
    kind = forms.OneOf(vocabulary.choices(), radio=kw.pop("radio", False))
    if not kw.pop("required", False):
        kw["missing"] = None
    return field(kind, title, name=name, **kw)


def _text(limit: int, title: str, name: str, *, lines: bool = False, **kw: Any) -> Any:
    return field(forms.Text(limit, lines=lines), title, name=name, missing=None, **kw)


def _how() -> Any:
    return _part(
        "binnen",
        "Hoe kwam de melding binnen?",
        field(forms.OneOf(SOURCES, radio=True), "Via", name="bron"),
        _one(
            reports_vocabulary.Role,
            "Wie vertelt het?",
            "hoedanigheid",
            required=True,
            radio=True,
        ),
    )


def _what() -> Any:
    return _part(
        "wat",
        "Wat gebeurde er?",
        field(forms.ManyOf(reports_vocabulary.Form.choices()), "Vormen", name="vormen"),
        _text(
            5000,
            "Wat er gebeurde, in de woorden van de melder",
            "omschrijving",
            lines=True,
            description="Geen namen en geen kentekens van anderen.",
        ),
        _one(reports_vocabulary.FeltSafety, "Hoe voelde het?", "ernstGevoel"),
        field(
            forms.ManyOf(reports_vocabulary.BehaviourChange.choices()),
            "Wat doet de melder nu anders?",
            name="gevolgGedrag",
            missing=(),
        ),
        _one(reports_vocabulary.Recurrence, "Gebeurt het vaker?", "herhaling"),
        _one(reports_vocabulary.Bystanders, "Waren er omstanders?", "omstanders"),
    )


def _when() -> Any:
    return _part(
        "wanneer",
        "Wanneer was het?",
        field(
            forms.Moment(),
            "Datum en tijd",
            name="incidentVan",
            validator=forms.in_past,
            description="Weet de melder de tijd niet precies? Kies ongeveer.",
        ),
        _one(reports_vocabulary.TimePrecision, "Hoe precies is dat?", "tijdNauwkeurigheid"),
        _one(reports_vocabulary.PartOfDay, "Dagdeel", "dagdeel"),
    )


def _where(neighbourhoods: Choices) -> Any:
    part = _part(
        "plek",
        "Waar was het?",
        field(forms.OneOf(neighbourhoods), "Wijk", name="wijk", missing=None),
        _one(reports_vocabulary.PlaceType, "Soort plek", "typePlek", required=True),
        _text(100, "Straat", "straat"),
        _text(100, "Huisnummer", "huisnummer", widget=forms.TextInput(width="short")),
        _text(100, "Postcode", "postcode", widget=forms.TextInput(width="short")),
        _text(100, "Woonplaats", "woonplaats"),
        _text(500, "De plek in woorden", "omschrijving", description="Bijvoorbeeld: de bushalte."),
        field(
            forms.Decimal(-90, 90),
            "Breedtegraad",
            name="lat",
            missing=None,
            description="Alleen als u een punt op de kaart hebt. Bijvoorbeeld 51,81.",
        ),
        field(forms.Decimal(-180, 180), "Lengtegraad", name="lon", missing=None),
    )
    part.validator = _somewhere
    return part


def _somewhere(node: Any, place: dict[str, Any]) -> None:
    error = colander.Invalid(node)
    for one, other in (("lat", "lon"), ("lon", "lat")):
        if place[one] is not None and place[other] is None:
            error[other] = "Vul breedtegraad en lengtegraad allebei in, of geen van beide."
    known = [name for name in ("wijk", "omschrijving", "lat", *ADDRESS) if place[name] is not None]
    if not known:
        error["wijk"] = "Kies een wijk, of schrijf hieronder een adres of de plek in woorden."
    if error.children:
        raise error


def _offenders() -> Any:
    return _part(
        "plegers",
        "Wie deed het?",
        _one(reports_vocabulary.OffenderCount, "Met hoeveel waren zij?", "aantal"),
        _one(reports_vocabulary.OffenderKnown, "Kent de melder hen?", "bekend"),
        _one(reports_vocabulary.OffenderAge, "Geschatte leeftijd", "leeftijdGeschat"),
        _one(reports_vocabulary.OffenderGender, "Gender, zoals gezien", "genderWaargenomen"),
        _one(reports_vocabulary.Transport, "Vervoermiddel", "vervoermiddel"),
        _text(
            1000,
            "Signalement",
            "signalement",
            lines=True,
            description="Alleen kleding, vervoermiddel en route. Geen naam en geen afkomst.",
            widget=forms.TextArea(rows=3),
        ),
    )


def _reporter() -> Any:
    return _part(
        "melder",
        "Over de melder",
        _one(reports_vocabulary.AgeGroup, "Leeftijd", "leeftijdsgroep"),
        _one(reports_vocabulary.Gender, "Gender", "gender"),
        _one(reports_vocabulary.Police, "Weet de politie het?", "politie"),
    )


def _contact() -> Any:
    sharing = forms.OneOf(YES_NO, radio=True)
    part = _part(
        "contact",
        "Contact en delen",
        _one(
            reports_vocabulary.ContactWish,
            "Wil de melder contact?",
            "contactGewenst",
            required=True,
            radio=True,
        ),
        _text(
            200,
            "Naam",
            "naam",
            description="Wil de melder anoniem blijven? Laat naam, telefoon en e-mail dan leeg.",
        ),
        _text(30, "Telefoon", "telefoon", widget=forms.TelInput(autocomplete="off")),
        _text(
            254,
            "E-mail",
            "email",
            widget=forms.EmailInput(autocomplete="off"),
            validator=forms.email_address,
        ),
        _text(200, "Wanneer mag u bellen?", "contactWanneer"),
        field(forms.Flag(), "De melder wil hulp", name="hulpGewenst"),
        field(sharing, "Mag het gedeeld worden met de politie?", name="politie"),
        field(sharing, "Mag het gedeeld worden met partners?", name="ketenpartners"),
    )
    part.validator = _reachable
    return part


def _reachable(node: Any, contact: dict[str, Any]) -> None:
    error = colander.Invalid(node)
    if contact["contactGewenst"] == reports_vocabulary.ContactWish.CALL and not contact["telefoon"]:
        error["telefoon"] = "Vul het telefoonnummer in, want de melder wil gebeld worden."
    if contact["contactGewenst"] == reports_vocabulary.ContactWish.MAIL and not contact["email"]:
        error["email"] = "Vul het e-mailadres in, want de melder wil een mail."
    if error.children:
        raise error


def message_of(values: Mapping[str, Any], neighbourhood: str | None) -> dict[str, Any]:
    """The form as the message that the app would have sent, to be checked by the same rules.

    :param neighbourhood: name of the chosen wijk: the place in words when nothing else is known.
    """
    contact, reporter = values["contact"], values["melder"]
    given = {name: contact[name] for name in ("naam", "telefoon", "email") if contact[name]}
    about = {name: reporter[name] for name in ("leeftijdsgroep", "gender")}
    when = values["wanneer"]
    message = {
        "hoedanigheid": values["binnen"]["hoedanigheid"],
        "anoniem": not given,
        **values["wat"],
        **when,
        "incidentVan": when["incidentVan"].astimezone(UTC).isoformat(),
        "typePlek": values["plek"]["typePlek"],
        "locatie": _location(values["plek"], neighbourhood),
        "plegers": _filled(values["plegers"]),
        "melder": _filled({**about, **given}),
        "politie": reporter["politie"],
        "contactGewenst": contact["contactGewenst"],
        "contactWanneer": contact["contactWanneer"],
        "hulpGewenst": contact["hulpGewenst"],
        "deelvoorkeur": {
            "politie": contact["politie"] == "ja",
            "ketenpartners": contact["ketenpartners"] == "ja",
        },
    }
    return _filled(message)


def _location(place: Mapping[str, Any], neighbourhood: str | None) -> dict[str, Any]:
    address = _filled({name: place[name] for name in ADDRESS})
    location = _filled({name: place[name] for name in ("lat", "lon", "omschrijving")})
    if address:
        location["adres"] = address
    if not location and neighbourhood is not None:
        location["omschrijving"] = f"In de wijk {neighbourhood}"
    return location


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in values.items() if value not in (None, "", {})}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in kept.items()}


def place_of(path: Sequence[str | int]) -> str | None:
    """The field of this form where a fault in the message belongs."""
    names = tuple(str(part) for part in path)
    for length in range(len(names), 0, -1):
        if names[:length] in PLACES:
            return PLACES[names[:length]]
    return None


# Entering a report, and the page with the follow code to read out.


PAGE = "stopintimidatie.reports.arrival:templates/entry.jinja2"


@view_config(
    context=MunicipalityResource,
    name="melding-invoeren",
    request_method=("GET", "POST"),
    permission=Permission.ENTER_REPORT,
    renderer=PAGE,
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
    entry = _uuid(values["invoer"])
    if entry is None:
        raise FormError("Deze pagina is niet meer geldig. Open haar opnieuw.")
    if request.db.get(Report, report_id(_officer(request), entry)) is not None:
        return _to_code(context, request, entry)
    given = _checked(form, values, areas)
    try:
        _receive(context, request, given, values, entry)
    except EntryError as problem:
        raise FormError(str(problem), problem.field) from None
    except IntegrityError:
        # The same form, sent twice at once: the other one has stored it.
        raise _to_code(context, request, entry, afresh=True) from None
    return _to_code(context, request, entry)


def _checked(form: Form, values: dict[str, Any], areas: dict[str, str]) -> Submission:
    """The submission, by the rules of the intake; every fault stands at its field."""
    try:
        return validate(message_of(values, areas.get(values["plek"]["wijk"] or "")), utc_now())
    except InvalidMessageError as invalid:
        first, *others = invalid.errors
        for error in others:
            form.add_error(error.message, place_of(error.path))
        raise FormError(first.message, place_of(first.path)) from None


def _receive(
    context: MunicipalityResource,
    request: Request,
    given: Submission,
    values: dict[str, Any],
    entry: UUID,
) -> None:
    registry, session = request.registry, request.db
    chosen = values["plek"]["wijk"]
    place = place_for(session, registry.locator_cache, context.holder, given.location, chosen)
    source = next(term for term in Source if term.value == values["binnen"]["bron"])
    actor = request.actor
    enter_report(session, registry.key_ring, given, place, source, actor, entry)


def _officer(request: Request) -> UUID:
    return request.identity.user_id  # type: ignore[union-attr]


def _to_code(
    context: MunicipalityResource, request: Request, entry: UUID, *, afresh: bool = False
) -> HTTPSeeOther:
    """To the page that shows the follow code; it is derived anew there.

    :param afresh: the request's own transaction failed, and can be asked nothing more.
    """
    wanted = report_id(_officer(request), entry)
    if afresh:
        with transaction(request.registry.engine, context.holder, write=False) as session:
            path = path_of_report(session, wanted)
    else:
        path = path_of_report(request.db, wanted)
    return HTTPSeeOther(f"{path}/volgcode?invoer={entry}")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@view_config(
    context=ReportResource,
    name="volgcode",
    request_method="GET",
    permission=Permission.ENTER_REPORT,
    renderer="stopintimidatie.reports.arrival:templates/follow_code.jinja2",
)
def follow_code_view(context: ReportResource, request: Request) -> dict[str, Any]:
    """The follow code, for half an hour and only for who entered the report."""
    entry = _uuid(dict(query_pairs(request)).get("invoer", ""))
    code = entry and code_to_read_out(
        request.registry.key_ring, context.report, _officer(request), entry
    )
    if not code:
        raise HTTPNotFound()
    return {"code": code, "report": context.report, "here": request.resource_path(context)}
