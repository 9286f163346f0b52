"""Fields of a report, declared once; whoever needs them derives them from here.

A `Submission` is everything a reporter (or an officer on their behalf) said. The type of an
attribute says what it takes: a vocabulary, several of one, a text, a moment, yes or no. Its `Facts`
say the rest: its name in the message of the app, what it is, how long it may be, the column that
keeps it, the words for it, whether it is personal and whether it leaves with the report. From these
come the check and the JSON schema of the message, the row, the lines of the summary, the forms,
what goes along at a hand-over and what is redacted. Nothing here can hold an offender's name,
origin, religion or BSN: there is no field for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from stopintimidatie.core.storage.personal import Treatment
from stopintimidatie.core.text import Term
from stopintimidatie.reports.vocabulary import (
    AgeGroup,
    BehaviourChange,
    Bystanders,
    ContactWish,
    FeltSafety,
    Form,
    Gender,
    Language,
    LocationSource,
    OffenderAge,
    OffenderCount,
    OffenderGender,
    OffenderKnown,
    PartOfDay,
    PlaceType,
    Police,
    Recurrence,
    Role,
    TimePrecision,
    Transport,
)


@dataclass(frozen=True)
class Facts:
    """Facts about a field, besides its type.

    Args:
        name: Its way in the message, with dots; None when the message doesn't have it.
        about: What it is, for who builds an app.
        column: Of the report's own row; empty: named as its attribute; None: kept apart.
        label: The word for it on the page of a report.
        least: The smallest number.
        most: The largest number, or how long a text may be.
        like: What a text must be besides: `telefoon` or `email`.
        unknown: Whether null says that it isn't known.
        no: The word on its page for false.
        personal: What redacting and erasing do with its column; None: nothing.
        erased: What is lost of a person, in the words of who erases a report.
        leaves: Whether the row is without it once the report was handed over.
    """

    name: str | None
    about: str = ""
    column: str | None = ""
    label: str = ""
    least: int = 0
    most: int = 0
    like: str = ""
    unknown: bool = False
    no: str = "nee"
    example: Any = None
    personal: Treatment | None = None
    erased: str = ""
    leaves: bool = False


@dataclass(frozen=True)
class Group(Facts):
    """Facts about fields that stand together in the message, and perhaps in one column."""

    column: str | None = None
    required: bool = False
    not_empty: bool = False


_ANSWERS: Final = (
    "Antwoorden op eigen vragen van de gemeente, onder het `id` dat `GET /formulier` gaf. Bij"
    " `keuze` een code, bij `meerkeuze` een lijst van codes, bij `tekst` een tekst, bij"
    " `ja_nee` true of false; null: gevraagd, en niet beantwoord. Een vraag die intussen anders"
    " is, mag nog beantwoord worden zoals zij gesteld is."
)


# fmt: off
@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Address, as far as it was given."""

    street: Annotated[str | None, Facts(
        "locatie.adres.straat", "Straatnaam.", most=100, example="Spuiboulevard"
    )] = None
    house_number: Annotated[str | None, Facts(
        "locatie.adres.huisnummer", "Huisnummer met toevoeging, als tekst.", most=100,
        example="99"
    )] = None
    postcode: Annotated[str | None, Facts(
        "locatie.adres.postcode", "Postcode.", most=100, example="3311 GN"
    )] = None
    town: Annotated[str | None, Facts(
        "locatie.adres.woonplaats", "Woonplaats.", most=100, example="Dordrecht"
    )] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transit:
    """Place in public transport: who runs it, which line, which way, which stop."""

    operator: Annotated[str | None, Facts(
        "locatie.ov.vervoerder", "Vervoerder.", most=100, example="Qbuzz"
    )] = None
    line: Annotated[str | None, Facts("locatie.ov.lijn", "Lijn.", most=100, example="3")] = None
    direction: Annotated[str | None, Facts(
        "locatie.ov.richting", "Richting.", most=100, example="Sterrenburg"
    )] = None
    stop: Annotated[str | None, Facts(
        "locatie.ov.halte", "Halte of station.", most=100, example="Centraal Station"
    )] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Place where it happened: a point, an address, public transport, or at least words."""

    lat: Annotated[float | None, Facts(
        "locatie.lat", "Breedtegraad (WGS 84).", least=-90, most=90, example=51.8133,
        personal=Treatment.SEALED, erased="punt op de kaart", leaves=True
    )] = None
    lon: Annotated[float | None, Facts(
        "locatie.lon", "Lengtegraad (WGS 84).", least=-180, most=180, example=4.669,
        personal=Treatment.SEALED, erased="punt op de kaart", leaves=True
    )] = None
    accuracy_m: Annotated[int | None, Facts(
        "locatie.nauwkeurigheidM", "Nauwkeurigheid van het punt in meters.", most=1_000_000,
        personal=Treatment.SEALED, erased="nauwkeurigheid van het punt", leaves=True
    )] = None
    source: Annotated[LocationSource | None, Facts(
        "locatie.bron", "Hoe de plek bepaald is.", column="location_source", leaves=True
    )] = None
    address: Annotated[Address | None, Group(
        "locatie.adres", "Het adres, als er geen punt op de kaart is.", column="", label="Adres",
        personal=Treatment.TEXT, erased="adres", leaves=True, not_empty=True
    )] = None
    transit: Annotated[Transit | None, Group(
        "locatie.ov", "De plek in het openbaar vervoer.", column="", label="Openbaar vervoer",
        personal=Treatment.TEXT, erased="openbaar vervoer", leaves=True, not_empty=True
    )] = None
    description: Annotated[str | None, Facts(
        "locatie.omschrijving", "De plek in woorden.", column="location_text",
        label="Plek in woorden", most=500, example="bij de bushalte", personal=Treatment.TEXT,
        erased="plek in woorden", leaves=True
    )] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offenders:
    """People who did it, as far as could be seen."""

    count: Annotated[OffenderCount | None, Facts(
        "plegers.aantal", "Met hoeveel zij waren.", column="offender_count", label="Aantal",
        leaves=True
    )] = None
    in_group: Annotated[bool | None, Facts(
        "plegers.groep", "Of zij als groep optraden; null als dat niet bekend is.",
        column="offender_in_group", label="In een groep", unknown=True, leaves=True
    )] = None
    known: Annotated[OffenderKnown | None, Facts(
        "plegers.bekend", "Of de melder hen kende.", column="offender_known",
        label="Bekende van de melder", leaves=True
    )] = None
    age_estimate: Annotated[OffenderAge | None, Facts(
        "plegers.leeftijdGeschat", "Geschatte leeftijd.", column="offender_age",
        label="Geschatte leeftijd", personal=Treatment.SEALED, erased="leeftijd van de dader",
        leaves=True
    )] = None
    gender: Annotated[OffenderGender | None, Facts(
        "plegers.genderWaargenomen", "Gender, zoals waargenomen.", column="offender_gender",
        label="Gender, zoals gezien", personal=Treatment.SEALED, erased="geslacht van de dader",
        leaves=True
    )] = None
    appearance: Annotated[str | None, Facts(
        "plegers.signalement", "Alleen kleding, vervoermiddel en route.",
        column="offender_appearance", label="Signalement", most=1000, personal=Treatment.TEXT,
        erased="signalement", leaves=True
    )] = None
    transport: Annotated[Transport | None, Facts(
        "plegers.vervoermiddel", "Vervoermiddel.", column="offender_transport",
        label="Vervoermiddel", leaves=True
    )] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Name and contact data; stored apart and encrypted, so kept out of every repr."""

    name: Annotated[str | None, Facts(
        "melder.naam", "Naam.", column=None, most=200
    )] = field(default=None, repr=False)
    phone: Annotated[str | None, Facts(
        "melder.telefoon", "Telefoonnummer.", column=None, most=30, like="telefoon",
        example="06 12345678"
    )] = field(default=None, repr=False)
    email: Annotated[str | None, Facts(
        "melder.email", "E-mailadres.", column=None, most=254, like="email",
        example="iemand@example.org"
    )] = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """App that sent it; no address and no device id."""

    platform: Annotated[str | None, Facts(
        "client.platform", "Platform.", column="client_platform", most=40, example="android"
    )] = None
    app_version: Annotated[str | None, Facts(
        "client.appVersie", "Versie van de app.", column="client_app_version", most=40,
        example="3.2.0"
    )] = None
    # The code in the address by which a municipality led people to /melden.
    campaign: Annotated[str | None, Facts(None, label="Campagne", most=40)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """All that a reporter said, or an officer on their behalf; times are aware UTC."""

    role: Annotated[Role, Facts("hoedanigheid", "Wie meldt.", label="Wie meldt")]
    language: Annotated[Language, Facts(
        "taal", "Taal van de melder; nl als zij ontbreekt.", label="Taal van de melder"
    )] = Language.NL
    anonymous: Annotated[bool, Facts("anoniem", "Zonder naam en contactgegevens.")]
    incident_start: Annotated[datetime, Facts(
        "incidentVan", "Wanneer het gebeurde (of begon). Niet voor 2000, niet in de toekomst.",
        label="Gebeurd", example="2026-11-20T22:40:00+01:00"
    )]
    incident_end: Annotated[datetime | None, Facts(
        "incidentTot", "Wanneer het ophield; niet voor `incidentVan`."
    )] = None
    time_precision: Annotated[TimePrecision | None, Facts(
        "tijdNauwkeurigheid",
        "Hoe precies de tijd is. Zonder dit veld tonen wij de tijd zoals u hem stuurt."
    )] = None
    part_of_day: Annotated[PartOfDay | None, Facts("dagdeel", "Dagdeel.")] = None
    recurrence: Annotated[Recurrence | None, Facts(
        "herhaling", "Of het vaker gebeurde.", label="Gebeurt vaker"
    )] = None
    location: Annotated[Location, Group(
        "locatie",
        "Waar het gebeurde: een punt (`lat` en `lon`), een adres, ov, of ten minste een"
        " omschrijving.",
        required=True
    )]
    place_type: Annotated[PlaceType, Facts("typePlek", "Soort plek.", label="Soort plek")]
    forms: Annotated[tuple[Form, ...], Facts(
        "vormen", "Wat er gebeurde; een of meer.", column=None, label="Vormen"
    )]
    felt_safety: Annotated[FeltSafety | None, Facts(
        "ernstGevoel", "Hoe het voelde.", label="Gevoel", leaves=True
    )] = None
    behaviour_changes: Annotated[tuple[BehaviourChange, ...], Facts(
        "gevolgGedrag", "Wat de melder sindsdien anders doet.", label="Doet nu anders",
        personal=Treatment.CODES, leaves=True
    )] = ()
    description: Annotated[str | None, Facts(
        "omschrijving", "Wat er gebeurde, in eigen woorden. Geen namen of kentekens.", most=5000,
        personal=Treatment.TEXT, erased="verhaal", leaves=True
    )] = field(default=None, repr=False)
    offenders: Annotated[Offenders, Group(
        "plegers", "Wie het deed, voor zover te zien was. Geen namen, geen afkomst."
    )] = Offenders()
    bystanders: Annotated[Bystanders | None, Facts(
        "omstanders", "Of er mensen bij waren.", label="Omstanders", leaves=True
    )] = None
    reporter_age_group: Annotated[AgeGroup | None, Facts(
        "melder.leeftijdsgroep", "Leeftijdsgroep.", label="Leeftijd", personal=Treatment.SEALED,
        erased="leeftijd van de melder", leaves=True
    )] = None
    reporter_gender: Annotated[Gender | None, Facts(
        "melder.gender", "Gender.", label="Gender", personal=Treatment.SEALED,
        erased="geslacht van de melder", leaves=True
    )] = None
    contact: Annotated[Contact | None, Group(
        "melder", "Over de melder. Naam, telefoon en e-mail alleen als `anoniem` false is."
    )] = None
    wants_contact: Annotated[ContactWish, Facts(
        "contactGewenst", "Of en hoe contact.", label="Wil contact"
    )]
    contact_when: Annotated[str | None, Facts(
        "contactWanneer", "Wanneer bellen mag, en of de voicemail mag.", column=None, most=200
    )] = field(default=None, repr=False)
    wants_support: Annotated[bool | None, Facts(
        "hulpGewenst", "Of de melder hulp wil.", label="Wil hulp", leaves=True
    )] = None
    police: Annotated[Police | None, Facts(
        "politie", "Of de politie het weet.", label="Politie", leaves=True
    )] = None
    share_with_police: Annotated[bool, Facts(
        "deelvoorkeur.politie", "Met de politie.", label="Delen met de politie", no="liever niet"
    )]
    share_with_partners: Annotated[bool, Facts(
        "deelvoorkeur.ketenpartners", "Met andere partners van de gemeente.",
        label="Delen met partners", no="liever niet"
    )]
    # Answers to the municipality's own questions: (name of the question, answer).
    own_answers: Annotated[tuple[tuple[str, Any], ...], Facts(
        "antwoorden", _ANSWERS, personal=Treatment.TEXT,
        erased="antwoorden op vragen van de gemeente", leaves=True
    )] = field(default=(), repr=False)
    client: Annotated[Client, Group(
        "client", "De app. Geen IP-adres en geen toestelnummer."
    )] = Client()
# fmt: on


# An object of the message without a class of its own here.
SHARING: Final = Group(
    "deelvoorkeur",
    "Met wie de melder wil dat er gedeeld wordt: een voorkeur, geen grondslag.",
    required=True,
)


@dataclass(frozen=True)
class Field:
    """Field as it was declared: the way to its attribute, what it takes, and its facts."""

    attribute: str
    column: str | None
    # The class of one value: a vocabulary, `str`, `bool`, `datetime`, `float`, `int`, or a part.
    kind: Any
    several: bool
    required: bool
    facts: Facts

    @property
    def name(self) -> str:
        """Return its way in the message, with dots; empty when the message doesn't have it."""
        return self.facts.name or ""

    @property
    def way(self) -> list[str]:
        """Return the names that lead to it in the message."""
        return self.name.split(".")

    def terms(self, value: Any) -> Any:
        """Turn a code, or codes, into terms; return other values as they are."""
        if self.vocabulary is None:
            return value
        of = self.vocabulary.of
        return tuple(of(code) for code in value) if self.several else of(value)

    @property
    def vocabulary(self) -> type[Term] | None:
        """Return the closed list it takes from, if any."""
        return self.kind if isinstance(self.kind, type) and issubclass(self.kind, Term) else None


def _declared(part: type[Any], way: str = "", *, apart: bool = False) -> Iterator[Field]:
    """Yield every field of a part, and after an inner part all that is in it.

    Args:
        part: Class of the part.
        way: Way to the part, ending in a dot.
        apart: Set when the part has a column of its own, or none.
    """
    hints = get_type_hints(part, include_extras=True)
    for attribute in fields(part):
        hint, facts = get_args(hints[attribute.name])
        kind, several = _kind_of(hint)
        column = None if apart or facts.column is None else facts.column or attribute.name
        required = attribute.default is MISSING
        yield Field(way + attribute.name, column, kind, several, required, facts)
        if isinstance(facts, Group):
            yield from _declared(kind, f"{way}{attribute.name}.", apart=column is not None)


def _kind_of(hint: Any) -> tuple[Any, bool]:
    """Return the class of one value, and whether there may be more."""
    if isinstance(hint, UnionType):
        return get_args(hint)[0], False
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True
    return hint, False


_ALL: Final = tuple(_declared(Submission))
FIELDS: Final = tuple(declared for declared in _ALL if not isinstance(declared.facts, Group))
_GROUPS: Final = [declared.facts for declared in _ALL if isinstance(declared.facts, Group)]
GROUPS: Final = {str(group.name): group for group in (*_GROUPS, SHARING)}
BY_COLUMN: Final = {declared.column: declared for declared in _ALL if declared.column is not None}
BY_NAME: Final = {declared.name: declared for declared in FIELDS if declared.name}
_PARTS: Final = {
    declared.attribute: declared.kind for declared in _ALL if isinstance(declared.facts, Group)
}
_READ: Final = {column: attrgetter(declared.attribute) for column, declared in BY_COLUMN.items()}


def submission_with(said: Mapping[str, Any]) -> Submission:
    """Make the submission with these values, each by the way to its attribute."""
    parts: dict[str, dict[str, Any]] = {"": {}}
    for attribute, value in said.items():
        way, _, name = attribute.rpartition(".")
        parts.setdefault(way, {})[name] = value
    # A part within a part was declared after it, and must be made before it.
    for way, part in reversed(_PARTS.items()):
        if way in parts:
            above, _, name = way.rpartition(".")
            parts.setdefault(above, {})[name] = part(**parts[way])
    return Submission(**parts[""])


def columns_of(given: Submission) -> dict[str, Any]:
    """Return what the report's own row keeps, but for the answers to own questions."""
    return {column: _kept(read(given)) for column, read in _READ.items()}


def _kept(value: Any) -> Any:
    """Return a value as a column holds it: codes, and a part as what is filled in of it."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_kept(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: part for name, part in asdict(value).items() if part is not None} or None
    return value
