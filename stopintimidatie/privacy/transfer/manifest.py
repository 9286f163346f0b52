"""The metadata of a package in XML: MDTO 1.0.1 of the Nationaal Archief. Pure.

One file tells of one thing: an `informatieobject` (the dossier, and each record in it) or a
`bestand` (a file of a record). The order of elements is that of the schema.
https://www.nationaalarchief.nl/archiveren/mdto
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from stopintimidatie.core.mail.message import render

TEMPLATE: Final = "stopintimidatie.privacy.transfer:templates/mdto.xml.jinja2"


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
        return f"Stopintimidatie, gemeente {self.municipality}"

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


def describe(source: Source, level: str = "", **about: Any) -> bytes:
    """Describe the dossier with its records by name (`parts`), a record (`part`), or its `file`.

    `level`: *Dossier* or *Archiefstuk*, none for a file. `remarks`: sentences on what isn't in it.
    """
    moment = source.moment.astimezone(UTC).replace(microsecond=0).isoformat()
    values = {"source": source, "moment": moment.replace("+00:00", "Z"), "level": level, **about}
    return render(TEMPLATE, values).encode()
