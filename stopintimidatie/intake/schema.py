"""The one declaration of a report's message: what is checked and what OpenAPI promises.

`validate` names every wrong field at once, or returns the `Submission` that `reports.receive()`
takes. A rule between fields stands here with its check, its words and, where JSON Schema can say
it, its schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import colander

from stopintimidatie.intake.fields import (
    GRACE,
    Check,
    Code,
    Description,
    Email,
    FieldError,
    Flag,
    ListOf,
    Moment,
    Number,
    Path,
    Phone,
    Record,
    Text,
    Whole,
    describe,
    errors_of,
    field,
)
from stopintimidatie.intake.own_answers import OwnAnswers
from stopintimidatie.register.boxes import BOXES, Box, inside_netherlands
from stopintimidatie.reports import vocabulary as words
from stopintimidatie.reports.submission import (
    Address,
    Client,
    Contact,
    Location,
    Offenders,
    Submission,
    Transit,
)

MOST_ERRORS = 100


LAT = field("lat", Number(-90, 90), "Breedtegraad (WGS 84).", example=51.8133)
LON = field("lon", Number(-180, 180), "Lengtegraad (WGS 84).", example=4.669)

_ADDRESS = field(
    "adres",
    Record(at_least_one=True),
    "Het adres, als er geen punt op de kaart is.",
    field("straat", Text(100), "Straatnaam.", example="Spuiboulevard"),
    field("huisnummer", Text(100), "Huisnummer met toevoeging, als tekst.", example="99"),
    field("postcode", Text(100), "Postcode.", example="3311 GN"),
    field("woonplaats", Text(100), "Woonplaats.", example="Dordrecht"),
)
_TRANSIT = field(
    "ov",
    Record(at_least_one=True),
    "De plek in het openbaar vervoer.",
    field("vervoerder", Text(100), "Vervoerder.", example="Qbuzz"),
    field("lijn", Text(100), "Lijn.", example="3"),
    field("richting", Text(100), "Richting.", example="Sterrenburg"),
    field("halte", Text(100), "Halte of station.", example="Centraal Station"),
)
_LOCATION = field(
    "locatie",
    Record(),
    "Waar het gebeurde: een punt (`lat` en `lon`), een adres, ov, of ten minste een omschrijving.",
    LAT,
    LON,
    field("nauwkeurigheidM", Whole(0, 1_000_000), "Nauwkeurigheid van het punt in meters."),
    field("bron", Code(words.LocationSource), "Hoe de plek bepaald is."),
    _ADDRESS,
    _TRANSIT,
    field("omschrijving", Text(500), "De plek in woorden.", example="bij de bushalte"),
    required=True,
)
_OFFENDERS = field(
    "plegers",
    Record(),
    "Wie het deed, voor zover te zien was. Geen namen, geen afkomst.",
    field("aantal", Code(words.OffenderCount), "Met hoeveel zij waren."),
    field("groep", Flag(nullable=True), "Of zij als groep optraden; null als dat niet bekend is."),
    field("bekend", Code(words.OffenderKnown), "Of de melder hen kende."),
    field("leeftijdGeschat", Code(words.OffenderAge), "Geschatte leeftijd."),
    field("genderWaargenomen", Code(words.OffenderGender), "Gender, zoals waargenomen."),
    field("signalement", Text(1000), "Alleen kleding, vervoermiddel en route."),
    field("vervoermiddel", Code(words.Transport), "Vervoermiddel."),
)
_REPORTER = field(
    "melder",
    Record(),
    "Over de melder. Naam, telefoon en e-mail alleen als `anoniem` false is.",
    field("leeftijdsgroep", Code(words.AgeGroup), "Leeftijdsgroep."),
    field("gender", Code(words.Gender), "Gender."),
    field("naam", Text(200), "Naam."),
    field("telefoon", Phone(), "Telefoonnummer.", example="06 12345678"),
    field("email", Email(), "E-mailadres.", example="iemand@example.org"),
)

MESSAGE = field(
    "",
    Record(),
    "Een melding van straatintimidatie.",
    field("hoedanigheid", Code(words.Role), "Wie meldt.", required=True),
    field("taal", Code(words.Language), "Taal van de melder; nl als zij ontbreekt."),
    field("anoniem", Flag(), "Zonder naam en contactgegevens.", required=True),
    field(
        "incidentVan",
        Moment(),
        "Wanneer het gebeurde (of begon). Niet voor 2000, niet in de toekomst.",
        required=True,
        example="2026-11-20T22:40:00+01:00",
    ),
    field("incidentTot", Moment(), "Wanneer het ophield; niet voor `incidentVan`."),
    field("tijdNauwkeurigheid", Code(words.TimePrecision), "Hoe precies de tijd is."),
    field("dagdeel", Code(words.PartOfDay), "Dagdeel."),
    field("herhaling", Code(words.Recurrence), "Of het vaker gebeurde."),
    _LOCATION,
    field("typePlek", Code(words.PlaceType), "Soort plek.", required=True),
    field(
        "vormen",
        ListOf(most=len(words.Form), least=1),
        "Wat er gebeurde; een of meer.",
        field("", Code(words.Form), ""),
        required=True,
    ),
    field("ernstGevoel", Code(words.FeltSafety), "Hoe het voelde."),
    field(
        "gevolgGedrag",
        ListOf(most=len(words.BehaviourChange)),
        "Wat de melder sindsdien anders doet.",
        field("", Code(words.BehaviourChange), ""),
    ),
    field(
        "omschrijving", Text(5000), "Wat er gebeurde, in eigen woorden. Geen namen of kentekens."
    ),
    _OFFENDERS,
    field("omstanders", Code(words.Bystanders), "Of er mensen bij waren."),
    _REPORTER,
    field("contactGewenst", Code(words.ContactWish), "Of en hoe contact.", required=True),
    field("contactWanneer", Text(200), "Wanneer bellen mag, en of de voicemail mag."),
    field("hulpGewenst", Flag(), "Of de melder hulp wil."),
    field("politie", Code(words.Police), "Of de politie het weet."),
    field(
        "deelvoorkeur",
        Record(),
        "Met wie de melder wil dat er gedeeld wordt: een voorkeur, geen grondslag.",
        field("politie", Flag(), "Met de politie.", required=True),
        field("ketenpartners", Flag(), "Met andere partners van de gemeente.", required=True),
        required=True,
    ),
    field(
        "antwoorden",
        OwnAnswers(),
        "Antwoorden op eigen vragen van de gemeente, onder het `id` dat `GET /formulier` gaf. Bij"
        " `keuze` een code, bij `meerkeuze` een lijst van codes, bij `tekst` een tekst, bij"
        " `ja_nee` true of false; null: gevraagd, en niet beantwoord. Een vraag die intussen anders"
        " is, mag nog beantwoord worden zoals zij gesteld is.",
    ),
    field(
        "client",
        Record(),
        "De app. Geen IP-adres en geen toestelnummer.",
        field("platform", Text(40), "Platform.", example="android"),
        field("appVersie", Text(40), "Versie van de app.", example="3.2.0"),
    ),
)

Message = dict[str, Any]


def _anonymous_without_contact(message: Message, now: datetime) -> Iterator[FieldError]:
    if message.get("anoniem") is True:
        for name in _CONTACT:
            if name in message.get("melder", {}):
                yield FieldError(
                    ("melder", name),
                    "Bij een anonieme melding horen geen naam en contactgegevens. "
                    "Laat dit weg, of zet anoniem op false.",
                )


def _reachable(message: Message, now: datetime) -> Iterator[FieldError]:
    needed = _NEEDED.get(message.get("contactGewenst", ""))
    if needed and message.get("anoniem") is True:
        yield FieldError(("contactGewenst",), "Dit kan niet anoniem. Kies via_app of nee.")
    elif needed and needed not in message.get("melder", {}):
        yield FieldError(
            ("melder", needed), f"Vul {needed} in, want de melder wil daarmee bereikt worden."
        )


def _order_of_times(message: Message, now: datetime) -> Iterator[FieldError]:
    for name in ("incidentVan", "incidentTot"):
        if name in message and message[name] > now + GRACE:
            yield FieldError((name,), "Dit ligt in de toekomst. Kijk de datum en de tijdzone na.")
    start, end = message.get("incidentVan"), message.get("incidentTot")
    if start and end and end < start:
        yield FieldError(("incidentTot",), "Dit ligt voor incidentVan. Draai ze om.")


def _somewhere(message: Message, now: datetime) -> Iterator[FieldError]:
    place = message.get("locatie")
    if place is None:
        return
    for one, other in (("lat", "lon"), ("lon", "lat")):
        if one in place and other not in place:
            yield FieldError(("locatie", other), f"Geef lat en lon samen: {other} ontbreekt.")
    if not {"lat", "lon"} & place.keys() and not _described(place):
        yield FieldError(
            ("locatie",), "Geef een punt (lat en lon), een adres, ov of een omschrijving."
        )


def _described(place: dict[str, Any]) -> bool:
    return any(place.get(name) for name in ("adres", "ov", "omschrijving"))


def _point_in_the_netherlands(message: Message, now: datetime) -> Iterator[FieldError]:
    place = message.get("locatie", {})
    lat, lon = place.get("lat"), place.get("lon")
    if lat is not None and lon is not None and not inside_netherlands(lat, lon):
        for name in ("lat", "lon"):
            yield FieldError(
                ("locatie", name),
                "Dit punt ligt niet in Nederland. Kijk na of lat en lon niet omgedraaid zijn.",
            )


_CONTACT = ("naam", "telefoon", "email")
_NEEDED = {words.ContactWish.CALL: "telefoon", words.ContactWish.MAIL: "email"}
# What is left of a text when blanks and control characters go.
_NOT_BLANK = {"type": "string", "pattern": r"[^\s\u0000-\u001f\u007f-\u009f]"}


def _if_contact_wish(code: str, needed: str) -> Description:
    return {
        "if": {"properties": {"contactGewenst": {"const": code}}, "required": ["contactGewenst"]},
        "then": {
            "required": ["melder"],
            "properties": {"melder": {"required": [needed], "properties": {needed: _NOT_BLANK}}},
        },
    }


_IF_ANONYMOUS: Description = {
    "if": {"properties": {"anoniem": {"const": True}}, "required": ["anoniem"]},
    "then": {"properties": {"melder": {"properties": dict.fromkeys(_CONTACT, False)}}},
}


def _any_text_of(node: colander.SchemaNode) -> Description:
    return {
        "anyOf": [
            {"required": [child.name], "properties": {child.name: _NOT_BLANK}}
            for child in node.children
        ]
    }


def _inside(box: Box) -> Description:
    return {
        "properties": {
            "lat": {"minimum": box.south, "maximum": box.north},
            "lon": {"minimum": box.west, "maximum": box.east},
        }
    }


_PLACE: Description = {
    "dependentRequired": {"lat": ["lon"], "lon": ["lat"]},
    "anyOf": [
        {"required": ["lat", "lon"]},
        {"required": ["adres"], "properties": {"adres": _any_text_of(_ADDRESS)}},
        {"required": ["ov"], "properties": {"ov": _any_text_of(_TRANSIT)}},
        {"required": ["omschrijving"], "properties": {"omschrijving": _NOT_BLANK}},
    ],
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule between fields: how it is checked, and how JSON Schema says it (if it can)."""

    about: str
    check: Check
    schemas: tuple[Description, ...] = ()


