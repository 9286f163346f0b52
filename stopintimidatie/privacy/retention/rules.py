"""Rules of terms: the day a document goes, of its timeline and the terms of its holder. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from stopintimidatie.core.storage.retention import RetentionClass, Term, Unit, Way, term_of, years
from stopintimidatie.reports.conversation.words import THINK_AGAIN
from stopintimidatie.reports.workflow import ReportState

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
# The archivist chooses what happens to these after the term. A report goes to an archive in its
# dossier, never alone.
TRANSFERABLE: Final = frozenset({DOSSIER_CLOSED})
ROUTED: Final = "meldpunt_doorgegeven"
ERASED: Final = "melding_gewist"
# In the tombstone of what a restored copy still held, and whose class that copy doesn't tell.
LEDGER_CLASS: Final = "grootboek"
CONTACT: Final = "contactgegevens"
TOMBSTONE: Final = "grafsteen"
EXPORT_CONTENT: Final = "uitvoer_inhoud"
# A term of nothing makes sense where it starts on a day that was agreed with somebody.
MAY_BE_NOTHING: Final = frozenset({EXPORT_CONTENT})
# A hundred years: beyond that a calendar has no use.
LONGEST: Final = {Unit.DAYS: 36_500, Unit.MONTHS: 1_200, Unit.YEARS: 100}
DAY: Final = timedelta(days=1)
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
    """The terms of a holder: per code of a retention class, and the absolute maximum.

    Args:
        organ: who took the decision by which short classes go without a list, with its number.
        until: the last day of the selection list or the term that this decision rests on.
        selection: the selection list that the categories are of, with its version.
        authority: who authorises destruction, and `authority_source`: where that is said.
        checks: the privacy officer looks at a list before it is authorised.
    """

    choices: Mapping[str, Choice] = field(default_factory=dict)
    maximum: Term = MAXIMUM
    organ: str = ""
    until: date | None = None
    selection: str = ""
    authority: str = ""
    authority_source: str = ""
    checks: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the schedule as it is stored."""
        return {
            "klassen": {code: choice.as_json() for code, choice in self.choices.items()},
            "maximum": self.maximum.as_json(),
            "orgaan": self.organ,
            "tot": self.until.isoformat() if self.until else None,
            "selectielijst": self.selection,
            "machtigt": self.authority,
            "machtigt_bron": self.authority_source,
            "nakijken": self.checks,
        }


