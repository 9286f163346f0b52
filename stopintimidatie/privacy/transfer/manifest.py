"""The metadata of a package in XML: MDTO 1.0.1 of the Nationaal Archief. Pure.

One file tells of one thing: an `informatieobject` (the dossier, and each record in it) or a
`bestand` (a file of a record). The order of elements is that of the schema.
https://www.nationaalarchief.nl/archiveren/mdto
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from xml.etree import ElementTree

SPACE: Final = "https://www.nationaalarchief.nl/mdto"
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_LOCATION: Final = f"{SPACE} {SPACE}/MDTO-XML1.0.1.xsd"
# The list in which the format of a file is looked up: its media type.
FORMATS: Final = "IANA Media Types"
_LEVELS: Final = "Begrippenlijst Aggregatieniveaus MDTO"
_EVENTS: Final = "Begrippenlijst EventTypen MDTO"
_VALUES: Final = "Begrippenlijst Waarderingen MDTO"
_CHECKSUMS: Final = "Begrippenlijst ChecksumAlgoritme MDTO"
_OWN: Final = "Stopintimidatie"
RESTRICTED: Final = (
    "Bevat persoonsgegevens. Voorstel: beperkt openbaar om de persoonlijke levenssfeer te"
    " eerbiedigen ({}). De archivaris stelt de beperking vast bij het overbrengen."
)


@dataclass(frozen=True, slots=True)
class Source:
    """The dossier, as far as every part of the package names it.

    Args:
        number: of the dossier.
        code: of the municipality, as CBS writes it.
        moment: on which the package was made, also when it is made again.
        law: the archive law in force at that moment, with its article about limited openness.
    """

    number: str
    title: str
    municipality: str
    code: str
    neighbourhood: str
    begun: date
    closed: date
    moment: datetime
    category: str
    selection_list: str
    law: str

    @property
    def origin(self) -> str:
        """The system that the numbers are of."""
        return f"{_OWN}, gemeente {self.municipality}"

    @property
    def name(self) -> str:
        """The name of the dossier."""
        return f"Dossier {self.number}: {self.title}" if self.title else f"Dossier {self.number}"


@dataclass(frozen=True, slots=True)
class Part:
    """A record of the dossier: its number within the package, its name, its files."""

    number: str
    name: str
    files: tuple[Described, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A file of a record."""

    number: str
    name: str
    media_type: str
    size: int
    sha256: str


def dossier_xml(source: Source, parts: Sequence[Part], remarks: Sequence[str] = ()) -> bytes:
    """Describe the dossier, with its records by name.

    `remarks`: sentences on what isn't in it.
    """
    element = _object(source, source.number, source.name, "Dossier")
    for remark in remarks:
        _text(element, "omschrijving", remark)
    period = _under(element, "dekkingInTijd")
    _term(period, "dekkingInTijdType", "Looptijd van het dossier", _OWN)
    _text(period, "dekkingInTijdBegindatum", source.begun.isoformat())
    _text(period, "dekkingInTijdEinddatum", source.closed.isoformat())
    _reference(element, "dekkingInRuimte", f"{source.neighbourhood}, {source.municipality}")
    _text(element, "taal", "nl")
    for label, when in (
        ("Creatie", source.begun.isoformat()),
        ("Afsluiting", source.closed.isoformat()),
        ("Export", _moment(source.moment)),
    ):
        event = _under(element, "event")
        _term(event, "eventType", label, _EVENTS)
        _text(event, "eventTijd", when)
    _value(element, source)
    for part in parts:
        _reference(element, "bevatOnderdeel", part.name, part.number, source.origin)
    _close(element, source)
    return _written(element)


def part_xml(source: Source, part: Part) -> bytes:
    """Describe a record, with its files by name."""
    element = _object(source, part.number, part.name, "Archiefstuk")
    _text(element, "taal", "nl")
    _value(element, source)
    _reference(element, "isOnderdeelVan", source.name, source.number, source.origin)
    for file in part.files:
        _reference(element, "heeftRepresentatie", file.name, file.number, source.origin)
    _close(element, source)
    return _written(element)


def file_xml(source: Source, part: Part, file: Described) -> bytes:
    """Describe a file: size, format, checksum, and the record that it is of."""
    element = ElementTree.Element("bestand")
    _identity(element, "identificatie", file.number, source.origin)
    _text(element, "naam", file.name)
    _text(element, "omvang", str(file.size))
    _term(element, "bestandsformaat", file.media_type, FORMATS)
    checksum = _under(element, "checksum")
    _term(checksum, "checksumAlgoritme", "SHA-256", _CHECKSUMS)
    _text(checksum, "checksumWaarde", file.sha256)
    _text(checksum, "checksumDatum", _moment(source.moment))
    _reference(element, "isRepresentatieVan", part.name, part.number, source.origin)
    return _written(element)


def _object(source: Source, number: str, name: str, level: str) -> ElementTree.Element:
    element = ElementTree.Element("informatieobject")
    _identity(element, "identificatie", number, source.origin)
    _text(element, "naam", name)
    _term(element, "aggregatieniveau", level, _LEVELS)
    return element


def _value(element: ElementTree.Element, source: Source) -> None:
    _term(element, "waardering", "Blijvend te bewaren", _VALUES, "B")
    if source.category:
        label = source.selection_list or "Selectielijst gemeenten"
        _term(element, "informatiecategorie", source.category, label)


def _close(element: ElementTree.Element, source: Source) -> None:
    """Add what every object ends with: who made it, in which work, who may see it."""
    maker = f"Gemeente {source.municipality}"
    _reference(element, "archiefvormer", maker, source.code, "CBS gemeentecode")
    _reference(element, "activiteit", "Aanpak van straatintimidatie")
    limit = _under(element, "beperkingGebruik")
    _term(limit, "beperkingGebruikType", "Openbaarheid", source.law)
    _text(limit, "beperkingGebruikNadereBeschrijving", RESTRICTED.format(source.law))


def _under(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, name)


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    _under(parent, name).text = text


def _identity(parent: ElementTree.Element, name: str, number: str, origin: str) -> None:
    element = _under(parent, name)
    _text(element, "identificatieKenmerk", number)
    _text(element, "identificatieBron", origin)


def _reference(
    parent: ElementTree.Element, name: str, label: str, number: str = "", origin: str = ""
) -> None:
    element = _under(parent, name)
    _text(element, "verwijzingNaam", label)
    if number:
        _identity(element, "verwijzingIdentificatie", number, origin)


def _term(
    parent: ElementTree.Element, name: str, label: str, vocabulary: str, code: str = ""
) -> None:
    element = _under(parent, name)
    _text(element, "begripLabel", label)
    if code:
        _text(element, "begripCode", code)
    _reference(element, "begripBegrippenlijst", vocabulary)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _written(element: ElementTree.Element) -> bytes:
    root = ElementTree.Element(
        "MDTO", {"xmlns": SPACE, "xmlns:xsi": _INSTANCE, "xsi:schemaLocation": _LOCATION}
    )
    root.append(element)
    ElementTree.indent(root, "  ")
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"
