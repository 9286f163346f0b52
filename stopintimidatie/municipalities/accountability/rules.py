"""The five things that are dated before real reports go to a municipality, and who is named. Pure.

An installation with `demo = true` and the practice municipality have no real reports: there the
gate shows what is missing, and keeps nothing out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from stopintimidatie.core.security import Role

# A municipality that is connected already has this long before its reports go to the desk.
GRACE: Final = timedelta(days=90)

ADMIN: Final = "De functioneel beheerder"
DESK: Final = "Het landelijk meldpunt"


class Condition(StrEnum):
    """Requirement of the gate. The value is its name in the database and on the form."""

    CONTROLLER = "verantwoordelijke"
    OFFICER = "fg"
    DPIA = "dpia"
    PROCESSOR = "verwerkersovereenkomst"
    TERMS = "bewaartermijnen"

    @property
    def label(self) -> str:
        """The thing as people read it."""
        return _WORDS[self][0]

    @property
    def lacking(self) -> str:
        """Few words that say that it is missing."""
        return _WORDS[self][1]

    def to_do(self, who: str) -> str:
        """Return a sentence that says who does what, and where."""
        return f"{who} {_WORDS[self][2]}"


_HERE: Final = "bij ‘Beheer’, ‘Verantwoording’."
_WORDS: Final = {
    Condition.CONTROLLER: (
        "Verwerkingsverantwoordelijke",
        "besluit van de verantwoordelijke ontbreekt",
        f"vult in wie verantwoordelijk is en sinds welk besluit, {_HERE}",
    ),
    Condition.OFFICER: (
        "Functionaris gegevensbescherming (FG)",
        "FG ontbreekt",
        f"vult het adres en de aanwijzing van de FG in, {_HERE}",
    ),
    Condition.DPIA: (
        "DPIA",
        "DPIA ontbreekt",
        f"vult de datum van de DPIA in, {_HERE}",
    ),
    Condition.PROCESSOR: (
        "Verwerkersovereenkomst",
        "verwerkersovereenkomst ontbreekt",
        f"vult in met wie de overeenkomst is gesloten en wanneer, {_HERE}",
    ),
    Condition.TERMS: (
        "Besluit over bewaartermijnen",
        "besluit over bewaartermijnen ontbreekt",
        "stelt de termijnen voor en de archivaris keurt ze goed, bij ‘Bewaartermijnen’.",
    ),
}
# The day of each condition in the content of the part *verantwoording*.
DAYS: Final = {
    Condition.CONTROLLER: "besluit_op",
    Condition.OFFICER: "fg_op",
    Condition.DPIA: "dpia_op",
    Condition.PROCESSOR: "overeenkomst_op",
}


@dataclass(frozen=True)
class GateLine:
    """Requirement with the day on which it was met; None when it is missing."""

    condition: Condition
    day: date | None
    desk: bool = False

    @property
    def label(self) -> str:
        """The condition as people read it."""
        return self.condition.label

    @property
    def to_do(self) -> str:
        """A sentence that says who does what, and where."""
        return self.condition.to_do(DESK if self.desk else ADMIN)


def gate_lines(
    content: Mapping[str, Any], terms_on: date | None, *, desk: bool = False
) -> list[GateLine]:
    """Return all conditions, from what the holder filled in and the day its terms count from."""
    days: dict[Condition, date | None] = {
        condition: date.fromisoformat(content[name]) if content.get(name) else None
        for condition, name in DAYS.items()
    }
    days[Condition.TERMS] = terms_on
    return [GateLine(condition, days[condition], desk) for condition in Condition]


def lacking(lines: Iterable[GateLine]) -> list[Condition]:
    """Return the conditions that aren't met."""
    return [line.condition for line in lines if line.day is None]


def lacking_words(conditions: Iterable[Condition]) -> str:
    """Return what is missing in few words: *DPIA ontbreekt, FG ontbreekt*."""
    return ", ".join(condition.lacking for condition in conditions)


# The fewest people


@dataclass(frozen=True)
class Person:
    """Name a person that a small municipality needs, and the roles that this person may combine."""

    label: str
    roles: tuple[Role, ...]


FEWEST: Final = (
    Person("Eerste medewerker", (Role.OFFICER, Role.DOSSIER_OWNER, Role.PRIVACY_OFFICER)),
    Person(
        "Tweede medewerker",
        (Role.OFFICER, Role.DOSSIER_OWNER, Role.PROCESS_OWNER, Role.ADMIN),
    ),
    Person("Waarnemer", (Role.DEPUTY,)),
    Person("FG", (Role.DATA_PROTECTION_OFFICER,)),
    Person("Archivaris", (Role.ARCHIVIST,)),
)


# The controller as the privacy statement names it

CONTROLLERS: Final = (
    ("burgemeester", "de burgemeester"),
    ("college", "het college van burgemeester en wethouders"),
    ("beide", "de burgemeester en het college samen"),
)
# The day of the last change of the text of the privacy statement, but for what a holder fills in.
STATEMENT_OF: Final = date(2026, 12, 1)


@dataclass(frozen=True)
class Controller:
    """Controller of a holder's data, as the privacy statement names it; "" for what isn't known.

    Args:
        code: Of `CONTROLLERS`; of the desk, the name of its organisation.
        officer: Function of the data protection officer, and a general address or number.
        processor: Organisation that runs the installation for the controller.
        statement: Address of the controller's own privacy statement.
        accessibility: Address for complaints about accessibility; the desk's alone.
        checked_on: Day on which the controller had the statement checked.
    """

    code: str = ""
    post: str = ""
    email: str = ""
    officer: str = ""
    officer_address: str = ""
    processor: str = ""
    statement: str = ""
    accessibility: str = ""
    checked_on: date | None = None

    @property
    def is_checked(self) -> bool:
        """True if the text was checked after its last change."""
        return self.checked_on is not None and self.checked_on >= STATEMENT_OF

    def lacking(self, *, desk: bool) -> Iterator[str]:
        """Yield in Dutch what the statement still lacks."""
        needed = {
            "wie verantwoordelijk is": self.code,
            "de FG": self.officer_address,
            "een postadres": self.post,
            "een adres voor vragen over privacy": self.email,
            "wanneer de verklaring is nagekeken": self.is_checked,
        }
        if desk:
            needed["een adres voor klachten over toegankelijkheid"] = self.accessibility
        yield from (words for words, value in needed.items() if not value)


def controller_of(content: Mapping[str, Any]) -> Controller:
    """Return the controller from what the holder filled in."""
    day = content.get("nagekeken_op")
    return Controller(
        content.get("verantwoordelijke", ""),
        content.get("postadres", ""),
        content.get("privacyadres", ""),
        content.get("fg", ""),
        content.get("fg_adres", ""),
        content.get("verwerker", ""),
        content.get("verklaring", ""),
        content.get("toegankelijkheid", ""),
        date.fromisoformat(day) if day else None,
    )
