"""The content of a statement, and of a sheet: what isn't a dossier. Pure.

A statement is what a municipality declares, such as a *verklaring van vernietiging*: sections of
text and tables. A sheet is HTML of the house itself. Both are drawn by the child process that draws
dossiers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from stopintimidatie.exports.redaction.content import ContentError, Count, House, Pair

SCHEMA = "stopintimidatie.verklaring/1"
# A letter to somebody: drawn alike, without the time and the hash, which mean nothing to them.
LETTER = "stopintimidatie.brief/1"


@dataclass(frozen=True, slots=True)
class StatementTable:
    """A table: its caption, the heads of its columns, and rows of as many cells.

    `numbers`: that many columns at the end hold numbers.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 0

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ContentError("een rij van een tabel heeft te veel of te weinig cellen")


@dataclass(frozen=True, slots=True)
class StatementSection:
    """A section: a title, sentences, pairs of a label and what stands behind it, and a table.

    `chart`: numbers of the table, drawn above it as bars, or as columns where they are `over_time`.
    """

    title: str
    sentences: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    table: StatementTable | None = None
    chart: tuple[Count, ...] = ()
    over_time: bool = False
    on_new_page: bool = False


@dataclass(frozen=True, slots=True)
class StatementContent:
    """Everything that the PDF shows, and nothing else."""

    schema: str
    house: House
    title: str
    number: str
    made_at: datetime
    sentences: tuple[str, ...]
    sections: tuple[StatementSection, ...]

    @property
    def is_letter(self) -> bool:
        """Tell whether it is a letter to somebody."""
        return self.schema == LETTER

    def __post_init__(self) -> None:
        if self.schema not in (SCHEMA, LETTER):
            raise ContentError(f"onbekende versie van de inhoud: {self.schema!r}")
        if self.made_at.tzinfo is not UTC or self.made_at.microsecond:
            raise ContentError("een tijdstip heeft een tijdzone en hele seconden")


@dataclass(frozen=True, slots=True)
class SheetContent:
    """A text, slides or a picture, as HTML that the house made itself.

    `style`: the sheet of styles that sets it. `width` and `height`: of a page, in millimetres.
    `edition`: for the metadata; an element of this class in the body stands below each page.
    """

    title: str
    author: str
    edition: str
    made_at: datetime
    colour: str
    body: str
    style: Literal["text", "slides", "picture"] = "text"
    width: int = 210
    height: int = 297
