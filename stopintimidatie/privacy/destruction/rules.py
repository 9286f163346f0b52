"""Rules of destruction lists: their quarters, and the state that follows from their lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from stopintimidatie.core.security import Permission
from stopintimidatie.privacy.destruction.models import LineState, ListState

MONTHS: Final = 3
# The longest that a line can be put off at once: then somebody looks again.
LONGEST: Final = relativedelta(years=5)
ASSESSES: Final = "beoordelen"
CHECKS: Final = "nakijken"
AUTHORISES: Final = "machtigen"
MAY: Final = {
    ASSESSES: Permission.ASSESS_DESTRUCTION,
    CHECKS: Permission.CHECK_DESTRUCTION,
    AUTHORISES: Permission.AUTHORISE_DESTRUCTION,
}


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a year, such as 2027-2."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-{self.number}"

    @property
    def first(self) -> date:
        """The first day."""
        return date(self.year, MONTHS * (self.number - 1) + 1, 1)

    @property
    def last(self) -> date:
        """The last day."""
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> Quarter:
        """The quarter after it."""
        if self.number == 12 // MONTHS:
            return Quarter(self.year + 1, 1)
        return Quarter(self.year, self.number + 1)


def quarter_of(day: date) -> Quarter:
    """Return the quarter that a day lies in."""
    return Quarter(day.year, (day.month - 1) // MONTHS + 1)


def state_of(lines: Iterable[Any], *, checks: bool) -> ListState:
    """Return the state of a list with these lines (rows of `DestructionLine`).

    A round that is going on decides: what the process owner assessed waits for the archivist; where
    the municipality set that (`checks`), for the privacy officer first.
    """
    left = [line for line in lines if line.gone_at is None]
    goes = [line for line in left if line.decision == LineState.GOES]
    waiting = [line for line in goes if line.authorised_at is None]
    assessed = [line for line in waiting if line.assessed_at is not None]
    if checks and any(line.checked_at is None for line in assessed):
        return ListState.ASSESSED
    if assessed:
        return ListState.CHECKED
    if waiting or any(line.decision is None for line in left):
        return ListState.PROPOSED
    return ListState.AUTHORISED if goes else ListState.DONE
