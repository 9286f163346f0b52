"""Terms: the time that each kind of data is kept, as rooms declare it for their tables.

Each room hands in `config.add_retention_class(RetentionClass(...))` for every table of its own with
personal data, or reads its classes from a `retention.toml` (`read_classes`). The page of all terms
(docs/bewaartermijnen.md) is written out of these, and an architecture test fails for a table
without one. A term in a class is a proposal: for the ways `LIST` and `STANDING` the municipality's
own approved schedule counts (`privacy/retention`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from stopintimidatie.core.registry import Directive


class Unit(StrEnum):
    """Unit of a term."""

    DAYS = "dagen"
    MONTHS = "maanden"
    YEARS = "jaar"


_SINGULAR: Final = {Unit.DAYS: "dag", Unit.MONTHS: "maand", Unit.YEARS: "jaar"}


@dataclass(frozen=True, slots=True)
class Term:
    """A term on the calendar: 3 months from 30 November is 28 or 29 February."""

    number: int
    unit: Unit

    @property
    def _step(self) -> Any:
        match self.unit:
            case Unit.DAYS:
                return relativedelta(days=self.number)
            case Unit.MONTHS:
                return relativedelta(months=self.number)
            case Unit.YEARS:
                return relativedelta(years=self.number)

    def after(self, start: date) -> date:
        """Return the day on which a term that started on this day is over."""
        end: date = start + self._step
        return end

    def before(self, end: date) -> date:
        """Return a day after which no term can have started that is over on this day.

        It may be some days too late, for months differ in length: ask `after` of what this finds.
        """
        start: date = end - self._step
        return start + timedelta(days=3)

    def __str__(self) -> str:
        unit = _SINGULAR[self.unit] if self.number == 1 else self.unit.value
        return f"{self.number} {unit}"

    def as_json(self) -> dict[str, Any]:
        """Return the term as it is stored."""
        return {"aantal": self.number, "eenheid": self.unit.value}


def term_of(stored: Mapping[str, Any]) -> Term:
    """Return a stored term."""
    return Term(int(stored["aantal"]), Unit(stored["eenheid"]))


def days(number: int) -> Term:
    """Return a term of so many days."""
    return Term(number, Unit.DAYS)


def months(number: int) -> Term:
    """Return a term of so many months."""
    return Term(number, Unit.MONTHS)


def years(number: int) -> Term:
    """Return a term of so many years."""
    return Term(number, Unit.YEARS)


class Way(StrEnum):
    """Way in which data goes when its term is over."""

    # On a destruction list, that different people judge.
    LIST = "vernietigingslijst"
    # Each night, by a decision that stays in force until it changes or ends.
    STANDING = "doorlopend besluit"
    # By the programme itself, whatever a municipality chooses.
    BY_ITSELF = "vanzelf"
    # Together with the document it belongs to.
    ALONG = "gaat mee"
    # By the maintenance of the installation.
    MAINTENANCE = "onderhoud"
    # By somebody in office, who ends what it is about.
    BY_HAND = "met de hand"
    KEPT = "blijft"


@dataclass(frozen=True)
class RetentionClass:
    """A kind of data with one term.

    Args:
        code: lasting, for it stands in schedules, lists and statements.
        label: in Dutch, as an archivist reads it.
        tables: those with data of this class; a table may stand in more classes than one.
        starts: the event from which the term runs, in Dutch.
        term: the proposed term; None where something else ends it, or where it must be filled in.
        until: in Dutch, where no term can tell it: "met de melding".
        source: of the term, in Dutch.
        desk: the class is of the national desk alone; False: of municipalities; None: of both.
    """

    code: str
    label: str
    tables: tuple[str, ...]
    way: Way
    starts: str
    term: Term | None = None
    until: str = ""
    source: str = ""
    desk: bool | None = None

    @property
    def length(self) -> str:
        """The term in Dutch: how long, what ends it, or both."""
        if self.term is None or self.term.number == 0:
            return self.until or "die dag"
        return f"{self.term}; {self.until}" if self.until else str(self.term)


def read_classes(package: str) -> Iterator[RetentionClass]:
    """Yield the classes that stand in the `retention.toml` of a package, by their codes."""
    written = (files(package) / "retention.toml").read_text("utf-8")
    for code, given in tomllib.loads(written).items():
        term = term_of(given["term"]) if "term" in given else None
        read = {"tables": tuple(given["tables"]), "way": Way(given["way"]), "term": term}
        yield RetentionClass(**{**given, **read, "code": code})


RETENTION_CLASSES: Final = Directive[str, RetentionClass](
    "add_retention_class", "retention_classes", lambda row: (row.code, row)
)
