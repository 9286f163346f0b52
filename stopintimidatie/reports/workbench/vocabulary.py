"""The choices about a report, with the keys that mean the same everywhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stopintimidatie.reports.workflow import ReportState

# Names of the view and of its choices, in addresses.
NAME: Final = "besluit"
TAKE, FILE, DOUBLE, REJECT = "behandelen", "dossier", "dubbel", "niet"
ASK, HAND_OVER, FINISH, URGENT = "vraag", "overdragen", "afhandelen", "spoed"
# On a signal these ask first whether somebody is in danger.
ON_SIGNAL: Final = frozenset({TAKE, FILE, DOUBLE, REJECT, FINISH})
OPEN_FOR_ALL: Final = frozenset({ReportState.NEW, ReportState.IN_HAND})


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice about a report: its words, and the step of the workflow that it makes.

    `title`: of the panel that asks about it, with `button`; small lists have buttons of their own.
    `key`, `label`: on the rail, where it stands there. `states`: in which a municipality can make
    it. `other`: the heading of what can be filled in instead of what takes one press.
    """

    title: str
    button: str
    step: str = ""
    key: str = ""
    states: frozenset[str] = OPEN_FOR_ALL
    label: str = ""
    other: str = "Een andere"


CHOICES: Final[Mapping[str, Choice]] = {
    TAKE: Choice("Behandelen", "Behandelen", "in_behandeling_nemen"),
    FILE: Choice("In een dossier", "In dit dossier plaatsen", "in_dossier", "2"),
    DOUBLE: Choice("Dubbel", "Sluiten als dubbel", "niet_in_behandeling", "3"),
    REJECT: Choice(
        "Niet in behandeling",
        "Niet in behandeling nemen",
        "niet_in_behandeling",
        "4",
        OPEN_FOR_ALL | {"quarantaine"},
    ),
    ASK: Choice("Vraag aan de melder", "Vraag versturen", "vraag_melder", "5"),
    HAND_OVER: Choice("Overdragen", "Aanbieden", "overdracht_aanbieden", "6"),
    FINISH: Choice("Afhandelen", "Afhandelen", "afhandelen", "a", OPEN_FOR_ALL | {"in_dossier"}),
}