def schedule_of(content: Mapping[str, Any]) -> Schedule:
    """Return a stored schedule."""
    return Schedule(
        {code: _choice_of(stored) for code, stored in content["klassen"].items()},
        term_of(content["maximum"]),
        content.get("orgaan", ""),
        date.fromisoformat(content["tot"]) if content.get("tot") else None,
        content.get("selectielijst", ""),
        content.get("machtigt", ""),
        content.get("machtigt_bron", ""),
        content.get("nakijken", False),
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


CLASS_OF_STATE: Final[Mapping[str, str]] = {
    ReportState.HANDLED: HANDLED,
    ReportState.NOT_HANDLED: NOT_HANDLED,
    ReportState.WITHDRAWN: WITHDRAWN,
    ReportState.HANDED_OVER: HANDED_OVER,
}


def class_of_report(state: str, ended_reason: str | None) -> str:
    """Return the code of the class of a municipality's report; `OPEN` while it isn't ended."""
    if state == ReportState.NOT_HANDLED and ended_reason == "dubbel":
        return DOUBLE
    return CLASS_OF_STATE.get(state, OPEN)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The days of a document that decide when it is due.

    Args:
        received: the day it came in; of a dossier the day it was made.
        ended: the day it ended; None while it goes on.
        left: the last day that it left a dossier.
        closed: the day on which the dossier that it belongs to was closed.
        live: it belongs to a dossier that goes on.
        kept_until: the day until which the controller lets it stay, beyond the maximum.
    """

    retention_class: str
    received: date
    ended: date | None = None
    left: date | None = None
    closed: date | None = None
    live: bool = False
    kept_until: date | None = None

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
    The controller may have decided on a later day for this document.
    """
    latest = Due(schedule.maximum.after(timeline.received), timeline.received, at_maximum=True)
    starts = timeline.starts
    if starts is None:
        return _kept(latest, timeline)
    choice = schedule.choices.get(timeline.retention_class)
    if choice is None:
        return None
    own = Due(choice.term.after(starts), starts)
    first = min(own, latest, key=lambda day: day.on)
    if timeline.retention_class == WITHDRAWN:
        # The reporter may think again until then, whatever the term.
        first = replace(first, on=max(first.on, starts + THINK_AGAIN + DAY))
    return _kept(first, timeline)


def _kept(day: Due, timeline: Timeline) -> Due:
    """Return the day that the controller decided on, if that is later: then it is the latest."""
    until = timeline.kept_until
    return day if until is None or until <= day.on else Due(until, day.starts, at_maximum=True)


def due_as_double(timeline: Timeline, original: Due | None, gone_on: date | None) -> Due | None:
    """Return when a double goes: with its original, or at once when that is gone.

    `gone_on`: the day of the end of the double, for an original that isn't here any more.
    """
    if original is not None:
        return _kept(original, timeline)
    return _kept(Due(gone_on, gone_on), timeline) if gone_on is not None else None


NOT_ALONE: Final = (
    "Overbrengen kan alleen met dossiers: een melding gaat in haar dossier mee naar het archief, en"
    " nooit los. Kies hier vernietigen."
)


TOO_LONG: Final = (
    "Deze termijn is langer dan het uiterste. Kies hem korter, of maak het uiterste langer."
)
NOTHING: Final = (
    "Een termijn van niets kan hier niet: dan verdwijnt het voordat iemand het kan gebruiken. Kies"
    " minstens 1 dag."
)


def problems(schedule: Schedule, today: date) -> Iterator[tuple[str, str]]:
    """Yield what can't be in these terms: in Dutch what to do, and the control of the form."""
    yield from _impossible("maximum", schedule.maximum)
    latest = schedule.maximum.number <= LONGEST[schedule.maximum.unit] and (
        schedule.maximum.after(today)
    )
    for code, choice in schedule.choices.items():
        wrong = list(_impossible(code, choice.term))
        yield from wrong
        if choice.outcome is Outcome.TRANSFER and code not in TRANSFERABLE:
            yield NOT_ALONE, f"{code}.aantal"
        if not wrong and latest and code in LISTED and choice.term.after(today) > latest:
            yield TOO_LONG, f"{code}.aantal"


def _impossible(code: str, term: Term) -> Iterator[tuple[str, str]]:
    if term.number > LONGEST[term.unit]:
        yield "Kies een termijn van hoogstens honderd jaar.", f"{code}.aantal"
    if term.number < 1 and code not in MAY_BE_NOTHING:
        yield NOTHING, f"{code}.aantal"


# Differences between versions

_GENERAL: Final = (
    *("maximum", "organ", "until", "selection", "authority", "authority_source", "checks"),
)


def differences(before: Schedule | None, after: Schedule) -> list[tuple[str, Any, Any]]:
    """Return where a version differs from the one before it; all of it when there was none.

    Of a class its code and choices, of what terms say of none its name; None for nothing.
    """
    earlier = before.choices if before is not None else {}
    lines = [
        (code, earlier.get(code), after.choices.get(code))
        for code in dict.fromkeys((*after.choices, *earlier))
    ]
    lines += [(name, _said(before, name), _said(after, name)) for name in _GENERAL]
    return [line for line in lines if line[1] != line[2]]


def _said(schedule: Schedule | None, name: str) -> Any:
    value = getattr(schedule, name, None)
    return None if value == "" else value


# The standing decision

# Time beforehand that the archivist is asked to look at the standing decision.
ASKED: Final = relativedelta(months=2)
# Time beforehand that archivist and FG read that it ends.
WARNED: Final = timedelta(days=90)
# After a pause the overdue is listed for so long, and then goes.
LISTED_FOR: Final = timedelta(days=7)
# Nights without the nightly work after which nobody is promised that short classes go.
MISSED: Final = timedelta(days=3)


class Standing(StrEnum):
    """State of the decision by which short classes go without a list."""

    IN_FORCE = "geldt"
    # It is in force, but somebody looks at it, or should have.
    TO_LOOK = "te bekijken"
    NOT_LOOKED = "niet bekeken"
    ENDS_SOON = "loopt af"
    ENDED = "geëindigd"


def standing_of(look_by: date | None, until: date | None, today: date) -> Standing:
    """Return the state of a standing decision with this day to look by, and this last day."""
    if until is not None and until <= today + WARNED:
        return Standing.ENDED if until < today else Standing.ENDS_SOON
    if look_by is not None and look_by < today + ASKED:
        return Standing.NOT_LOOKED if look_by < today else Standing.TO_LOOK
    return Standing.IN_FORCE
