"""Rules of terms: the day a document goes, of its timeline and the terms of its holder. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from stopintimidatie.core.storage.retention import RetentionClass, Term, Way, term_of, years

HANDLED: Final = "melding_afgehandeld"
NOT_HANDLED: Final = "melding_niet_in_behandeling"
DOUBLE: Final = "melding_dubbel"
WITHDRAWN: Final = "melding_ingetrokken"
HANDED_OVER: Final = "melding_overgedragen"
OPEN: Final = "melding_open"
DOSSIER_CLOSED: Final = "dossier_afgesloten"
PICKED_UP: Final = "meldpunt_opgehaald"
LEFT_AT_DESK: Final = "meldpunt_blijft_liggen"
# The classes whose documents come on a destruction list.
LISTED: Final = frozenset({HANDLED, NOT_HANDLED, DOUBLE, WITHDRAWN, HANDED_OVER, DOSSIER_CLOSED})
ROUTED: Final = "meldpunt_doorgegeven"
ERASED: Final = "melding_gewist"
CONTACT: Final = "contactgegevens"
TOMBSTONE: Final = "grafsteen"
# The latest possible moment, however long a document is held by something else.
MAXIMUM: Final = years(10)


class Outcome(StrEnum):
    """Outcome of a term that is over."""

    DESTROY = "vernietigen"
    TRANSFER = "overbrengen"


@dataclass(frozen=True, slots=True)
class Choice:
    """Choice of a municipality for one class: its category in the Selectielijst and its term."""

    category: str
    term: Term
    outcome: Outcome = Outcome.DESTROY
    source: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the choice as it is stored."""
        return {
            "categorie": self.category,
            "termijn": self.term.as_json(),
            "gevolg": self.outcome.value,
            "bron": self.source,
        }


@dataclass(frozen=True)
class Schedule:
    """The terms of a holder: per code of a retention class, and the absolute maximum."""

    choices: Mapping[str, Choice] = field(default_factory=dict)
    maximum: Term = MAXIMUM

    def as_json(self) -> dict[str, Any]:
        """Return the schedule as it is stored."""
        return {
            "klassen": {code: choice.as_json() for code, choice in self.choices.items()},
            "maximum": self.maximum.as_json(),
        }


def schedule_of(content: Mapping[str, Any]) -> Schedule:
    """Return a stored schedule."""
    return Schedule(
        {code: _choice_of(stored) for code, stored in content["klassen"].items()},
        term_of(content["maximum"]),
    )


def _choice_of(stored: Mapping[str, Any]) -> Choice:
    return Choice(
        stored["categorie"],
        term_of(stored["termijn"]),
        Outcome(stored["gevolg"]),
        stored.get("bron", ""),
    )


def chosen_classes(
    classes: Mapping[str, RetentionClass], *, desk: bool
) -> dict[str, RetentionClass]:
    """Return the classes whose term this holder chooses itself, by code."""
    return {
        code: row
        for code, row in classes.items()
        if row.way in (Way.LIST, Way.STANDING) and row.term is not None and row.desk in (None, desk)
    }


def proposal(classes: Mapping[str, RetentionClass], *, desk: bool) -> Schedule:
    """Return the terms that the product proposes; the archivist fills in the categories."""
    own = chosen_classes(classes, desk=desk)
    return Schedule(
        {code: Choice("", row.term, source=row.source) for code, row in own.items() if row.term}
    )


_OF_STATE: Final = {
    "afgehandeld": HANDLED,
    "niet_in_behandeling": NOT_HANDLED,
    "ingetrokken": WITHDRAWN,
    "overgedragen": HANDED_OVER,
}


def class_of_report(state: str, ended_reason: str | None) -> str:
    """Return the code of the class of a municipality's report; `OPEN` while it isn't ended."""
    if state == "niet_in_behandeling" and ended_reason == "dubbel":
        return DOUBLE
    return _OF_STATE.get(state, OPEN)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The days of a document that decide when it is due.

    Args:
        received: the day it came in; of a dossier the day it was made.
        ended: the day it ended; None while it goes on.
        left: the last day that it left a dossier.
        closed: the day on which the dossier that it belongs to was closed.
        live: it belongs to a dossier that goes on.
    """

    retention_class: str
    received: date
    ended: date | None = None
    left: date | None = None
    closed: date | None = None
    live: bool = False

    @property
    def starts(self) -> date | None:
        """The day on which its term starts; None while something goes on."""
        if self.ended is None or self.live:
            return None
        return max(day for day in (self.ended, self.left, self.closed) if day is not None)


@dataclass(frozen=True, slots=True)
class Due:
    """The day on which a document goes, and the day from which that was counted."""

    on: date
    starts: date
    at_maximum: bool = False


def due(timeline: Timeline, schedule: Schedule) -> Due | None:
    """Return when a document goes; None for a class that the holder has no term for.

    A term that ends after the absolute maximum ends there, and so does that of what still goes on.
    """
    latest = Due(schedule.maximum.after(timeline.received), timeline.received, at_maximum=True)
    starts = timeline.starts
    if starts is None:
        return latest
    choice = schedule.choices.get(timeline.retention_class)
    if choice is None:
        return None
    own = Due(choice.term.after(starts), starts)
    return min(own, latest, key=lambda day: day.on)


def due_as_double(timeline: Timeline, original: Due | None, gone_on: date | None) -> Due | None:
    """Return when a double goes: with its original, or at once when that is gone.

    `gone_on`: the day of the end of the double, for an original that isn't here any more.
    """
    if original is not None:
        return Due(original.on, original.starts, original.at_maximum)
    return Due(gone_on, gone_on) if gone_on is not None else None


def contact_due(last_contact: date | None, ended: date | None, term: Term) -> date | None:
    """Return the day on which contact data goes; None while the handling goes on.

    The term starts at the last contact, at the latest at the end of the handling.
    """
    if ended is None:
        return None
    start = min(last_contact, ended) if last_contact is not None else ended
    return max(term.after(start), ended)