RULES = (
    Rule("Anoniem is zonder contactgegevens.", _anonymous_without_contact, (_IF_ANONYMOUS,)),
    Rule(
        "`bellen` vraagt `melder.telefoon`, `mailen` vraagt `melder.email`.",
        _reachable,
        tuple(_if_contact_wish(code.value, needed) for code, needed in _NEEDED.items()),
    ),
    Rule(
        "Tijden liggen niet in de toekomst (vijf minuten speling), `incidentTot` niet voor "
        "`incidentVan`.",
        _order_of_times,
    ),
    Rule(
        "`locatie` heeft `lat` en `lon`, of `adres`, of `ov`, of ten minste `omschrijving`.",
        _somewhere,
        ({"properties": {"locatie": _PLACE}},),
    ),
    Rule(
        "Een punt ligt in of rond Europees of Caribisch Nederland.",
        _point_in_the_netherlands,
        ({"properties": {"locatie": {"anyOf": [_inside(box) for box in BOXES]}}},),
    ),
)


def message_schema() -> Description:
    """The JSON Schema of the message, rules included."""
    described = describe(MESSAGE)
    described["description"] += " " + " ".join(rule.about for rule in RULES)
    described["allOf"] = [schema for rule in RULES for schema in rule.schemas]
    return described


class InvalidMessageError(Exception):
    """The message can't be taken; `errors` names every wrong field."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(f"{len(errors)} wrong fields")
        self.errors = errors


def validate(value: Any, now: datetime) -> Submission:
    """The submission that this JSON value is, or InvalidMessageError with all that is wrong."""
    message, errors = _check(value)
    for rule in RULES:
        errors += [e for e in rule.check(message, now) if not _named(e.path, errors)]
    if errors:
        raise InvalidMessageError(sorted(errors, key=_reading_order)[:MOST_ERRORS])
    return _submission(message)


def _check(value: Any) -> tuple[Message, list[FieldError]]:
    try:
        return MESSAGE.deserialize(value), []
    except colander.Invalid as invalid:
        return getattr(invalid, "partial", {}), list(errors_of(invalid))


def _named(path: Path, errors: list[FieldError]) -> bool:
    """Whether this place, or something inside it, has been named already."""
    return any(e.path[: len(path)] == path for e in errors)


_ORDER = {child.name: position for position, child in enumerate(MESSAGE.children)}


def _reading_order(error: FieldError) -> tuple[int, str]:
    first = error.path[0] if error.path else ""
    return _ORDER.get(str(first), len(_ORDER)), error.pointer


def _submission(message: Message) -> Submission:
    reporter = message.get("melder", {})
    sharing = message["deelvoorkeur"]
    return Submission(
        role=message["hoedanigheid"],
        language=message.get("taal", words.Language.NL),
        anonymous=message["anoniem"],
        incident_start=message["incidentVan"],
        incident_end=message.get("incidentTot"),
        time_precision=message.get("tijdNauwkeurigheid"),
        part_of_day=message.get("dagdeel"),
        recurrence=message.get("herhaling"),
        location=_location(message["locatie"]),
        place_type=message["typePlek"],
        forms=message["vormen"],
        felt_safety=message.get("ernstGevoel"),
        behaviour_changes=message.get("gevolgGedrag", ()),
        description=message.get("omschrijving"),
        offenders=_offenders(message.get("plegers", {})),
        bystanders=message.get("omstanders"),
        reporter_age_group=reporter.get("leeftijdsgroep"),
        reporter_gender=reporter.get("gender"),
        contact=_contact(reporter),
        wants_contact=message["contactGewenst"],
        contact_when=message.get("contactWanneer"),
        wants_support=message.get("hulpGewenst"),
        police=message.get("politie"),
        share_with_police=sharing["politie"],
        share_with_partners=sharing["ketenpartners"],
        client=_client(message.get("client", {})),
        own_answers=tuple(message.get("antwoorden", {}).items()),
    )


def _location(place: dict[str, Any]) -> Location:
    address, transit = place.get("adres"), place.get("ov")
    return Location(
        lat=place.get("lat"),
        lon=place.get("lon"),
        accuracy_m=place.get("nauwkeurigheidM"),
        source=place.get("bron"),
        address=_address(address) if address else None,
        transit=_transit(transit) if transit else None,
        description=place.get("omschrijving"),
    )


def _address(address: dict[str, str]) -> Address:
    return Address(
        street=address.get("straat"),
        house_number=address.get("huisnummer"),
        postcode=address.get("postcode"),
        town=address.get("woonplaats"),
    )


def _transit(transit: dict[str, str]) -> Transit:
    return Transit(
        operator=transit.get("vervoerder"),
        line=transit.get("lijn"),
        direction=transit.get("richting"),
        stop=transit.get("halte"),
    )


def _offenders(offenders: dict[str, Any]) -> Offenders:
    return Offenders(
        count=offenders.get("aantal"),
        in_group=offenders.get("groep"),
        known=offenders.get("bekend"),
        age_estimate=offenders.get("leeftijdGeschat"),
        gender=offenders.get("genderWaargenomen"),
        appearance=offenders.get("signalement"),
        transport=offenders.get("vervoermiddel"),
    )


def _contact(reporter: dict[str, str]) -> Contact | None:
    if not any(name in reporter for name in _CONTACT):
        return None
    return Contact(
        name=reporter.get("naam"), phone=reporter.get("telefoon"), email=reporter.get("email")
    )


def _client(client: dict[str, str]) -> Client:
    return Client(platform=client.get("platform"), app_version=client.get("appVersie"))
